INSERT INTO publication (device_group, revision, bundle) VALUES (?1, 1, ?2)
ON CONFLICT (device_group) DO UPDATE SET revision = revision + 1, bundle = excluded.bundle
RETURNING revision
