-- The broker repeats what it keeps on each connection: only what is new has a new time.
UPDATE device SET online = ?2, version = ?3, boot = ?4, presence_ms = ?5
WHERE id = ?1 AND (online IS NOT ?2 OR version IS NOT ?3 OR boot IS NOT ?4)
