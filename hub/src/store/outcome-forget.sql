DELETE FROM outcome WHERE customer = ?1
