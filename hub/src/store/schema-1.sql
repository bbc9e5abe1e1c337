-- Head office's memory. Times are milliseconds since 1970-01-01T00:00:00Z; digests are the 32 bytes of SHA-256.

-- Machines that may speak. What the broker last said of each stands beside it.
CREATE TABLE device (
    id          TEXT PRIMARY KEY,
    device_group TEXT NOT NULL,
    shard       TEXT NOT NULL,
    enrolled_ms INTEGER NOT NULL,
    online      INTEGER CHECK (online IN (0, 1)),
    version     TEXT,
    boot        TEXT,
    presence_ms INTEGER,
    -- Of whoever is erased up to this position of its shard's contact log, nothing is left on it.
    erased_through INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What each of them last said of how it is; `document` is its JSON.
CREATE TABLE health (
    device      TEXT PRIMARY KEY REFERENCES device,
    received_ms INTEGER NOT NULL,
    document    TEXT NOT NULL
) STRICT;

-- Each external key and the number it has for ever. Neither tokens nor profiles: these stand in the blocks, once.
CREATE TABLE customer (
    id           INTEGER PRIMARY KEY,
    external_key TEXT NOT NULL UNIQUE
) STRICT;

-- The present epoch of each shard.
CREATE TABLE shard (
    name      TEXT PRIMARY KEY,
    epoch     INTEGER NOT NULL,
    token_key TEXT NOT NULL,
    row_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Its blocks as they travel. With rows of 128 KiB and the bytes last, a head is read without reading a block.
CREATE TABLE block (
    shard       TEXT NOT NULL REFERENCES shard,
    number      INTEGER NOT NULL,
    sha256      BLOB NOT NULL,
    first_token BLOB NOT NULL,
    row_count   INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    PRIMARY KEY (shard, number)
) STRICT;

-- Rows are sorted by token through all blocks: one look here says which block a token would be in.
CREATE INDEX block_token ON block (shard, first_token);

-- Bundles and pictures.
CREATE TABLE content (
    sha256 BLOB PRIMARY KEY,
    size   INTEGER NOT NULL,
    bytes  BLOB NOT NULL
) STRICT;

-- What each group runs now.
CREATE TABLE publication (
    device_group TEXT PRIMARY KEY,
    revision     INTEGER NOT NULL,
    bundle       BLOB NOT NULL REFERENCES content
) STRICT, WITHOUT ROWID;

CREATE TABLE medium (
    device_group TEXT NOT NULL REFERENCES publication,
    sha256       BLOB NOT NULL REFERENCES content,
    PRIMARY KEY (device_group, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX medium_content ON medium (sha256);

-- A journal belongs to the device that first sent from it. Up to and with `through` nothing is missing.
CREATE TABLE journal (
    id           TEXT PRIMARY KEY,
    device       TEXT NOT NULL REFERENCES device,
    through      INTEGER NOT NULL,
    repeated     INTEGER NOT NULL,
    contradicted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What devices recorded, each fact under the key that makes a repeat visible; `document` is the interaction's JSON.
CREATE TABLE interaction (
    journal     TEXT NOT NULL REFERENCES journal,
    sequence    INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    document    TEXT NOT NULL,
    PRIMARY KEY (journal, sequence)
) STRICT, WITHOUT ROWID;

-- How often something was refused, by reason.
CREATE TABLE refusal (
    reason TEXT PRIMARY KEY,
    times  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened later to a customer whom a campaign was meant for: a purchase, a signed contract.
CREATE TABLE outcome (
    customer INTEGER NOT NULL REFERENCES customer,
    campaign TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (customer, campaign, at_ms)
) STRICT, WITHOUT ROWID;

-- What a customer ever did at any machine, for the day on which they are forgotten.
CREATE INDEX interaction_of_customer ON interaction (document ->> '$.customer')
WHERE document ->> '$.customer' IS NOT NULL;

-- The contact log of each shard: its end, and up to where it has passed by on the line. `customers` are the numbers of those who
-- have a row in the shard, as a bitmap in the portable format of Roaring; `imported` rises whenever it changes.
CREATE TABLE contact_log (
    shard     TEXT PRIMARY KEY REFERENCES shard,
    last      INTEGER NOT NULL,
    published INTEGER NOT NULL,
    imported  INTEGER NOT NULL,
    customers BLOB NOT NULL
) STRICT;

-- Its entries, in CBOR. Whatever was said of a customer before they were erased is gone, and so is what is too old, unless it is an
-- objection, which has no age; so there are gaps.
CREATE TABLE contact (
    shard       TEXT NOT NULL REFERENCES contact_log,
    position    INTEGER NOT NULL,
    customer    INTEGER NOT NULL,
    erased      INTEGER NOT NULL CHECK (erased IN (0, 1)),
    objection   INTEGER NOT NULL CHECK (objection IN (0, 1)),
    appended_ms INTEGER NOT NULL,
    entry       BLOB NOT NULL,
    PRIMARY KEY (shard, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_of_customer ON contact (shard, customer);
CREATE INDEX contact_erased ON contact (shard, position) WHERE erased = 1;
CREATE INDEX contact_by_age ON contact (appended_ms) WHERE erased = 0 AND objection = 0;
