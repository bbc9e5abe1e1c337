-- 1 row, or none if it is there already or nobody has this key.
INSERT OR IGNORE INTO outcome (customer, campaign, at_ms) SELECT id, ?2, ?3 FROM customer WHERE external_key = ?1
