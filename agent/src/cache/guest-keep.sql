INSERT INTO guest (token, customer, profile, said_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (token) DO UPDATE
SET customer = excluded.customer, profile = excluded.profile, said_ms = excluded.said_ms
WHERE excluded.said_ms >= guest.said_ms
