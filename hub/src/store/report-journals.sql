SELECT j.id, j.device, count(i.sequence) - count(i.gone), coalesce(max(coalesce(i.gone, i.sequence)), 0),
    coalesce(sum(i.gone - i.sequence + 1), 0), coalesce(sum(i.late), 0), j.through, j.repeated, j.contradicted
FROM journal AS j LEFT JOIN (
    SELECT journal, sequence, gone, iif(gone IS NULL, document ->> '$.backfill', 0) AS late
    FROM (SELECT journal, sequence, document, document ->> '$.fact.discarded.through' AS gone FROM interaction)
) AS i ON i.journal = j.id
GROUP BY j.id ORDER BY j.device, j.id
