-- A discarded run that begins at or before ?1 and ends after it is still to be told.
SELECT sequence, visit, utc, boot, since_boot_ms, synchronised, customer, backfill, fact
FROM interaction
WHERE sequence >= coalesce((SELECT max(sequence) FROM interaction WHERE sequence <= ?1), 0) AND through > ?1
ORDER BY sequence
LIMIT ?2
