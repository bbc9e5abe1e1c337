DELETE FROM medium WHERE device_group = ?1
