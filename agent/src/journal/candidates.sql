-- The oldest of one worth that head office does not have.
SELECT sequence, through
FROM interaction
WHERE worth = ?1 AND sequence > ?2
ORDER BY sequence
LIMIT ?3
