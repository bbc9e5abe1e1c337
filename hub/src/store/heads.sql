-- Which heads there are, and how new.
SELECT 0, name, epoch FROM shard
UNION ALL
SELECT 1, device_group, revision FROM publication
