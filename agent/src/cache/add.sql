INSERT INTO customer (slot, token, customer, profile)
VALUES ((SELECT live FROM holding), ?1, ?2, ?3)
