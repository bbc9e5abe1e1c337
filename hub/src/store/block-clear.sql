DELETE FROM block WHERE shard = ?1
