-- Which heads there are, and how new.
SELECT 0, name, epoch, revision FROM shard
UNION ALL
SELECT 1, device_group, revision, 0 FROM publication
