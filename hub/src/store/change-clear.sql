DELETE FROM change WHERE shard = ?1
