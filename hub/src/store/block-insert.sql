INSERT INTO block (shard, number, sha256, first_token, row_count, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
