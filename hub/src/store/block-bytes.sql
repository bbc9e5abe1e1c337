SELECT bytes FROM block WHERE shard = ?1 AND number = ?2
