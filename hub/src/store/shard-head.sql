SELECT epoch, revision, token_key, row_count FROM shard WHERE name = ?1
