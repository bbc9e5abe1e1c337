DELETE FROM delta WHERE shard = ?1
