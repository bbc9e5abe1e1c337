SELECT sequence, through, worth
FROM interaction
WHERE sequence < ?1
ORDER BY sequence DESC
LIMIT 1
