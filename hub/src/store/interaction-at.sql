-- What is at a sequence number, or last before it.
SELECT sequence, coalesce(document ->> '$.fact.discarded.through', sequence), document,
    document ->> '$.fact.discarded.through' IS NOT NULL
FROM interaction WHERE journal = ?1 AND sequence <= ?2 ORDER BY sequence DESC LIMIT 1
