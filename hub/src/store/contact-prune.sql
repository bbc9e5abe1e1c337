DELETE FROM contact WHERE (shard, position) IN (
    SELECT shard, position FROM contact WHERE erased = 0 AND objection = 0 AND appended_ms < ?1 ORDER BY appended_ms LIMIT ?2
)
