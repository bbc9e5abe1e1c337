SELECT change_count, document FROM delta WHERE shard = ?1 ORDER BY revision
