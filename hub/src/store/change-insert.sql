INSERT INTO change (shard, token, revision) VALUES (?1, ?2, ?3)
ON CONFLICT (shard, token) DO UPDATE SET revision = excluded.revision
