SELECT document FROM delta ORDER BY shard, revision
