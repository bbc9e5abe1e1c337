SELECT j.name, c.sequence, c.campaign, c.utc, c.kind
FROM contact AS c JOIN contact_journal AS j ON j.id = c.journal
WHERE c.customer = ?1 AND (c.kind = 0) = ?2
ORDER BY c.utc DESC
LIMIT ?3
