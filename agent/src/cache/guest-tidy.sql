DELETE FROM guest
WHERE said_ms <= ?1 OR said_ms >= ?2
