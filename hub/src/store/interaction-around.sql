-- What accounts for any of the sequence numbers from ?2 to ?3.
SELECT sequence, coalesce(document ->> '$.fact.discarded.through', sequence)
FROM interaction
WHERE journal = ?1 AND sequence <= ?3
    AND sequence >= coalesce((SELECT max(sequence) FROM interaction WHERE journal = ?1 AND sequence <= ?2), 0)
ORDER BY sequence
