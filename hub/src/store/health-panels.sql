SELECT DISTINCT document ->> '$.screen.width' AS width, document ->> '$.screen.height' AS height
FROM health JOIN device ON device.id = health.device
WHERE device_group = ?1 AND received_ms >= ?2 AND width IS NOT NULL
ORDER BY width, height
