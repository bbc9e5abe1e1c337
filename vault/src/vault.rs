//! An open vault: one connection that writes, one that reads, neither waiting for the other.

use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::watch;

use crate::encryption::{connect, damage_or, require_our_file, require_sqlcipher};
use crate::error::{Error, OpenError};
use crate::key::Key;
use crate::lane::Lane;
use crate::priority::Priority;
use crate::schema::{Durability, Readers, Schema};

/// Decrypted pages kept by the writer, in KiB. Bulk rows come sorted, so it needs the pages of one place only.
const WRITER_CACHE_KIB: i64 = 2 * 1024;

/// Decrypted pages kept by the reader, in KiB: the inner pages of a table of a million rows, with room. Two vaults of
/// both caches are 12 MiB, in an agent that has to stay under 30.
const READER_CACHE_KIB: i64 = 4 * 1024;

/// Bytes to which the log shrinks after a large transaction, for each page it ordinarily has; twice those of a page, so
/// it seldom has to.
const LOG_BYTES_PER_PAGE: i64 = 2 * 4096;

/// One encrypted SQLite file, open. Clones are the same vault.
///
/// When the last clone is dropped, queued tasks still run and both connections close, with nobody waiting for it;
/// [`Vault::close`] waits.
#[derive(Clone, Debug)]
pub struct Vault {
    path: Arc<Path>,
    writer: Lane,
    reader: Lane,
    damage: watch::Sender<bool>,
}

/// What a connection is for.
#[derive(Clone, Copy)]
enum Role {
    Writer,
    Reader,
}

impl Vault {
    /// Opens the file, or creates it (mode 0600) where there is none, and brings it to the newest schema.
    ///
    /// Blocks while it reads and migrates, so it belongs before the runtime's loops, or in `spawn_blocking`. Other
    /// processes may have the same file open. Within one process open a file once and clone the vault: looking at the
    /// file a second time would release the first one's locks against those other processes.
    ///
    /// # Errors
    /// [`OpenError::NoEncryption`], [`OpenError::Plaintext`] and [`OpenError::WrongKey`] before anything is touched;
    /// [`OpenError::Corrupt`], [`OpenError::Foreign`] and [`OpenError::TooNew`] before anything is changed;
    /// [`OpenError::Migrate`] with the file at the version before; otherwise what the system or SQLite refused.
    pub fn open(path: &Path, key: &Key, schema: &Schema) -> Result<Self, OpenError> {
        require_sqlcipher(path)?;
        require_our_file(path, key, |connection| {
            schema.mark(connection)?;
            enter_write_ahead_log(connection).map(drop)
        })?;
        let sql_error =
            |source| damage_or(path, source, |path, source| OpenError::Open { path: path.to_owned(), source });

        let mut writer = connect(path, key).map_err(sql_error)?;
        schema.recognise(&writer, path)?;
        let mode = enter_write_ahead_log(&writer).map_err(sql_error)?;
        if mode != "wal" {
            return Err(OpenError::NoWriteAheadLog { path: path.to_owned(), mode });
        }
        set_up(&writer, schema, Role::Writer).map_err(sql_error)?;
        schema.migrate(&mut writer, path)?;

        let reader = connect(path, key).map_err(sql_error)?;
        set_up(&reader, schema, Role::Reader).map_err(sql_error)?;

        let path: Arc<Path> = path.into();
        let damage = watch::Sender::new(false);
        let start = |role: &str, priority, connection| {
            Lane::start(format!("{}-{role}", schema.name), priority, path.clone(), connection, damage.clone())
                .map_err(|source| OpenError::Thread { path: path.to_path_buf(), source })
        };
        // A snapshot takes seconds, and neither a visit nor the transaction beside it should notice.
        let writing = match schema.durability {
            Durability::Rebuildable => Priority::Background,
            Durability::Precious => Priority::Ordinary,
        };
        let reading = match schema.readers {
            Readers::Customers => Priority::Urgent,
            Readers::Patient => Priority::Ordinary,
        };
        Ok(Self { writer: start("writer", writing, writer)?, reader: start("reader", reading, reader)?, path, damage })
    }

    /// Whether a task has met damage in the file, now and as it happens ([`Error::is_corrupt`]). Whatever is opened, only its
    /// first pages are read; damage in others shows when they are.
    #[must_use]
    pub fn damage(&self) -> watch::Receiver<bool> {
        self.damage.subscribe()
    }

    /// The path the vault was opened with.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a task that reads, on the reader's thread. All its queries see the same moment, and it waits for other
    /// reads only, never for a write.
    ///
    /// # Errors
    /// [`Error::Sql`] with what the task returned, [`Error::Panicked`] if it panicked, [`Error::Closed`] after
    /// [`Vault::close`].
    pub async fn read<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        // Dropping the transaction is its end: there is nothing to commit.
        self.reader.run(|connection| task(&*connection.transaction()?)).await
    }

    /// The same on the caller's thread, for who has one of their own: no other has to be woken, which takes longer than most
    /// queries. Blocks while the disk does, and while another read is running.
    ///
    /// # Errors
    /// As [`Vault::read`].
    pub fn read_here<T>(&self, task: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        self.reader.run_here(|connection| task(&*connection.transaction()?))
    }

    /// Runs a task that writes, in one transaction on the writer's thread: committed when the task returns `Ok`,
    /// rolled back when it returns an error or panics. Once queued it runs, even if the caller stops waiting.
    ///
    /// # Errors
    /// [`Error::Sql`] with what the task or the commit returned, [`Error::Panicked`] if the task panicked,
    /// [`Error::Closed`] after [`Vault::close`]. In every case nothing of the task was kept.
    pub async fn write<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let task = |connection: &mut Connection| {
            // Immediate: the wait for another process comes before the task has read anything it would have to redo.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = task(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        self.writer.run(task).await
    }

    /// Finishes what is queued, moves the write-ahead log into the file and closes it. All clones are closed.
    ///
    /// # Errors
    /// [`Error::Closed`] if another clone has closed the vault, [`Error::Sql`] if the log could not be moved or the
    /// file not be closed; what was committed is safe in the log all the same.
    pub async fn close(self) -> Result<(), Error> {
        // The reader first: the log cannot be emptied while someone reads from it.
        self.reader.close().await?;
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let checkpointed = self.writer.run(|connection| connection.execute_batch(checkpoint)).await;
        self.writer.close().await?;
        checkpointed
    }
}

/// Returns the journal mode that SQLite is in afterwards. It is kept in the file, so only the first time is a change.
fn enter_write_ahead_log(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
}

fn set_up(connection: &Connection, schema: &Schema, role: Role) -> rusqlite::Result<()> {
    // A damaged or doctored file may hold hostile definitions: no writing round the schema, no functions called from
    // it, no trust in the lengths a page claims.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A query keeps the plan it was prepared with. Otherwise those whose plan could depend on a value are prepared anew for each one,
    // which takes several times as long as to run them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let synchronous = match schema.durability {
        Durability::Rebuildable => "NORMAL",
        Durability::Precious => "FULL",
    };
    // On the reader too: whichever connection closes last moves the log into the file.
    connection.pragma_update(None, "synchronous", synchronous)?;
    // A mapped file could not be decrypted in place, and would count as the agent's memory.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "wal_autocheckpoint", schema.log_pages)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_PER_PAGE * i64::from(schema.log_pages))?;
    let cache = match role {
        Role::Writer => WRITER_CACHE_KIB,
        Role::Reader => READER_CACHE_KIB,
    };
    // Negative is SQLite's way of saying KiB and not pages.
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.pragma_update(None, "query_only", matches!(role, Role::Reader))
}

#[cfg(all(test, feature = "sqlcipher"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::sync::mpsc;
    use std::time::Duration;
    use std::{fs, panic, thread};

    use rusqlite::ErrorCode;
    use tempfile::TempDir;

    use super::*;
    use crate::key::MasterKey;

    const NOTES: Schema = Schema {
        name: "notes",
        application_id: 0x7470_0001,
        durability: Durability::Precious,
        readers: Readers::Patient,
        log_pages: 250,
        migrations: &["CREATE TABLE note (text TEXT NOT NULL) STRICT"],
    };

    fn open(folder: &TempDir) -> Vault {
        let key = MasterKey::new([7; 32]).derive("notes");
        Vault::open(&folder.path().join("notes.db"), &key, &NOTES).unwrap()
    }

    async fn note(vault: &Vault, text: &'static str) -> Result<usize, Error> {
        vault.write(move |transaction| transaction.execute("INSERT INTO note VALUES (?1)", [text])).await
    }

    async fn notes(vault: &Vault) -> Vec<String> {
        vault
            .read(|connection| {
                connection.prepare("SELECT text FROM note ORDER BY rowid")?.query_map([], |row| row.get(0))?.collect()
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_was_written_is_there_after_closing_and_opening_again() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        note(&vault, "kept").await.unwrap();
        vault.close().await.unwrap();
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["notes.db"], "closing leaves one file");
        assert_eq!(notes(&open(&folder)).await, ["kept"]);
    }

    #[tokio::test]
    async fn a_write_that_fails_keeps_nothing() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        let failed = vault
            .write(|transaction| {
                transaction.execute("INSERT INTO note VALUES ('half')", [])?;
                transaction.execute("INSERT INTO note VALUES (NULL)", [])
            })
            .await;
        assert!(matches!(failed, Err(Error::Sql { .. })), "{failed:?}");
        assert!(notes(&vault).await.is_empty());
    }

    #[tokio::test]
    async fn a_write_for_which_there_is_no_room_says_so_and_succeeds_once_there_is() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        let pages =
            |pages: i64| vault.write(move |transaction| transaction.pragma_update(None, "max_page_count", pages));
        let large =
            || vault.write(|transaction| transaction.execute("INSERT INTO note VALUES (hex(zeroblob(9000)))", []));
        pages(1).await.unwrap();
        let refused = large().await.unwrap_err();
        assert!(refused.is_full() && !refused.is_corrupt(), "{refused:?}");
        assert!(notes(&vault).await.is_empty());
        pages(1_000).await.unwrap();
        large().await.unwrap();
    }

    #[tokio::test]
    async fn a_task_that_panics_keeps_nothing_and_the_vault_goes_on() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        let failed = vault
            .write(|transaction| -> rusqlite::Result<()> {
                transaction.execute("INSERT INTO note VALUES ('half')", [])?;
                // Unlike `panic!` this prints nothing in the midst of the test's output.
                panic::resume_unwind(Box::new("a bug in a task"))
            })
            .await;
        assert!(matches!(failed, Err(Error::Panicked { .. })), "{failed:?}");
        let failed = vault.read(|_| -> rusqlite::Result<()> { panic::resume_unwind(Box::new("another")) }).await;
        assert!(matches!(failed, Err(Error::Panicked { .. })), "{failed:?}");
        note(&vault, "after").await.unwrap();
        assert_eq!(notes(&vault).await, ["after"]);
    }

    #[tokio::test]
    async fn a_read_does_not_wait_for_a_long_write() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        let (started, has_started) = tokio::sync::oneshot::channel();
        let (finish, may_finish) = mpsc::channel::<()>();
        let writing = tokio::spawn({
            let vault = vault.clone();
            async move {
                let task = move |transaction: &Transaction<'_>| {
                    transaction.execute("INSERT INTO note VALUES ('slow')", [])?;
                    started.send(()).unwrap();
                    may_finish.recv().unwrap();
                    Ok(())
                };
                vault.write(task).await
            }
        });
        has_started.await.unwrap();
        let during = tokio::time::timeout(Duration::from_secs(10), notes(&vault)).await;
        finish.send(()).unwrap();
        writing.await.unwrap().unwrap();
        assert!(during.expect("the read waited for the write").is_empty());
        assert_eq!(notes(&vault).await, ["slow"]);
    }

    #[tokio::test]
    async fn a_read_where_one_is_sees_what_was_written_and_ends_like_any_other() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        note(&vault, "there").await.unwrap();
        let text = || {
            vault.read_here(|connection| {
                connection.query_row("SELECT text FROM note", [], |row| row.get::<_, String>(0))
            })
        };
        assert_eq!(text().unwrap(), "there");
        let failed = vault.read_here(|_| -> rusqlite::Result<()> { panic::resume_unwind(Box::new("a bug in a task")) });
        assert!(matches!(failed, Err(Error::Panicked { .. })), "{failed:?}");
        let refused = vault.read_here(|connection| connection.execute("INSERT INTO note VALUES ('sly')", []));
        assert!(matches!(refused, Err(Error::Sql { .. })), "{refused:?}");
        assert_eq!(text().unwrap(), "there", "the vault goes on");
        vault.clone().close().await.unwrap();
        assert!(matches!(text(), Err(Error::Closed { .. })));
    }

    #[tokio::test]
    async fn a_read_cannot_write() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        let refused = vault.read(|connection| connection.execute("INSERT INTO note VALUES ('sly')", [])).await;
        let Err(Error::Sql { source, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(source.sqlite_error_code(), Some(ErrorCode::ReadOnly));
    }

    #[tokio::test]
    async fn closing_finishes_what_is_queued_and_refuses_what_comes_later() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        let (finish, may_finish) = mpsc::channel::<()>();
        let (other, again) = (vault.clone(), vault.clone());
        let queued = vault.write(move |_| {
            may_finish.recv().unwrap();
            Ok(())
        });
        let also_queued = note(&vault, "queued");
        let finishing = async {
            // Reads are refused once closing has begun, and then the first write is still on its thread.
            while again.read(|_| Ok(())).await.is_ok() {}
            finish.send(()).unwrap();
        };
        let (first, second, closed, ()) = tokio::join!(biased; queued, also_queued, other.close(), finishing);
        first.unwrap();
        second.unwrap();
        closed.unwrap();
        assert!(matches!(note(&again, "late").await, Err(Error::Closed { .. })));
        assert!(matches!(again.close().await, Err(Error::Closed { .. })));
        assert_eq!(notes(&open(&folder)).await, ["queued"]);
    }

    #[tokio::test]
    async fn dropping_the_last_clone_closes_the_file() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        let (closed, has_closed) = mpsc::channel();
        vault
            .write(move |_| {
                // Dropped as its thread ends, and not before.
                thread_local!(static END: std::cell::RefCell<Option<Sentinel>> = const { std::cell::RefCell::new(None) });
                END.set(Some(Sentinel(closed)));
                Ok(())
            })
            .await
            .unwrap();
        let clone = vault.clone();
        drop(vault);
        note(&clone, "by the clone").await.unwrap();
        drop(clone);
        has_closed.recv_timeout(Duration::from_secs(10)).expect("the writer's thread did not end");
    }

    struct Sentinel(mpsc::Sender<()>);

    impl Drop for Sentinel {
        fn drop(&mut self) {
            self.0.send(()).ok();
        }
    }

    #[tokio::test]
    async fn two_openings_of_one_file_see_each_others_writes() {
        let folder = TempDir::new().unwrap();
        let (server, import) = (open(&folder), open(&folder));
        let both = tokio::join!(note(&server, "from the server"), note(&import, "from the import"));
        both.0.unwrap();
        both.1.unwrap();
        assert_eq!(notes(&server).await.len(), 2);
        assert_eq!(notes(&import).await.len(), 2);
    }

    #[tokio::test]
    async fn only_the_owner_may_read_the_files() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        note(&vault, "private").await.unwrap();
        for name in ["notes.db", "notes.db-wal", "notes.db-shm"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[tokio::test]
    async fn both_connections_are_set_up_for_safety() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        let settings = |connection: &Connection| {
            let names = [
                "synchronous",
                "foreign_keys",
                "trusted_schema",
                "cell_size_check",
                "mmap_size",
                "busy_timeout",
                "wal_autocheckpoint",
                "journal_size_limit",
                "cache_size",
                "query_only",
            ];
            names
                .into_iter()
                .map(|name| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)))
                .collect()
        };
        let writer: Vec<i64> = vault.write(move |transaction| settings(transaction)).await.unwrap();
        let reader: Vec<i64> = vault.read(settings).await.unwrap();
        assert_eq!(writer, [2, 1, 0, 1, 0, 5_000, 250, 2_048_000, -2_048, 0]);
        assert_eq!(reader, [2, 1, 0, 1, 0, 5_000, 250, 2_048_000, -4_096, 1]);
    }

    #[test]
    fn several_may_create_the_same_file_at_the_same_moment() {
        for _ in 0..20 {
            let folder = TempDir::new().unwrap();
            thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| open(&folder)))));
        }
    }

    /// Without it another process would take itself for the last one, and on closing delete the write-ahead log.
    #[tokio::test]
    async fn an_open_vault_holds_its_lock_against_other_processes() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder);
        // The kernel's table: "1: POSIX ADVISORY READ <process> <device>:<inode> <first byte> <last byte>".
        let process = std::process::id().to_string();
        let inode = format!(":{}", fs::metadata(vault.path()).unwrap().ino());
        let locks = fs::read_to_string("/proc/locks").unwrap();
        let held = locks
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .any(|lock| lock[1] == "POSIX" && lock[3] == "READ" && lock[4] == process && lock[5].ends_with(&inode));
        assert!(held, "{locks}");
    }
}
