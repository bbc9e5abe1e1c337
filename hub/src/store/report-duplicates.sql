-- The same fact of the same visit at the same millisecond of the same boot, under two keys.
SELECT coalesce(sum(times - 1), 0)
FROM (SELECT count(*) AS times FROM interaction GROUP BY json_remove(document, '$.sequence') HAVING times > 1)
