INSERT INTO health (device, received_ms, document) VALUES (?1, ?2, ?3)
ON CONFLICT (device) DO UPDATE SET received_ms = excluded.received_ms, document = excluded.document
