INSERT INTO contact (shard, position, customer, erased, entry) VALUES (?1, ?2, ?3, ?4, ?5)
