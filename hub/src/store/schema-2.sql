-- How far a shard was changed since the snapshot of its epoch, which is revision 0, and up to where that has passed by on the line.
ALTER TABLE shard ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE shard ADD COLUMN published INTEGER NOT NULL DEFAULT 0;

-- The changes, each from the revision before it; `document` is the JSON that is signed when it is sent.
CREATE TABLE delta (
    shard        TEXT NOT NULL REFERENCES shard,
    revision     INTEGER NOT NULL,
    change_count INTEGER NOT NULL,
    document     TEXT NOT NULL,
    PRIMARY KEY (shard, revision)
) STRICT;

-- Which revision spoke last of a token: a row of the shard that no block has as it is.
CREATE TABLE change (
    shard    TEXT NOT NULL REFERENCES shard,
    token    BLOB NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (shard, token)
) STRICT, WITHOUT ROWID;
