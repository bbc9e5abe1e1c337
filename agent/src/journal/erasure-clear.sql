DELETE FROM erasure WHERE through <= (SELECT confirmed FROM journal)
