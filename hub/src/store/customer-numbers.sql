SELECT external_key, id FROM customer
