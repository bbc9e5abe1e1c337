SELECT utc, fact
FROM interaction
WHERE customer = ?1
ORDER BY sequence DESC
LIMIT ?2
