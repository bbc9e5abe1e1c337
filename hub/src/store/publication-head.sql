SELECT p.revision, c.sha256, c.size FROM publication AS p JOIN content AS c ON c.sha256 = p.bundle
WHERE p.device_group = ?1
