INSERT INTO interaction (sequence, visit, utc, boot, since_boot_ms, synchronised, customer, fact)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
