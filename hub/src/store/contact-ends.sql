SELECT shard, last FROM contact_log ORDER BY shard
