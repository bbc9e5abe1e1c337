SELECT sequence, coalesce(document ->> '$.fact.discarded.through', sequence)
FROM interaction WHERE journal = ?1 AND sequence > ?2 ORDER BY sequence
