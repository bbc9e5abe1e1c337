-- Each shard from which somebody was erased, with each of its devices and whether it has confirmed all of that.
SELECT e.shard, e.customers, d.id, d.erased_through >= e.last
FROM (SELECT shard, count(*) AS customers, max(position) AS last FROM contact WHERE erased = 1 GROUP BY shard) AS e
LEFT JOIN device AS d ON d.shard = e.shard
ORDER BY e.shard, d.id
