UPDATE customer SET customer = ?3, profile = ?4
WHERE slot = ?1 AND token = ?2
