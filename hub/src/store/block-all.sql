SELECT bytes FROM block WHERE shard = ?1 ORDER BY number
