SELECT EXISTS (SELECT 1 FROM customer WHERE external_key = ?1)
