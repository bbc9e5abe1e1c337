INSERT INTO device (id, device_group, shard, enrolled_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (id) DO UPDATE SET device_group = excluded.device_group, shard = excluded.shard
