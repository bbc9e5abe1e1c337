-- The oldest, and no younger than ?1.
DELETE FROM contact
WHERE (customer, journal, sequence) IN (SELECT customer, journal, sequence FROM contact WHERE utc < ?1 ORDER BY utc LIMIT ?2)
