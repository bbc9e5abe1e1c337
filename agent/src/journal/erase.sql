-- What head office has of whoever is to be forgotten.
DELETE FROM interaction
WHERE sequence IN (
    SELECT i.sequence FROM erasure AS e JOIN interaction AS i ON i.customer = e.customer
    WHERE i.sequence <= min(e.through, (SELECT confirmed FROM journal))
)
