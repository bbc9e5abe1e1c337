SELECT last FROM contact_log WHERE shard = ?1
