//! A build without SQLCipher would write plain text and say nothing. Ours refuses.
//!
//! Run with `--no-default-features --features plain-sqlite --test without_sqlcipher`.
#![cfg(all(feature = "plain-sqlite", not(feature = "sqlcipher")))]
#![allow(clippy::unwrap_used)]

use std::fs;

use touchpoint_vault::{Durability, MasterKey, OpenError, Readers, Schema, Vault};

const NOTES: Schema = Schema {
    name: "notes",
    application_id: 0x7470_0001,
    durability: Durability::Precious,
    readers: Readers::Patient,
    log_pages: Schema::LOG_PAGES,
    migrations: &["CREATE TABLE note (text TEXT NOT NULL) STRICT"],
};

#[test]
fn a_build_that_cannot_encrypt_opens_nothing_and_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let refused = Vault::open(&path, &MasterKey::new([7; 32]).derive("notes"), &NOTES);
    assert!(matches!(refused, Err(OpenError::NoEncryption { .. })), "{refused:?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
