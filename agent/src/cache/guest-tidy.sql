DELETE FROM guest
WHERE said_ms <= ?1 OR said_ms >= ?2
    OR EXISTS (SELECT 1 FROM customer WHERE slot = (SELECT live FROM holding) AND customer.token = guest.token)
