SELECT device_group, shard FROM device WHERE id = ?1
