UPDATE shard SET published = revision WHERE name = ?1
