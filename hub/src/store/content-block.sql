-- Only what the device's own group runs.
SELECT substr(bytes, ?3, ?4) FROM content
WHERE sha256 = ?1 AND ?3 <= size AND (
    EXISTS (SELECT 1 FROM publication WHERE device_group = ?2 AND bundle = ?1)
    OR EXISTS (SELECT 1 FROM medium WHERE device_group = ?2 AND sha256 = ?1)
)
