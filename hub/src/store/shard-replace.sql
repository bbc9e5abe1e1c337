INSERT INTO shard (name, epoch, token_key, row_count) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE
SET epoch = excluded.epoch, token_key = excluded.token_key, row_count = excluded.row_count
