//! Whose file it is, how much a power cut may cost, and how the file came to its present tables.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::encryption::damage_or;
use crate::error::OpenError;

/// What one vault holds. One `static` per vault.
#[derive(Debug)]
pub struct Schema {
    /// The vault's name in thread names and logs, for example `"journal"`.
    pub name: &'static str,
    /// Written into the file's header, so that no vault is opened as another. Not 0, which is SQLite's "nobody's".
    pub application_id: i32,
    /// What a power cut may cost.
    pub durability: Durability,
    /// Who waits for what is read.
    pub readers: Readers,
    /// Pages of 4 KiB in the write-ahead log at which a commit moves them to the database; [`Schema::LOG_PAGES`] unless
    /// there is a reason for another size.
    pub log_pages: u32,
    /// SQL scripts, oldest first and never changed once released. The file's `user_version` says how many it has
    /// had; each runs in one transaction of its own, with foreign keys enforced.
    pub migrations: &'static [&'static str],
}

/// What a power cut may cost. In both cases the file stays whole and no transaction is seen in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The last transactions may be lost: the data can be fetched again (`synchronous = NORMAL`).
    Rebuildable,
    /// What was committed stays: every commit reaches the disk (`synchronous = FULL`).
    Precious,
}

/// Who waits for what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// A customer before a screen: reads are short, and go before other work where the system allows it.
    Customers,
    /// Nobody who would notice a few milliseconds. Reads may be long.
    Patient,
}

impl Schema {
    /// 4 MiB: a page that changes often is moved seldom, and the log is read through quickly after a power cut.
    pub const LOG_PAGES: u32 = 1_000;

    /// Marks a new file as this vault's.
    pub(crate) fn mark(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.pragma_update(None, "application_id", self.application_id)
    }

    /// Makes sure, changing nothing, that the file is this vault's and that this release can read it.
    pub(crate) fn recognise(&self, connection: &Connection, path: &Path) -> Result<(), OpenError> {
        // The first read of the file, and so where a damaged one shows.
        let identity = || -> rusqlite::Result<(i32, u32)> {
            Ok((connection.pragma_query_one(None, "application_id")?, version(connection)?))
        };
        let (application_id, version) = identity().map_err(|source| damage_or(path, source, open))?;
        let (path, known) = (path.to_owned(), self.version());
        if application_id != self.application_id {
            Err(OpenError::Foreign { path, found: application_id, expected: self.application_id })
        } else if version > known {
            Err(OpenError::TooNew { path, found: version, known })
        } else {
            Ok(())
        }
    }

    /// Applies the migrations that the file has not had, in order.
    pub(crate) fn migrate(&self, connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
        let before = version(connection).map_err(|source| damage_or(path, source, open))?;
        for (version, script) in (1..).zip(self.migrations).filter(|(version, _)| *version > before) {
            step(connection, version, script).map_err(|source| {
                damage_or(path, source, |path, source| OpenError::Migrate { path: path.to_owned(), version, source })
            })?;
            tracing::info!(vault = self.name, version, "migrated");
        }
        Ok(())
    }

    /// The `user_version` of a file that has had every migration.
    fn version(&self) -> u32 {
        // No list of scripts in a program is that long; saturating keeps this free of panics all the same.
        u32::try_from(self.migrations.len()).unwrap_or(u32::MAX)
    }
}

fn step(connection: &mut Connection, to: u32, script: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again under the lock: another process may have been here first.
    if version(&transaction)? < to {
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "user_version", to)?;
    }
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_one(None, "user_version")
}

fn open(path: &Path, source: rusqlite::Error) -> OpenError {
    OpenError::Open { path: path.to_owned(), source }
}

#[cfg(all(test, feature = "sqlcipher"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;
    use crate::key::MasterKey;
    use crate::vault::Vault;

    const CREATE: &str = "CREATE TABLE word (text TEXT NOT NULL) STRICT; INSERT INTO word VALUES ('first')";
    const EXTEND: &str = "INSERT INTO word SELECT text || ' second' FROM word";
    const BROKEN: &str = "INSERT INTO word VALUES ('third'); INSERT INTO missing VALUES (1)";

    fn words(migrations: &'static [&'static str]) -> Schema {
        let (name, durability) = ("words", Durability::Rebuildable);
        Schema {
            name,
            application_id: 0x7470_0002,
            durability,
            readers: Readers::Patient,
            log_pages: Schema::LOG_PAGES,
            migrations,
        }
    }

    fn open(folder: &TempDir, schema: &Schema) -> Result<Vault, OpenError> {
        let path: PathBuf = folder.path().join("words.db");
        Vault::open(&path, &MasterKey::new([7; 32]).derive("words"), schema)
    }

    async fn version_and_words(vault: Vault) -> (u32, Vec<String>) {
        let found = vault
            .read(|connection| {
                let mut select = connection.prepare("SELECT text FROM word ORDER BY rowid")?;
                let words = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
                Ok((version(connection)?, words))
            })
            .await
            .unwrap();
        vault.close().await.unwrap();
        found
    }

    #[tokio::test]
    async fn each_migration_runs_once_and_in_order() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder, &words(&[CREATE])).unwrap();
        assert_eq!(version_and_words(vault).await, (1, vec!["first".to_owned()]));
        for _ in 0..2 {
            let vault = open(&folder, &words(&[CREATE, EXTEND])).unwrap();
            let expected = vec!["first".to_owned(), "first second".to_owned()];
            assert_eq!(version_and_words(vault).await, (2, expected));
        }
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_the_version_before_it() {
        let folder = TempDir::new().unwrap();
        let refused = open(&folder, &words(&[CREATE, BROKEN, EXTEND]));
        assert!(matches!(refused, Err(OpenError::Migrate { version: 2, .. })), "{refused:?}");
        let vault = open(&folder, &words(&[CREATE])).unwrap();
        assert_eq!(version_and_words(vault).await, (1, vec!["first".to_owned()]));
    }

    #[tokio::test]
    async fn a_file_of_a_newer_release_is_refused_and_stays_as_it_is() {
        let folder = TempDir::new().unwrap();
        open(&folder, &words(&[CREATE, EXTEND])).unwrap().close().await.unwrap();
        let refused = open(&folder, &words(&[CREATE]));
        assert!(matches!(refused, Err(OpenError::TooNew { found: 2, known: 1, .. })), "{refused:?}");
        let vault = open(&folder, &words(&[CREATE, EXTEND])).unwrap();
        assert_eq!(version_and_words(vault).await.0, 2);
    }

    #[tokio::test]
    async fn a_file_of_another_application_is_refused() {
        let folder = TempDir::new().unwrap();
        open(&folder, &words(&[CREATE])).unwrap().close().await.unwrap();
        let other = Schema { application_id: 0x7470_0003, ..words(&[CREATE]) };
        let refused = open(&folder, &other);
        let Err(OpenError::Foreign { found, expected, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!((found, expected), (0x7470_0002, 0x7470_0003));
    }

    #[tokio::test]
    async fn a_rebuildable_vault_trades_the_last_commits_for_speed() {
        let folder = TempDir::new().unwrap();
        let vault = open(&folder, &words(&[CREATE])).unwrap();
        let synchronous = vault.read(|connection| connection.pragma_query_one::<i64>(None, "synchronous")).await;
        assert_eq!(synchronous.unwrap(), 1);
    }
}
