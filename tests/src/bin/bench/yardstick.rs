//! What figures are compared with: the same SQLite as ours without anything of ours, with a key and without.

use crate::population::Kept;
use std::path::Path;
use touchpoint_vault::rusqlite::{Connection, params};

/// Any key: what it costs is the same for all.
const KEY: &str = "PRAGMA key = \"x'2dd29ca851e7b56e4697b0e1f08507293d761a05ce4d1b628663f411a8086d99'\"";

/// The write-ahead log and the promises of the cache.
const REBUILDABLE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL";

/// The write-ahead log and the promises of the journal.
const PRECIOUS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";

/// Loads sorted rows into a new file without a key, in one transaction.
pub(crate) fn load(file: &Path, rows: &[Kept]) {
    let mut plain = Connection::open(file).expect("a new file");
    plain.execute_batch(REBUILDABLE).expect("a log");
    let table = "CREATE TABLE customer (token BLOB PRIMARY KEY, customer INTEGER NOT NULL, profile BLOB NOT NULL)
        STRICT, WITHOUT ROWID";
    plain.execute_batch(table).expect("a table");
    let loading = plain.transaction().expect("a transaction");
    {
        let mut insert = loading.prepare("INSERT INTO customer VALUES (?1, ?2, ?3)").expect("a statement");
        for (token, customer, profile) in rows {
            insert.execute(params![&token.as_bytes()[..], i64::from(*customer), profile]).expect("a row");
        }
    }
    loading.commit().expect("a commit");
}

/// An encrypted file that takes one row a commit.
pub(crate) struct OneRow(Connection);

impl OneRow {
    /// A new file.
    pub(crate) fn new(file: &Path) -> OneRow {
        let encrypted = Connection::open(file).expect("a new file");
        encrypted.execute_batch(KEY).expect("a key");
        encrypted.execute_batch(PRECIOUS).expect("a log");
        let table = "CREATE TABLE note (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT";
        encrypted.execute_batch(table).expect("a table");
        OneRow(encrypted)
    }

    /// Commits a row.
    pub(crate) fn commit(&self, text: &str) {
        let sql = "INSERT INTO note (text) VALUES (?1)";
        self.0.prepare_cached(sql).and_then(|mut insert| insert.execute([text])).expect("a row");
    }
}
