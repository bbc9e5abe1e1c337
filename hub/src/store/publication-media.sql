SELECT c.sha256, c.size FROM medium AS m JOIN content AS c ON c.sha256 = m.sha256
WHERE m.device_group = ?1 ORDER BY c.sha256
