INSERT INTO customer (slot, token, customer, profile)
VALUES (?1, ?2, ?3, ?4)
