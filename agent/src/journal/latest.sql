SELECT sequence, visit, utc, boot, since_boot_ms, synchronised, customer, backfill, fact
FROM interaction
ORDER BY sequence DESC
LIMIT ?1
