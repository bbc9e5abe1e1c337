//! Whoever takes the disk takes nothing: files without their key are noise, and a wrong key changes none of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use touchpoint_tests::{
    head_office::{ANNA, HeadOffice},
    kiosk::Kiosk,
    mosquitto::Mosquitto,
    workspace::files,
};
use touchpoint_vault::rusqlite::Connection;

/// What stands in the databases: segments, campaigns, names, texts, facts, and SQL itself.
const CONTENT: [&str; 9] = [
    "savings",
    "family-insurance",
    "Anna",
    "first-name",
    "kiosk-1",
    "accept",
    "Gold-Sparen",
    "CREATE TABLE",
    "SQLite format",
];

/// A kiosk that was synchronised and had a visitor, with its head office.
struct Used {
    folder: TempDir,
    office: HeadOffice,
    kiosk: Kiosk,
}

impl Used {
    /// Uses one, and looks at its files while both programs run.
    fn looked_at(look: impl FnOnce(&Used)) -> Used {
        let folder = TempDir::new().unwrap();
        let broker = Mosquitto::plain();
        let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
        let used = Used { kiosk: office.kiosk(), office, folder };
        let hub = used.office.serve();
        let agent = used.kiosk.start();
        agent.holds(1, 1);
        agent.api.arrives(ANNA);
        agent.api.answers("accept");
        agent.api.leaves();
        agent.delivers();
        look(&used);
        assert_eq!(agent.service.terminate().status.code(), Some(0));
        assert_eq!(hub.terminate().status.code(), Some(0));
        used
    }

    /// The databases of both, with the files SQLite keeps beside them.
    fn databases(&self) -> Vec<PathBuf> {
        let mut all = files(self.folder.path());
        all.retain(|path| path.file_name().unwrap().to_string_lossy().contains(".db"));
        all
    }

    /// Every file of the device's state, with its bytes.
    fn state(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(&self.kiosk.databases()).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }
}

fn named(databases: &[PathBuf], name: &str) -> bool {
    databases.iter().any(|path| path.ends_with(name))
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn assert_unreadable(database: &Path) {
    let bytes = fs::read(database).unwrap();
    for text in CONTENT {
        assert!(!contains(&bytes, text), "{text:?} stands in {}", database.display());
    }
    let mode = database.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{} is open to others", database.display());
}

#[test]
fn no_file_of_device_or_head_office_can_be_read_without_its_key() {
    let used = Used::looked_at(|used| {
        let databases = used.databases();
        for name in ["cache.db", "cache.db-wal", "journal.db", "journal.db-wal", "head-office.db", "head-office.db-wal"]
        {
            assert!(named(&databases, name), "{name} is not among {databases:?}");
        }
        databases
            .iter()
            .filter(|path| !path.to_string_lossy().ends_with("-shm"))
            .for_each(|path| assert_unreadable(path));
    });
    for database in used.databases() {
        assert_unreadable(&database);
        // A copy, so that SQLite's own traces stay out of the folder.
        let copy = used.folder.path().join("copy");
        fs::copy(&database, &copy).unwrap();
        let read = Connection::open(&copy)
            .unwrap()
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        let error = read.expect_err("it was read without a key");
        assert!(error.to_string().contains("not a database"), "{error}");
    }
}

#[test]
fn the_search_for_readable_content_finds_it_in_a_file_that_is_not_encrypted() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("plain.db");
    let plain = Connection::open(&path).unwrap();
    plain.execute_batch("CREATE TABLE customer (segment TEXT); INSERT INTO customer VALUES ('savings')").unwrap();
    let bytes = fs::read(&path).unwrap();
    assert!(["savings", "CREATE TABLE", "SQLite format"].iter().all(|text| contains(&bytes, text)));
}

#[test]
fn a_wrong_master_key_is_a_key_problem_and_touches_nothing() {
    let used = Used::looked_at(|_| {});
    let (key, before) = (used.kiosk.folder.join("keys/master.key"), used.state());
    let right = fs::read_to_string(&key).unwrap();
    fs::write(&key, format!("{}\n", "5a".repeat(32))).unwrap();
    let error = used.kiosk.fails().stderr;
    assert!(error.contains("cache.db was made with another key"), "{error}");
    assert_eq!(used.state(), before);

    // The right key, and all is well again.
    fs::write(&key, right).unwrap();
    let agent = used.kiosk.start();
    assert_eq!(agent.api.arrives(ANNA)["reason"], "accepted");
}

#[test]
fn a_missing_master_key_is_asked_for_and_never_replaced() {
    let used = Used::looked_at(|_| {});
    let (key, before) = (used.kiosk.folder.join("keys/master.key"), used.state());
    fs::remove_file(&key).unwrap();
    let error = used.kiosk.fails().stderr;
    assert!(error.contains("master.key is missing") && error.contains("cache.db cannot be read without it"), "{error}");
    assert!(!key.exists());
    assert_eq!(used.state(), before);
}
