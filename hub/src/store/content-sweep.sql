-- What no group runs any more.
DELETE FROM content
WHERE sha256 NOT IN (SELECT bundle FROM publication) AND sha256 NOT IN (SELECT sha256 FROM medium)
