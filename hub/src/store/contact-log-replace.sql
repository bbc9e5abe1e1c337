INSERT INTO contact_log (shard, last, published, imported, customers) VALUES (?1, 0, 0, 1, ?2)
ON CONFLICT (shard) DO UPDATE SET imported = imported + 1, customers = excluded.customers
