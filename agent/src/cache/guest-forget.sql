DELETE FROM guest WHERE token = ?1
