-- The oldest of one worth that head office does not have: read through, as an index would cost every record a page and is missed
-- once in a batch, by a journal that is full.
SELECT sequence, through
FROM interaction
WHERE worth = ?1 AND sequence > ?2
ORDER BY sequence
LIMIT ?3
