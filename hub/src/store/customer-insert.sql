INSERT INTO customer (external_key, id) VALUES (?1, ?2)
