//! The proofs that a file is encrypted, and with our key, made before anything is written to it.
//!
//! SQLCipher fails quietly. A build without it ignores the key and writes plain text; a wrong key looks like a damaged
//! file, and a wrong remedy for it destroys a good one. So every answer here comes from the first 16 bytes of the
//! file, where SQLCipher 4 keeps the salt in clear and plain SQLite keeps its name. The salt is ours to choose
//! ([`Key::salt`]), and the key decides it.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use crate::error::OpenError;
use crate::key::{Key, SALT_BYTES};

/// How every database begins that is not encrypted (<https://www.sqlite.org/fileformat.html>, section 1.3.1).
const PLAINTEXT: &[u8; SALT_BYTES] = b"SQLite format 3\0";

/// What a power cut leaves of a first page that was never written: a file of the right length, all zeros.
const NEVER_WRITTEN: &[u8; SALT_BYTES] = &[0; SALT_BYTES];

/// Only the account of the program reads a vault; SQLite gives its `-wal` and `-shm` the same mode.
const MODE: u32 = 0o600;

/// How long a connection waits for another process's write. At head office an import and the server share a file, and
/// the longest single transaction of either takes well under a second.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

// Before 3.51.3 two connections could lose a committed transaction when the write-ahead log was reset
// (<https://www.sqlite.org/wal.html>). SQLite is compiled in, so this is known when the program is built.
const _: () = assert!(rusqlite::ffi::SQLITE_VERSION_NUMBER >= 3_051_003, "SQLite 3.51.3 or later is needed");

/// Proves that this build encrypts, and silences SQLCipher, without a file.
///
/// SQLCipher's log has one level for the whole process and writes to stderr; what it would say comes back as an error.
pub(crate) fn require_sqlcipher(path: &Path) -> Result<(), OpenError> {
    let cipher = || -> rusqlite::Result<Option<String>> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
        connection.query_row("PRAGMA cipher_version", [], |row| row.get(0)).optional()
    };
    match cipher() {
        Ok(Some(version)) if !version.is_empty() => Ok(()),
        Ok(_) => Err(OpenError::NoEncryption { path: path.to_owned() }),
        Err(source) => Err(OpenError::Open { path: path.to_owned(), source }),
    }
}

/// Proves that the file was made with this key. Where there is none, or an empty one, makes it, with `mark` as its first
/// write, and proves that SQLCipher began it with our salt, before any customer's data is written. What a power cut left
/// half made is made again.
///
/// Every opening holds an advisory lock meanwhile, so none sees a file half made; the kernel drops it with the process.
/// It is not one of SQLite's (`flock`, not `fcntl`). But closing any descriptor of a file drops the `fcntl` locks that
/// the process holds on it (<https://www.sqlite.org/howtocorrupt.html>, section 2.2), and SQLite keeps one for as long
/// as a connection is open. So the file is looked at here, while there is no connection, and never again.
pub(crate) fn require_our_file(
    path: &Path,
    key: &Key,
    mark: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<(), OpenError> {
    let file_error = |source| OpenError::File { path: path.to_owned(), source };
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(MODE).open(path);
    let file = file.and_then(|file| file.lock().map(|()| file)).map_err(file_error)?;
    undo_half_made(&read_start(&file).map_err(file_error)?, path, key)?;
    if read_start(&file).map_err(file_error)?.is_empty() {
        make_durable(&file, path).map_err(file_error)?;
        connect(path, key)
            .and_then(|connection| mark(&connection).and_then(|()| connection.close().map_err(|(_, error)| error)))
            .map_err(|source| OpenError::Open { path: path.to_owned(), source })?;
    }
    let path = path.to_owned();
    match read_start(&file).map_err(file_error)?.as_slice() {
        start if start.len() < SALT_BYTES || start == NEVER_WRITTEN => Err(OpenError::Corrupt { path, source: None }),
        start if start == PLAINTEXT => Err(OpenError::Plaintext { path }),
        start if start != key.salt() => Err(OpenError::WrongKey { path }),
        _ => Ok(()),
    }
}

/// Opens the file, giving the key as the first statement of the connection. Reads nothing of the file.
pub(crate) fn connect(path: &Path, key: &Key) -> rusqlite::Result<Connection> {
    // Without CREATE: the file is there, with its mode. Without URI: a path is a path, whatever characters it has.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(&key.pragma()).map_err(without_text)?;
    // The page size, hash and so on of SQLCipher 4, whatever a later release takes for its default.
    connection.execute_batch("PRAGMA cipher_compatibility = 4")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Tells damage from every other error. The key has been proved by the time SQLite reads, so a page it cannot decrypt
/// is a damaged page.
pub(crate) fn damage_or(
    path: &Path,
    source: rusqlite::Error,
    other: impl FnOnce(&Path, rusqlite::Error) -> OpenError,
) -> OpenError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::Corrupt { path: path.to_owned(), source: Some(source) }
        }
        _ => other(path, source),
    }
}

fn read_start(mut file: &File) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(SALT_BYTES);
    file.seek(SeekFrom::Start(0))?;
    file.take(SALT_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Has SQLite undo what was under way when the power went, if that was the making of the file: it alone is done with a
/// rollback journal, all else with a write-ahead log. Undone, the file is empty again, or has its mark.
///
/// Before that, its first page may be there, in part or not at all, and would be taken for damage or for a file of
/// nobody's. A file of another key, or without one, is left as it is.
fn undo_half_made(start: &[u8], path: &Path, key: &Key) -> Result<(), OpenError> {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    let may_be_ours = start.len() < SALT_BYTES || start == NEVER_WRITTEN || start == key.salt();
    if !may_be_ours || !Path::new(&journal).exists() {
        return Ok(());
    }
    let undone = connect(path, key).and_then(|connection| {
        // Any read will do.
        connection.pragma_query_one::<i64>(None, "schema_version")?;
        connection.close().map_err(|(_, error)| error)
    });
    undone.map_err(|source| damage_or(path, source, |path, source| OpenError::Open { path: path.to_owned(), source }))
}

/// Gives an empty file its mode, and its name to the disk.
fn make_durable(file: &File, path: &Path) -> io::Result<()> {
    // A file that was there already has the mode it was made with.
    file.set_permissions(Permissions::from_mode(MODE))?;
    // SQLite syncs the folder for its journals, not for the database.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// An error of the binding may quote the statement, and this statement is the key.
fn without_text(error: rusqlite::Error) -> rusqlite::Error {
    let code = error.sqlite_error().map_or(rusqlite::ffi::SQLITE_ERROR, |error| error.extended_code);
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
}

#[cfg(all(test, feature = "sqlcipher"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;
    use crate::key::MasterKey;
    use crate::schema::{Durability, Readers, Schema};
    use crate::vault::Vault;

    const SECRET: &str = "Ms Example prefers the blue card";

    const NOTES: Schema = Schema {
        name: "notes",
        application_id: 0x7470_0001,
        durability: Durability::Rebuildable,
        readers: Readers::Patient,
        log_pages: Schema::LOG_PAGES,
        migrations: &["CREATE TABLE note (text TEXT NOT NULL) STRICT"],
    };

    fn key(purpose: &str) -> Key {
        MasterKey::new([7; 32]).derive(purpose)
    }

    /// A vault with enough notes to fill many pages.
    async fn vault_in(folder: &TempDir) -> (PathBuf, Vault) {
        let path = folder.path().join("notes.db");
        let vault = Vault::open(&path, &key("notes"), &NOTES).unwrap();
        vault
            .write(|transaction| {
                let mut insert = transaction.prepare("INSERT INTO note VALUES (?1)")?;
                (0..2_000).try_for_each(|_| insert.execute([SECRET]).map(drop))
            })
            .await
            .unwrap();
        (path, vault)
    }

    async fn closed_vault_in(folder: &TempDir) -> PathBuf {
        let (path, vault) = vault_in(folder).await;
        vault.close().await.unwrap();
        path
    }

    fn overwrite(path: &Path, offset: usize) {
        let mut bytes = fs::read(path).unwrap();
        bytes[offset..offset + 64].fill(0xAA);
        fs::write(path, bytes).unwrap();
    }

    /// Every file of a folder: name, mode, time of change and bytes.
    fn inventory(folder: &TempDir) -> Vec<(PathBuf, u32, i64, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let about = path.metadata().unwrap();
                let bytes = fs::read(&path).unwrap();
                (path, about.mode(), about.mtime_nsec(), bytes)
            })
            .collect();
        files.sort();
        files
    }

    #[tokio::test]
    async fn nothing_can_be_read_without_the_key() {
        let folder = TempDir::new().unwrap();
        let (path, vault) = vault_in(&folder).await;
        let log = fs::read(folder.path().join("notes.db-wal")).unwrap();
        vault.close().await.unwrap();
        let file = fs::read(&path).unwrap();
        for bytes in [log, file] {
            assert!(bytes.len() > 2_000 * SECRET.len(), "all notes are in it");
            for plain in [SECRET.as_bytes(), b"CREATE TABLE", b"SQLite format 3"] {
                assert!(!bytes.windows(plain.len()).any(|window| window == plain));
            }
        }
        let keyless = Connection::open(&path).unwrap();
        let refused = keyless.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        assert_eq!(refused.unwrap_err().sqlite_error_code(), Some(ErrorCode::NotADatabase));
    }

    #[tokio::test]
    async fn a_wrong_key_is_reported_and_nothing_is_touched() {
        let folder = TempDir::new().unwrap();
        let (path, open_meanwhile) = vault_in(&folder).await;
        let before = inventory(&folder);
        assert_eq!(before.len(), 3, "the write-ahead log is there too");
        let refused = Vault::open(&path, &key("cache"), &NOTES);
        assert!(matches!(refused, Err(OpenError::WrongKey { .. })), "{refused:?}");
        assert_eq!(inventory(&folder), before);
        open_meanwhile.close().await.unwrap();

        let before = inventory(&folder);
        let refused = Vault::open(&path, &key("cache"), &NOTES);
        assert!(matches!(refused, Err(OpenError::WrongKey { .. })), "{refused:?}");
        assert_eq!(inventory(&folder), before);
    }

    #[test]
    fn an_unencrypted_database_is_refused_and_not_touched() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("notes.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE note (text TEXT)").unwrap();
        let before = inventory(&folder);
        let refused = Vault::open(&path, &key("notes"), &NOTES);
        assert!(matches!(refused, Err(OpenError::Plaintext { .. })), "{refused:?}");
        assert_eq!(inventory(&folder), before);
    }

    #[tokio::test]
    async fn a_damaged_first_page_is_damage_and_not_a_wrong_key() {
        let folder = TempDir::new().unwrap();
        let path = closed_vault_in(&folder).await;
        overwrite(&path, 2_000);
        let refused = Vault::open(&path, &key("notes"), &NOTES);
        assert!(matches!(refused, Err(OpenError::Corrupt { source: Some(_), .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_damaged_later_page_is_reported_by_the_task_that_meets_it() {
        let folder = TempDir::new().unwrap();
        let path = closed_vault_in(&folder).await;
        overwrite(&path, 5 * 4_096 + 2_000);
        let vault = Vault::open(&path, &key("notes"), &NOTES).unwrap();
        assert!(!*vault.damage().borrow());
        let all = "SELECT sum(length(text)) FROM note";
        let read = vault.read(move |connection| connection.query_row(all, [], |row| row.get::<_, i64>(0))).await;
        let Err(error) = read else { panic!("{read:?}") };
        assert!(error.is_corrupt() && !error.is_full(), "{error:?}");
        assert!(*vault.damage().borrow());
    }

    #[tokio::test]
    async fn a_file_cut_short_or_never_written_is_damage() {
        let folder = TempDir::new().unwrap();
        let path = closed_vault_in(&folder).await;
        let whole = fs::read(&path).unwrap();
        for damaged in [&whole[..8], &whole[..1_000], &[0; 4_096]] {
            fs::write(&path, damaged).unwrap();
            let refused = Vault::open(&path, &key("notes"), &NOTES);
            assert!(matches!(refused, Err(OpenError::Corrupt { .. })), "{} bytes: {refused:?}", damaged.len());
        }
    }

    #[test]
    fn an_empty_file_is_a_new_vault() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("notes.db");
        fs::write(&path, "").unwrap();
        Vault::open(&path, &key("notes"), &NOTES).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }

    /// A new file as a power cut leaves it while its first page is written, so much of which is there, with the rollback
    /// journal beside it.
    fn half_made_in(folder: &TempDir, written: usize) -> PathBuf {
        let (making, path) = (folder.path().join("making.db"), folder.path().join("notes.db"));
        fs::write(&making, "").unwrap();
        let connection = connect(&making, &key("notes")).unwrap();
        // With room for ten pages, all but the first are written before the end.
        let large = "PRAGMA cache_size = 10; BEGIN; CREATE TABLE large AS SELECT hex(zeroblob(200000))";
        connection.execute_batch(large).unwrap();
        let mut bytes = fs::read(&making).unwrap();
        assert_eq!(bytes[..4_096], [0; 4_096]);
        bytes[..written].fill(0xAA);
        let salt = written.min(SALT_BYTES);
        bytes[..salt].copy_from_slice(&key("notes").salt()[..salt]);
        fs::write(&path, bytes).unwrap();
        fs::copy(folder.path().join("making.db-journal"), folder.path().join("notes.db-journal")).unwrap();
        path
    }

    #[tokio::test]
    async fn a_vault_half_made_when_the_power_went_is_made_again() {
        for written in [0, 512, 4_096] {
            let folder = TempDir::new().unwrap();
            let path = half_made_in(&folder, written);
            let vault = Vault::open(&path, &key("notes"), &NOTES).unwrap();
            vault.write(|all| all.execute("INSERT INTO note VALUES ('kept')", [])).await.unwrap();
            vault.close().await.unwrap();
        }
    }

    #[test]
    fn what_is_half_made_with_another_key_is_not_touched() {
        let folder = TempDir::new().unwrap();
        let path = half_made_in(&folder, 512);
        let before = inventory(&folder);
        let refused = Vault::open(&path, &key("cache"), &NOTES);
        assert!(matches!(refused, Err(OpenError::WrongKey { .. })), "{refused:?}");
        assert_eq!(inventory(&folder), before);
    }

    #[test]
    fn a_vault_whose_folder_is_missing_says_so() {
        let folder = TempDir::new().unwrap();
        let refused = Vault::open(&folder.path().join("nowhere/notes.db"), &key("notes"), &NOTES);
        assert!(matches!(refused, Err(OpenError::File { .. })), "{refused:?}");
    }

    /// A passphrase would be stretched into some other key; these digits are the key itself. With the salt left out,
    /// SQLCipher takes the one in the file.
    #[tokio::test]
    async fn the_key_is_a_raw_key_and_the_file_begins_with_its_salt() {
        let folder = TempDir::new().unwrap();
        let path = closed_vault_in(&folder).await;
        assert_eq!(fs::read(&path).unwrap()[..SALT_BYTES], key("notes").salt());
        let with_salt = key("notes").pragma();
        let without_salt = format!("{}'\"", &with_salt[..with_salt.len() - 2 - 2 * SALT_BYTES]);
        for statement in [with_salt.as_str(), without_salt.as_str()] {
            let connection = Connection::open(&path).unwrap();
            connection.execute_batch(statement).unwrap();
            let text: String = connection.query_row("SELECT text FROM note", [], |row| row.get(0)).unwrap();
            assert_eq!(text, SECRET);
        }
    }

    #[tokio::test]
    async fn sqlcipher_is_kept_from_writing_to_stderr() {
        let folder = TempDir::new().unwrap();
        let (_, vault) = vault_in(&folder).await;
        let level = vault.read(|connection| connection.pragma_query_one::<String>(None, "cipher_log_level")).await;
        assert_eq!(level.unwrap(), "NONE");
    }
}
