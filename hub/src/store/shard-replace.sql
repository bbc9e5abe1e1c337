INSERT INTO shard (name, epoch, token_key, row_count) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE
SET epoch = excluded.epoch, revision = 0, published = 0, token_key = excluded.token_key, row_count = excluded.row_count
