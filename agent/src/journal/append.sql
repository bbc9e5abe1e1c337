INSERT INTO interaction
    (sequence, through, worth, visit, utc, boot, since_boot_ms, synchronised, customer, backfill, fact)
VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
