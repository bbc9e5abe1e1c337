INSERT INTO contact (shard, position, customer, erased, objection, appended_ms, entry)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
