SELECT shard, imported FROM contact_log
