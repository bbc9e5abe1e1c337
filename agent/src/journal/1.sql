-- What cannot be fetched again: every interaction, until head office has confirmed it and the longest cap has passed.

-- One row, which no record changes: a record is durable sooner for every page that it leaves alone.
CREATE TABLE journal (
    id        INTEGER PRIMARY KEY CHECK (id = 0),
    name      TEXT NOT NULL,
    confirmed INTEGER NOT NULL,   -- head office has everything up to and with this
    gone      INTEGER NOT NULL,   -- sequence numbers that have no row of their own below any more
    discarded INTEGER NOT NULL,   -- interactions that had to go before head office had them
    searched  INTEGER NOT NULL    -- the last sequence number when none was found that could be discarded, 0 for never
) STRICT;

CREATE TABLE interaction (
    sequence      INTEGER PRIMARY KEY,
    through       INTEGER NOT NULL,   -- the last sequence number it accounts for; its own unless it stands for a discarded run
    worth         INTEGER NOT NULL,   -- 0 discarded, 1 not shown, 2 showing, 3 answer
    visit         TEXT NOT NULL,
    utc           INTEGER NOT NULL,   -- milliseconds since 1970
    boot          TEXT NOT NULL,
    since_boot_ms INTEGER NOT NULL,
    synchronised  INTEGER NOT NULL,   -- 1 if the clock followed a time server
    customer      INTEGER,
    backfill      INTEGER NOT NULL,   -- 1 if the line was down
    fact          TEXT NOT NULL       -- JSON
) STRICT;

-- How far the journal is, told from its two ends, so that opening takes as long with a full journal as with an empty one. Nothing
-- goes without a row that accounts for it before it is confirmed, so what was recorded last is confirmed or in the last row.
CREATE VIEW standing AS
SELECT name, recorded, confirmed, recorded - gone AS records, discarded, searched
FROM (
    SELECT *, max(confirmed, coalesce((SELECT through FROM interaction ORDER BY sequence DESC LIMIT 1), 0)) AS recorded
    FROM journal
);

-- Who is to be forgotten: whatever was recorded of them up to and with `through` goes as soon as head office has it.
CREATE TABLE erasure (
    position INTEGER NOT NULL,   -- of the contact log, up to where head office said so
    customer INTEGER NOT NULL,
    through  INTEGER NOT NULL,
    PRIMARY KEY (position, customer)
) STRICT, WITHOUT ROWID;

-- A customer's contact history is read at every visit of theirs, without what was not shown.
CREATE INDEX interaction_of_customer ON interaction (customer, worth, sequence) WHERE customer IS NOT NULL;
