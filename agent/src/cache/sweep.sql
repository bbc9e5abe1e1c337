DELETE FROM customer
WHERE slot = (SELECT 1 - live FROM holding)
  AND token IN (SELECT token FROM customer WHERE slot = (SELECT 1 - live FROM holding) LIMIT ?1)
