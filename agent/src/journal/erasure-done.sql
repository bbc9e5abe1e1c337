SELECT max(position) FROM erasure WHERE through <= (SELECT confirmed FROM journal)
