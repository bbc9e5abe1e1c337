SELECT id, device_group, shard, online, version, presence_ms FROM device ORDER BY id
