SELECT name FROM shard ORDER BY name
