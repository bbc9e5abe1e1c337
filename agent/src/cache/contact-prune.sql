-- The oldest, and no younger than ?1. An objection (6, as it travels) has no age: it holds until its customer takes it back.
DELETE FROM contact
WHERE (customer, journal, sequence) IN (
    SELECT customer, journal, sequence FROM contact WHERE utc < ?1 AND kind <> 6 ORDER BY utc LIMIT ?2
)
