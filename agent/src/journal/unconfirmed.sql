SELECT sequence, visit, utc, boot, since_boot_ms, synchronised, customer, fact
FROM interaction
WHERE sequence > ?1
ORDER BY sequence
LIMIT ?2
