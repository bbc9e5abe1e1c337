SELECT epoch FROM shard WHERE name = ?1
