SELECT position, entry FROM contact WHERE shard = ?1 AND position > ?2 ORDER BY position LIMIT ?3
