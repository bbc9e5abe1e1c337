SELECT customer, profile, said_ms
FROM guest
WHERE token = ?1
