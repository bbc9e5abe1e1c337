DELETE FROM customer
WHERE slot = (SELECT live FROM holding) AND token = ?1
