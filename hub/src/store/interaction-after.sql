SELECT sequence FROM interaction WHERE journal = ?1 AND sequence > ?2 ORDER BY sequence
