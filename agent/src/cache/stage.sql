INSERT INTO customer (slot, token, customer, profile)
VALUES ((SELECT 1 - live FROM holding), ?1, ?2, ?3)
