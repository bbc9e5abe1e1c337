//! What two databases really hold: copies of a device's files opened with its keys, and what head office has received.
//!
//! Copies, so that a file that a killed agent left behind is looked at as it was left, and the agent finds it so.

use crate::{head_office::HeadOffice, kiosk::Kiosk};
use std::{fs, path::Path};
use tempfile::TempDir;
use touchpoint_agent::{cache::Cache, config::Config, journal::Journal, keys::Keys};
use touchpoint_hub::Office;
use touchpoint_protocol::{
    card::Card,
    contact::Contact,
    contacts::Entry,
    customer::{CustomerId, Profile},
    interaction::Interaction,
    name::JournalId,
};
use touchpoint_vault::{Durability, Key, MasterKey, Readers, Schema, Vault, rusqlite::Connection};

/// More than any journal of a test holds.
const ALL: usize = 1_000_000;

/// More migrations than any vault has, so that a file of every version is opened, none of which changes a copy's content.
static NO_MIGRATIONS: [&str; 100] = [""; 100];

const NO_FAULTS: [&str; 0] = [];

/// A device's journal and cache, from copies of their files.
#[derive(Debug)]
pub struct Books {
    /// Which journal.
    pub journal: JournalId,
    /// The last sequence number it knows to be safe.
    pub confirmed: u64,
    /// Everything it holds, in order.
    pub interactions: Vec<Interaction>,
    cache: Cache,
    keys: Keys,
    _folder: TempDir,
}

impl Books {
    /// Opens copies of the files of a device whose agent does not run, and makes sure that they are whole.
    ///
    /// # Panics
    /// A file is damaged.
    pub async fn of(kiosk: &Kiosk) -> Books {
        let folder = TempDir::new().unwrap();
        let config = Config::read(&kiosk.folder.join("agent.toml")).unwrap();
        let keys = Keys::load(&config.keys, &config.databases()).unwrap();
        let [cache, journal] = config.databases().map(|path| copied(&path, folder.path()));
        let [cache_key, journal_key] = ["cache", "journal"].map(|name| keys.master.derive(name));

        // Opened and closed by the device's own code first, which moves what stands in the log into the file.
        let opened = Journal::open(&journal, &journal_key).await.unwrap();
        let state = opened.state().borrow().clone();
        let interactions = opened.after(0, ALL).await.unwrap();
        opened.close().await.unwrap();
        Cache::open(&cache, &cache_key).unwrap().close().await.unwrap();
        check_whole(&copied(&journal, &sub(folder.path())), &journal_key, *b"tpjo").await;
        check_whole(&copied(&cache, &sub(folder.path())), &cache_key, *b"tpca").await;

        let cache = Cache::open(&cache, &cache_key).unwrap();
        Books { journal: state.id, confirmed: state.confirmed, interactions, cache, keys, _folder: folder }
    }

    /// How many tokens the cache serves visits from.
    pub async fn tokens(&self) -> u64 {
        self.cache.customers().await.unwrap()
    }

    /// Whom a visit with this loyalty number would find.
    pub fn customer(&self, loyalty_number: &str) -> Option<(CustomerId, Profile)> {
        let tokens = self.keys.tokens.tokens(Card::loyalty(loyalty_number).unwrap());
        self.cache.customer(&tokens).unwrap().map(|customer| (customer.id, customer.profile))
    }

    /// What it knows of what was said to a customer anywhere.
    pub fn contacts(&self, customer: CustomerId) -> Vec<Contact> {
        self.cache.contacts(customer).unwrap()
    }

    /// Closes the copies.
    pub async fn close(self) {
        self.cache.close().await.unwrap();
    }
}

/// Everything head office has of one journal, in order; also while it serves.
pub async fn received(office: &HeadOffice, journal: &JournalId) -> Vec<Interaction> {
    let config = touchpoint_hub::Config::load(&office.folder.join("hub.toml")).unwrap();
    let opened = Office::open(&config).unwrap();
    let all = opened.interactions().await.unwrap();
    opened.close().await.unwrap();
    all.into_iter().filter_map(|(of, interaction)| (of == *journal).then_some(interaction)).collect()
}

/// Head office's contact log, each entry with its position; also while it serves.
pub async fn log(office: &HeadOffice) -> Vec<(u64, Entry)> {
    let config = touchpoint_hub::Config::load(&office.folder.join("hub.toml")).unwrap();
    let opened = Office::open(&config).unwrap();
    let all = opened.contacts(&"all".parse().unwrap()).await.unwrap();
    opened.close().await.unwrap();
    all
}

/// Makes sure that the database of a head office that does not run is whole.
///
/// # Panics
/// It is damaged.
pub async fn check_office(office: &HeadOffice) {
    let folder = TempDir::new().unwrap();
    let config = touchpoint_hub::Config::load(&office.folder.join("hub.toml")).unwrap();
    let master = fs::read_to_string(config.keys.join("master.key")).unwrap();
    let key = MasterKey::from_hex(master.trim()).unwrap().derive("head-office");
    check_whole(&copied(&config.database, folder.path()), &key, *b"tpho").await;
}

/// A fresh folder for one more copy.
fn sub(folder: &Path) -> std::path::PathBuf {
    let sub = folder.join("check");
    fs::create_dir_all(&sub).unwrap();
    sub
}

/// Copies a database, with its log if there is one.
fn copied(database: &Path, folder: &Path) -> std::path::PathBuf {
    let copy = folder.join(database.file_name().unwrap());
    fs::copy(database, &copy).unwrap();
    let log = |path: &Path| path.with_extension("db-wal");
    if log(database).exists() {
        fs::copy(log(database), log(&copy)).unwrap();
    }
    copy
}

/// Makes sure that a copy is whole.
async fn check_whole(copy: &Path, key: &Key, application: [u8; 4]) {
    assert_eq!(faults(copy, key, application).await, NO_FAULTS, "{}", copy.display());
}

/// Has SQLite check every row and index, and SQLCipher the authenticity of every page; says what they find.
///
/// # Panics
/// It cannot be opened.
pub async fn faults(copy: &Path, key: &Key, application: [u8; 4]) -> Vec<String> {
    let (name, application_id) = ("copy", i32::from_be_bytes(application));
    let (durability, log_pages) = (Durability::Rebuildable, Schema::LOG_PAGES);
    let schema =
        Schema { name, application_id, durability, readers: Readers::Patient, log_pages, migrations: &NO_MIGRATIONS };
    let vault = Vault::open(copy, key, &schema).unwrap();
    let lines = |connection: &Connection, pragma: &str| {
        connection.prepare(pragma)?.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
    };
    let said = vault.read(move |connection| {
        Ok([lines(connection, "PRAGMA integrity_check")?, lines(connection, "PRAGMA cipher_integrity_check")?].concat())
    });
    let said = said.await.unwrap();
    vault.close().await.unwrap();
    said.into_iter().filter(|line| line != "ok").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    static SCHEMA: Schema = Schema {
        name: "words",
        application_id: i32::from_be_bytes(*b"word"),
        durability: Durability::Precious,
        readers: Readers::Patient,
        log_pages: Schema::LOG_PAGES,
        migrations: &["CREATE TABLE word (text TEXT NOT NULL) STRICT"],
    };

    #[tokio::test]
    #[should_panic(expected = "page")]
    async fn a_page_that_somebody_changed_does_not_pass() {
        let folder = TempDir::new().unwrap();
        let (path, key) = (folder.path().join("words.db"), MasterKey::new([7; 32]).derive("words"));
        let vault = Vault::open(&path, &key, &SCHEMA).unwrap();
        let text = "x".repeat(100_000);
        vault.write(move |all| all.execute("INSERT INTO word VALUES (?1)", [text])).await.unwrap();
        vault.close().await.unwrap();
        check_whole(&copied(&path, &sub(folder.path())), &key, *b"word").await;
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        // Near the end of the text, where no index and no schema is.
        file.write_at(&[0xaa; 16], file.metadata().unwrap().len() - 5_000).unwrap();
        check_whole(&copied(&path, &sub(folder.path())), &key, *b"word").await;
    }
}
