SELECT sha256, row_count FROM block WHERE shard = ?1 ORDER BY number
