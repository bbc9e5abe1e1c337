SELECT epoch, revision FROM shard WHERE name = ?1
