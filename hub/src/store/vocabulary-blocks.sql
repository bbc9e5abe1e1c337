SELECT bytes FROM block ORDER BY shard, number
