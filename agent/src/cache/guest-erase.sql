DELETE FROM guest WHERE customer = ?1
