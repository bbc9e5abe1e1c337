-- The same fact of the same visit of one device, at the same millisecond of the same boot, under two keys.
SELECT coalesce(sum(times - 1), 0)
FROM (
    SELECT count(*) AS times
    FROM interaction AS i JOIN journal AS j ON j.id = i.journal
    GROUP BY j.device, json_remove(i.document, '$.sequence') HAVING times > 1
)
