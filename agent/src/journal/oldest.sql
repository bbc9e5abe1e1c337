SELECT through, utc, synchronised
FROM interaction
WHERE sequence <= ?1 AND through <= ?1
ORDER BY sequence
LIMIT ?2
