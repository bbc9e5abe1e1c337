UPDATE contact_log SET last = last + 1 WHERE shard = ?1 RETURNING last
