DELETE FROM customer
WHERE slot = ?1 AND token = ?2
