DELETE FROM guest
WHERE token NOT IN (SELECT token FROM guest ORDER BY said_ms DESC LIMIT ?1)
