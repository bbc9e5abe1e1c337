-- The oldest, up to and with ?1.
DELETE FROM interaction
WHERE sequence IN (SELECT sequence FROM interaction WHERE sequence <= ?1 AND through <= ?1 ORDER BY sequence LIMIT ?2)
