//! Head office's memory: one vault, each statement in a file of its own beside this one.
//!
//! Every change is one transaction. `import` and `publish` run as other processes on the same file as `serve`.

mod contacts;
mod devices;
mod health;
mod journals;
mod lookup;
mod outcomes;
mod publications;
mod reporting;
mod shards;
mod vocabulary;

pub(crate) use devices::Enrolment;
pub(crate) use journals::Standing;
pub(crate) use lookup::FoundRow;
pub(crate) use outcomes::Named;
pub(crate) use reporting::Rows;
#[cfg(test)]
pub(crate) use shards::Stand;
pub(crate) use shards::{Base, Found, Next};

use contacts::Members;
use std::path::{Path, PathBuf};
use touchpoint_protocol::{
    interaction::Interaction,
    name::{GroupId, JournalId, ShardId},
};
use touchpoint_vault::{
    Durability, MasterKey, OpenError, Readers, Schema, Vault,
    column::{json, parsed},
    rusqlite,
};

/// What can go wrong once the database is open.
pub(crate) type Error = touchpoint_vault::Error;

static SCHEMA: Schema = Schema {
    name: "head-office",
    application_id: 0x7470_686f, // "tpho"
    durability: Durability::Precious,
    readers: Readers::Patient,
    log_pages: Schema::LOG_PAGES,
    migrations: &[include_str!("store/schema-1.sql"), include_str!("store/schema-2.sql")],
};

/// The open database. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Store(Vault, Members);

/// Why the database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none. It is never made anew by itself: an empty one would number customers and epochs from the start again.
    #[error("there is no database {}: restore it, or start a new head office with init", .0.display())]
    Missing(PathBuf),
    /// It cannot be opened.
    #[error("the database cannot be opened")]
    Open(#[source] OpenError),
}

/// A head that devices of a shard or a group follow, and how new it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum HeadName {
    /// A shard's snapshot.
    Shard(ShardId),
    /// A group's campaigns.
    Group(GroupId),
}

impl Store {
    /// Makes the database, or opens the one that is there.
    pub(crate) fn create(path: &Path, master: &MasterKey) -> Result<Store, StoreError> {
        let vault = Vault::open(path, &master.derive("head-office"), &SCHEMA).map_err(StoreError::Open)?;
        Ok(Store(vault, Members::default()))
    }

    /// Opens the database.
    pub(crate) fn open(path: &Path, master: &MasterKey) -> Result<Store, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        Store::create(path, master)
    }

    /// Finishes what is queued and closes the file.
    pub(crate) async fn close(self) -> Result<(), Error> {
        self.0.close().await
    }

    /// Which heads there are, and how new: a shard's by epoch and revision, a group's by revision alone.
    pub(crate) async fn heads(&self) -> Result<Vec<(HeadName, (u64, u64))>, Error> {
        let task = |connection: &rusqlite::Connection| {
            let mut select = connection.prepare_cached(include_str!("store/heads.sql"))?;
            let rows = select.query_map([], |row| {
                let name = match row.get(0)? {
                    0 => HeadName::Shard(parsed(row, 1)?),
                    _ => HeadName::Group(parsed(row, 1)?),
                };
                Ok((name, (unsigned(row, 2)?, unsigned(row, 3)?)))
            })?;
            rows.collect()
        };
        self.0.read(task).await
    }

    /// Everything received, in the order of journals and sequences.
    pub(crate) async fn interactions(&self) -> Result<Vec<(JournalId, Interaction)>, Error> {
        let task = |connection: &rusqlite::Connection| {
            let mut select = connection.prepare(include_str!("store/interaction-all.sql"))?;
            let rows = select.query_map([], |row| Ok((parsed(row, 0)?, json(row, 1)?)))?;
            rows.collect()
        };
        self.0.read(task).await
    }
}

/// SQLite's integers are signed; what we count never comes near their end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
