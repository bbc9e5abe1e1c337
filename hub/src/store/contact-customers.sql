SELECT customers FROM contact_log WHERE shard = ?1
