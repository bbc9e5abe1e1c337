UPDATE customer SET customer = ?2, profile = ?3
WHERE slot = (SELECT live FROM holding) AND token = ?1
