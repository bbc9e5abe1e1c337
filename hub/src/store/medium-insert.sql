INSERT INTO medium (device_group, sha256) VALUES (?1, ?2)
