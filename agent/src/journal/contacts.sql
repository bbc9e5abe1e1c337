SELECT sequence, visit, utc, boot, since_boot_ms, synchronised, customer, backfill, fact
FROM interaction
WHERE customer = ?1 AND worth = ?2
ORDER BY sequence DESC
LIMIT ?3
