SELECT document FROM interaction WHERE journal = ?1 AND sequence = ?2
