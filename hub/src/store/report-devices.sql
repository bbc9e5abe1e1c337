SELECT d.id, d.device_group, d.shard, d.online, d.version, d.presence_ms, h.received_ms, h.document
FROM device AS d LEFT JOIN health AS h ON h.device = d.id
ORDER BY d.id
