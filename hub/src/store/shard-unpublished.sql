SELECT epoch, published, revision FROM shard WHERE name = ?1 AND published < revision
