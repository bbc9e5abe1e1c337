INSERT INTO contact (shard, position, customer, erased, appended_ms, entry) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
