DELETE FROM contact WHERE shard = ?1 AND customer = ?2
