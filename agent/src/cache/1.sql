-- What can be fetched again: customers, campaigns, media.

-- One row. Visits are served from the customers of slot `live`; a snapshot is fetched into the other.
CREATE TABLE holding (
    id            INTEGER PRIMARY KEY CHECK (id = 0),
    live          INTEGER NOT NULL CHECK (live IN (0, 1)),
    epoch         INTEGER NOT NULL,      -- of the live customers, 0 for none
    revision      INTEGER NOT NULL,      -- how far they were changed since their snapshot, 0 for not at all
    customers     INTEGER NOT NULL,      -- rows among them
    staged_epoch  INTEGER,               -- being fetched into the other slot
    manifest      BLOB,                  -- what its head says of its blocks, as a digest
    staged_blocks INTEGER NOT NULL,      -- how many of its blocks are written
    position      INTEGER NOT NULL,      -- how far the contact log is known, 0 for not at all
    contacts      INTEGER NOT NULL,      -- rows of it
    campaigns     INTEGER NOT NULL,      -- revision of the bundle, 0 for none
    bundle        BLOB
) STRICT;
INSERT INTO holding VALUES (0, 0, 0, 0, 0, NULL, NULL, 0, 0, 0, 0, NULL);

-- By slot and token, so that a snapshot sorted by token is appended and a look-up reads one leaf.
CREATE TABLE customer (
    slot     INTEGER NOT NULL,
    token    BLOB NOT NULL,
    customer INTEGER NOT NULL,
    profile  BLOB NOT NULL,
    PRIMARY KEY (slot, token)
) STRICT, WITHOUT ROWID;

-- What was said to customers at any machine. It belongs to no slot and outlives every snapshot.
CREATE TABLE contact (
    customer INTEGER NOT NULL,
    journal  INTEGER NOT NULL REFERENCES contact_journal,
    sequence INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    utc      INTEGER NOT NULL,   -- milliseconds since 1970
    kind     INTEGER NOT NULL,   -- as it travels
    PRIMARY KEY (customer, journal, sequence)
) STRICT, WITHOUT ROWID;

-- What goes first.
CREATE INDEX contact_by_age ON contact (utc);

-- A journal's name once, and not in each of its contacts.
CREATE TABLE contact_journal (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE medium (
    sha256 BLOB PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;

-- Customers of other shards, by what head office said of them last.
CREATE TABLE guest (
    token    BLOB PRIMARY KEY,
    customer INTEGER NOT NULL,
    profile  BLOB NOT NULL,
    said_ms  INTEGER NOT NULL      -- milliseconds since 1970, by head office's clock
) STRICT, WITHOUT ROWID;
CREATE INDEX guest_customer ON guest (customer);
