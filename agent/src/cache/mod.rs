//! The rebuildable vault: customers, campaigns and media, as head office published them.
//!
//! A snapshot is written block by block beside the customers that visits are served from, each block with its progress in one
//! transaction, and takes their place at once when it is whole. A delta changes the customers in place, with the revision it leads
//! to in one transaction. Everything here can be fetched again.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tokio::sync::watch;
use touchpoint_protocol::{
    block::{Rows, UnpackError},
    customer::{CustomerId, Profile},
    delta::Delta,
    digest::Digest,
    shard::ShardHead,
    token::Token,
};
use touchpoint_vault::{
    Durability, Error, Key, OpenError, Readers, Schema, Vault,
    rusqlite::{self, OptionalExtension, params},
};

use crate::domain::{
    customer::Customer,
    update::{Held, Staged},
};

mod contacts;
mod guests;

pub(crate) use guests::is_current;

/// The file's schema. The application id is `tpca`, for what `file(1)` shows.
static SCHEMA: Schema = Schema {
    name: "cache",
    application_id: i32::from_be_bytes(*b"tpca"),
    durability: Durability::Rebuildable,
    readers: Readers::Customers,
    log_pages: Schema::LOG_PAGES,
    migrations: &[include_str!("1.sql")],
};

/// Rows deleted in one transaction: a tenth of a second on a kiosk, so that no other write waits long.
const SWEEP: u32 = 10_000;

/// The open cache. Clones are the same cache.
#[derive(Debug, Clone)]
pub struct Cache(Vault);

/// Why the cache did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The database refused.
    #[error("cannot {task}")]
    Vault {
        /// What was asked.
        task: &'static str,
        /// Why.
        #[source]
        source: Error,
    },
    /// A customer's profile cannot be read.
    #[error("a customer's profile in {} cannot be read", path.display())]
    Profile {
        /// The database.
        path: PathBuf,
    },
    /// A delta holds something else than its rows.
    #[error("the delta from revision {from} of epoch {epoch}")]
    Delta {
        /// Of which epoch.
        epoch: u64,
        /// From which revision.
        from: u64,
        /// What is wrong with it.
        #[source]
        source: UnpackError,
    },
}

/// Campaigns as the cache keeps them.
#[derive(Debug)]
pub struct StoredCampaigns {
    /// Their revision.
    pub revision: u64,
    /// The bundle, as it travelled.
    pub bundle: Vec<u8>,
    /// The media, as they travelled.
    pub media: Vec<(Digest, Vec<u8>)>,
}

impl Cache {
    /// Opens the cache, or makes an empty one. Blocks.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open(path: &Path, key: &Key) -> Result<Cache, OpenError> {
        Vault::open(path, key, &SCHEMA).map(Cache)
    }

    /// Who has one of these tokens. Blocks.
    ///
    /// # Errors
    /// The database refused, or the row cannot be read.
    pub fn customer(&self, tokens: &[Token]) -> Result<Option<Customer>, CacheError> {
        let found = self.0.read_here(|connection| {
            let mut lookup = connection.prepare_cached(include_str!("lookup.sql"))?;
            for token in tokens {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
                if let Some(found) = lookup.query_row([&token.as_bytes()[..]], row).optional()? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        });
        let found = found.map_err(failed("look up a customer"))?;
        found.map(|(id, profile)| self.known(id, &profile)).transpose()
    }

    /// A customer as a row has them.
    fn known(&self, id: i64, profile: &[u8]) -> Result<Customer, CacheError> {
        let unreadable = || CacheError::Profile { path: self.0.path().to_owned() };
        let id = CustomerId::try_from(id).map_err(|_| unreadable())?;
        let profile = Profile::from_cbor(profile).map_err(|_| unreadable())?;
        Ok(Customer { id, profile })
    }

    /// What the cache holds whole, and what it is fetching.
    ///
    /// # Errors
    /// The database refused.
    pub async fn held(&self) -> Result<Held, CacheError> {
        let held = self.0.read(|connection| {
            let sql = "SELECT epoch, revision, position, campaigns, staged_blocks, staged_epoch, manifest FROM holding";
            connection.query_row(sql, [], |row| {
                let staged = row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned);
                let blocks = row.get(4)?;
                let staged = staged.map(|epoch| digest(row, 6).map(|manifest| Staged { epoch, manifest, blocks }));
                Ok(Held {
                    epoch: row.get::<_, i64>(0)?.cast_unsigned(),
                    revision: row.get::<_, i64>(1)?.cast_unsigned(),
                    contacts: row.get::<_, i64>(2)?.cast_unsigned(),
                    campaigns: row.get::<_, i64>(3)?.cast_unsigned(),
                    staged: staged.transpose()?,
                })
            })
        });
        held.await.map_err(failed("read what is held"))
    }

    /// How many tokens visits are served from.
    ///
    /// # Errors
    /// The database refused.
    pub async fn customers(&self) -> Result<u64, CacheError> {
        let count = self
            .0
            .read(|connection| connection.query_row("SELECT customers FROM holding", [], |row| row.get::<_, i64>(0)));
        Ok(count.await.map_err(failed("count customers"))?.cast_unsigned())
    }

    /// Begins to fetch this head's snapshot: whatever was fetched of another is dropped.
    ///
    /// # Errors
    /// The database refused.
    pub async fn begin(&self, head: &ShardHead) -> Result<(), CacheError> {
        let (epoch, manifest) = (head.epoch.cast_signed(), head.manifest());
        // Forgotten before it is swept away, so that nobody goes on where rows are missing.
        let forget = "UPDATE holding SET staged_epoch = NULL, manifest = NULL, staged_blocks = 0";
        let forgotten = self.0.write(move |transaction| transaction.execute(forget, []).map(drop));
        forgotten.await.map_err(failed("begin a snapshot"))?;
        self.sweep().await?;
        let begin = self.0.write(move |transaction| {
            let sql = "UPDATE holding SET staged_epoch = ?1, manifest = ?2";
            transaction.execute(sql, params![epoch, manifest.as_bytes()]).map(drop)
        });
        begin.await.map_err(failed("begin a snapshot"))
    }

    /// Writes one block and the progress it makes, in one transaction.
    ///
    /// # Errors
    /// The database refused.
    pub async fn stage(&self, block: u32, rows: Rows) -> Result<(), CacheError> {
        let staged = self.0.write(move |transaction| {
            let mut stage = transaction.prepare_cached(include_str!("stage.sql"))?;
            for row in rows.iter() {
                stage.execute(params![&row.token.as_bytes()[..], i64::from(row.customer), row.profile])?;
            }
            transaction.execute("UPDATE holding SET staged_blocks = ?1", [block + 1]).map(drop)
        });
        staged.await.map_err(failed("write a block"))
    }

    /// Serves visits from the snapshot that is now whole, and clears the old one away.
    ///
    /// # Errors
    /// The database refused.
    pub async fn swap(&self, head: &ShardHead) -> Result<(), CacheError> {
        let (epoch, rows) = (head.epoch.cast_signed(), head.rows.cast_signed());
        let swap = self.0.write(move |transaction| {
            transaction.execute(include_str!("swap.sql"), [epoch, rows])?;
            guests::forget_all(transaction)
        });
        swap.await.map_err(failed("put a snapshot in place"))?;
        self.sweep().await
    }

    /// Changes the customers as a delta says, and returns how many tokens they have then; `None`, with nothing changed, if it does
    /// not lead on from the revision held.
    ///
    /// # Errors
    /// Its rows are none, or the database refused. Nothing of it is kept.
    pub async fn apply(&self, delta: Delta) -> Result<Option<u64>, CacheError> {
        let Delta { epoch, from, to, .. } = delta;
        let rows = delta.rows().map_err(|source| CacheError::Delta { epoch, from, source })?;
        let applied = self.0.write(move |transaction| {
            let sql = "SELECT live, customers FROM holding WHERE epoch = ?1 AND revision = ?2";
            let held = transaction.query_row(sql, [epoch.cast_signed(), from.cast_signed()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            });
            let Some((live, mut customers)) = held.optional()? else { return Ok(None) };
            let mut change = transaction.prepare_cached(include_str!("change.sql"))?;
            let mut add = transaction.prepare_cached(include_str!("add.sql"))?;
            let mut erase = transaction.prepare_cached(include_str!("erase.sql"))?;
            for row in rows.iter().flat_map(Rows::iter) {
                let values = params![live, &row.token.as_bytes()[..], i64::from(row.customer), row.profile];
                if change.execute(values)? == 0 {
                    add.execute(values)?;
                    customers += 1;
                }
            }
            for token in &delta.erased {
                if erase.execute(params![live, &token.as_bytes()[..]])? > 0 {
                    customers -= 1;
                }
            }
            guests::forget(transaction, rows.as_ref(), &delta.erased)?;
            let sql = "UPDATE holding SET revision = ?1, customers = ?2";
            transaction.execute(sql, [to.cast_signed(), customers])?;
            Ok(Some(customers.cast_unsigned()))
        });
        applied.await.map_err(failed("apply a delta"))
    }

    /// Which media are there.
    ///
    /// # Errors
    /// The database refused.
    pub async fn media(&self) -> Result<BTreeSet<Digest>, CacheError> {
        let media = self.0.read(|connection| {
            let mut query = connection.prepare_cached("SELECT sha256 FROM medium")?;
            query.query_map([], |row| digest(row, 0))?.collect()
        });
        media.await.map_err(failed("list media"))
    }

    /// Puts campaigns in place of those before, and drops media that no campaign uses any more.
    ///
    /// # Errors
    /// The database refused; the campaigns before stay in place.
    pub async fn activate(&self, campaigns: StoredCampaigns, used: BTreeSet<Digest>) -> Result<(), CacheError> {
        let activate = self.0.write(move |transaction| {
            for (sha256, bytes) in &campaigns.media {
                // Named by its content: one that is there already is the same.
                let sql = "INSERT OR IGNORE INTO medium (sha256, bytes) VALUES (?1, ?2)";
                transaction.execute(sql, params![sha256.as_bytes(), bytes])?;
            }
            let known: Vec<Digest> = {
                let mut query = transaction.prepare("SELECT sha256 FROM medium")?;
                query.query_map([], |row| digest(row, 0))?.collect::<Result<_, _>>()?
            };
            for unused in known.iter().filter(|sha256| !used.contains(sha256)) {
                transaction.execute("DELETE FROM medium WHERE sha256 = ?1", [unused.as_bytes()])?;
            }
            let sql = "UPDATE holding SET campaigns = ?1, bundle = ?2";
            transaction.execute(sql, params![campaigns.revision.cast_signed(), campaigns.bundle]).map(drop)
        });
        activate.await.map_err(failed("put campaigns in place"))
    }

    /// The campaigns in place, if there are any.
    ///
    /// # Errors
    /// The database refused.
    pub async fn campaigns(&self) -> Result<Option<StoredCampaigns>, CacheError> {
        let campaigns = self.0.read(|connection| {
            let sql = "SELECT campaigns, bundle FROM holding WHERE bundle IS NOT NULL";
            let bundle = connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional()?;
            let Some((revision, bundle)) = bundle else { return Ok(None) };
            let mut query = connection.prepare("SELECT sha256, bytes FROM medium")?;
            let media = query.query_map([], |row| Ok((digest(row, 0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
            Ok(Some(StoredCampaigns { revision: revision.cast_unsigned(), bundle, media }))
        });
        campaigns.await.map_err(failed("read the campaigns"))
    }

    /// Whether the file has turned out to be damaged, now and as it happens.
    pub fn damage(&self) -> watch::Receiver<bool> {
        self.0.damage()
    }

    /// Closes the file; waits for what is queued.
    ///
    /// # Errors
    /// As [`Vault::close`].
    pub async fn close(self) -> Result<(), Error> {
        self.0.close().await
    }

    /// Deletes the customers that no visit is served from, a bounded number at a time.
    async fn sweep(&self) -> Result<(), CacheError> {
        loop {
            let deleted = self.0.write(|transaction| transaction.execute(include_str!("sweep.sql"), [SWEEP]));
            if deleted.await.map_err(failed("clear customers away"))? == 0 {
                return Ok(());
            }
        }
    }
}

fn digest(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    row.get::<_, [u8; 32]>(column).map(Digest::from_bytes)
}

fn failed(task: &'static str) -> impl FnOnce(Error) -> CacheError {
    move |source| CacheError::Vault { task, source }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
