-- The one block that a token can be in.
SELECT bytes FROM block WHERE shard = ?1 AND first_token <= ?2 ORDER BY first_token DESC LIMIT 1
