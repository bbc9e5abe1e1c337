-- The one that leads on from a revision.
SELECT document FROM delta WHERE shard = ?1 AND revision = ?2 + 1
