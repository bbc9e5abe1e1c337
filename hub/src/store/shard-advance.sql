UPDATE shard SET revision = ?2 WHERE name = ?1
