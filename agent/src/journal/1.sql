-- What cannot be fetched again: every interaction, until head office has confirmed it and the longest cap has passed.

-- One row.
CREATE TABLE journal (
    id        INTEGER PRIMARY KEY CHECK (id = 0),
    name      TEXT NOT NULL,
    recorded  INTEGER NOT NULL,   -- the last sequence number, 0 for none
    confirmed INTEGER NOT NULL    -- head office has everything up to and with this
) STRICT;

CREATE TABLE interaction (
    sequence      INTEGER PRIMARY KEY,
    visit         TEXT NOT NULL,
    utc           INTEGER NOT NULL,   -- milliseconds since 1970
    boot          TEXT NOT NULL,
    since_boot_ms INTEGER NOT NULL,
    synchronised  INTEGER NOT NULL,   -- 1 if the clock followed a time server
    customer      INTEGER,
    fact          TEXT NOT NULL       -- JSON
) STRICT;

-- A customer's contact history is read at every visit of theirs.
CREATE INDEX interaction_of_customer ON interaction (customer, sequence) WHERE customer IS NOT NULL;
