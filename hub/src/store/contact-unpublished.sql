SELECT shard, published, last FROM contact_log WHERE published < last ORDER BY shard
