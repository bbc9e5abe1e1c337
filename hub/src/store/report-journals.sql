SELECT j.id, j.device, count(i.sequence), coalesce(max(i.sequence), 0), j.through, j.repeated, j.contradicted
FROM journal AS j LEFT JOIN interaction AS i ON i.journal = j.id
GROUP BY j.id ORDER BY j.device, j.id
