-- The delta that spoke of a token last.
SELECT d.document FROM change AS c JOIN delta AS d ON d.shard = c.shard AND d.revision = c.revision
WHERE c.shard = ?1 AND c.token = ?2
