SELECT sequence, through, worth
FROM interaction
WHERE sequence = ?1
