INSERT INTO delta (shard, revision, change_count, document) VALUES (?1, ?2, ?3, ?4)
