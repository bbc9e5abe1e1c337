//! A shard's customers, replaced as a whole by a file; what is different travels to the devices.

mod addition;
mod mapping;
mod rejects;
mod source;

use addition::add;
pub use mapping::Mapping;
pub(crate) use mapping::{ConsentFields, Field, Value};
pub use rejects::{RejectsError, write_rejects};
pub(crate) use source::{Layout, Raw, Source};

use crate::{
    changes::Changes,
    customers::{BadRows, Customers, ReadError},
    office::Office,
    snapshot::{Snapshot, SnapshotError},
    store::{Base, Next},
    table::Table,
};
use roaring::RoaringTreemap;
use serde::Serialize;
use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::task::{JoinError, spawn_blocking};
use touchpoint_protocol::{
    block::{PackError, UnpackError},
    customer::CustomerIdError,
    name::{KeyId, ShardId, Tenant},
};

/// The part of an epoch's rows that deltas may change before a new epoch is made, as one in so many: a device that comes new
/// fetches the snapshot and all deltas, and a change costs about twice as much in a delta as in a block.
const SHARE: u64 = 5;

/// Most deltas of an epoch. A device pulls them one by one, and at a round trip of 100 ms so many take less than two minutes.
const MOST_DELTAS: u64 = 1_000;

/// What to do about rows that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBadRows {
    /// Import nothing: a file with one wrong row may have more that look right.
    Refuse,
    /// Import the others, unless more rows than so many in a hundred are bad.
    Skip {
        /// The share, in percent.
        at_most: u8,
    },
}

/// How to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Where in the file stands what.
    pub mapping: Mapping,
    /// What to do about rows that cannot be taken.
    pub on_bad_rows: OnBadRows,
    /// Whether the customers of the shard who are not in the file stay in it.
    pub adds: bool,
    /// Whether nothing is to be changed: what comes back then says what would be.
    pub is_rehearsal: bool,
}

impl From<OnBadRows> for Import {
    /// The whole shard, in the columns that head office calls its own.
    fn from(on_bad_rows: OnBadRows) -> Import {
        Import { mapping: Mapping::default(), on_bad_rows, adds: false, is_rehearsal: false }
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The shard.
    pub shard: ShardId,
    /// Its epoch.
    pub epoch: u64,
    /// Its revision of that epoch: 0 if the epoch is new.
    pub revision: u64,
    /// Customers in it.
    pub customers: u64,
    /// Those of them who were not known before.
    pub newcomers: u64,
    /// Rows, one for each token.
    pub rows: u64,
    /// What travels to devices that were up to date.
    pub travels: Travels,
    /// Rows that were left out.
    pub bad_rows: u64,
    /// Whether nothing was changed, because that was asked for.
    pub is_rehearsal: bool,
    /// What was left out, and why.
    #[serde(skip)]
    pub skipped: BadRows,
}

/// How the customers of a file get to the devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Travels {
    /// Devices hold the very same already.
    Nothing,
    /// As deltas.
    Deltas {
        /// How many.
        deltas: u64,
        /// Rows that are new or say something else.
        upserts: u64,
        /// Tokens that are gone.
        erased: u64,
    },
    /// As a whole.
    Snapshot {
        /// Blocks they travel in.
        blocks: u64,
        /// Bytes of all blocks.
        bytes: u64,
    },
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is not the customers' table, or cannot be read.
    #[error("nothing was imported")]
    Read(#[source] ReadError),
    /// Rows that cannot be taken.
    #[error("nothing was imported, for {} has {} to put right", path.display(), problems(bad.count))]
    Rows {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        bad: BadRows,
    },
    /// More of them than may be left out.
    #[error("nothing was imported, for {} of {} rows in {} are bad, over {at_most} %", bad.rows, bad.of, path.display())]
    TooManyBad {
        /// The file.
        path: PathBuf,
        /// The share that may be, in percent.
        at_most: u8,
        /// What is wrong with it.
        bad: BadRows,
    },
    /// The rows that a file is added to cannot be read.
    #[error("nothing was imported, for what devices hold cannot be read back")]
    Held(#[source] UnpackError),
    /// No customer at all. An export that failed looks like this, and would take every customer from every device.
    #[error("nothing was imported, for {} holds no customer", .0.display())]
    Empty(PathBuf),
    /// The customers do not make a snapshot.
    #[error("nothing was imported")]
    Snapshot(#[source] SnapshotError),
    /// A number that customers do not have.
    #[error("nothing was imported, for the customers cannot be numbered")]
    Number(#[source] CustomerIdError),
    /// The changes cannot be packed.
    #[error("nothing was imported, for what has changed cannot be packed")]
    Changes(#[source] PackError),
    /// Another import was faster.
    #[error("nothing was imported, for another import ran at the same time: run it again")]
    Overtaken,
    /// The database failed.
    #[error("nothing was imported into shard {shard}")]
    Store {
        /// The shard.
        shard: ShardId,
        /// Why.
        source: touchpoint_vault::Error,
    },
    /// The work itself broke off.
    #[error("nothing was imported, for the import broke off")]
    Broken(#[source] JoinError),
}

impl Office {
    /// Makes the rows of a file the customers of a shard: those who are not in it are no longer in the shard, unless they are only
    /// added. If little is different, it is the next revisions of the epoch, and else the next epoch. `file` is how problems name it.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn import(
        &self,
        shard: &ShardId,
        file: &Path,
        rows: impl Read + Send + 'static,
        how: impl Into<Import>,
    ) -> Result<Imported, ImportError> {
        let Import { mapping, on_bad_rows, adds, is_rehearsal } = how.into();
        let failed = |source| ImportError::Store { shard: shard.clone(), source };
        let (path, keys) = (file.to_owned(), Arc::clone(&self.keys));
        let read = spawn_blocking(move || Customers::read(&path, rows, &mapping, adds, &keys.token)).await;
        let read = read.map_err(ImportError::Broken)?.map_err(ImportError::Read)?;
        let base = self.store.base(shard).await.map_err(failed)?;
        let before = base.stand;
        let (keys, tenant, of, path) = (Arc::clone(&self.keys), self.tenant().clone(), shard.clone(), file.to_owned());
        let prepared = spawn_blocking(move || {
            let read = if adds { add(read, &base, &path).map_err(ImportError::Held)? } else { read };
            let read = tolerate(read, on_bad_rows, &path)?;
            prepare(read, &base, keys.token.id(), &tenant, &of)
        });
        let Prepared { customers, rows, newcomers, members, next, travels, bad } =
            prepared.await.map_err(ImportError::Broken)??;
        let (epoch, revision) = match &next {
            Next::Epoch(_) => (before.epoch + 1, 0),
            Next::Revisions(deltas) => (before.epoch, before.revision + deltas.len() as u64),
        };
        let imported = Imported {
            shard: shard.clone(),
            epoch,
            revision,
            customers,
            newcomers: newcomers.len() as u64,
            rows,
            travels,
            bad_rows: bad.rows,
            is_rehearsal,
            skipped: bad,
        };
        if is_rehearsal {
            return Ok(imported);
        }
        let advance = self.store.advance(&imported.shard, before, newcomers, members, next);
        match advance.await.map_err(failed)? {
            true => Ok(imported),
            false => Err(ImportError::Overtaken),
        }
    }
}

/// What an import is about to do.
struct Prepared {
    customers: u64,
    rows: u64,
    newcomers: Vec<(Box<str>, i64)>,
    members: RoaringTreemap,
    next: Next,
    travels: Travels,
    bad: BadRows,
}

/// A file's customers, if there are any, and not too much of it is bad.
fn tolerate(read: Customers, on_bad_rows: OnBadRows, file: &Path) -> Result<Customers, ImportError> {
    let Customers { customers, bad } = read;
    let path = file.to_owned();
    match on_bad_rows {
        OnBadRows::Refuse if bad.rows > 0 => return Err(ImportError::Rows { path, bad }),
        OnBadRows::Skip { at_most } if bad.rows * 100 > u64::from(at_most) * bad.of => {
            return Err(ImportError::TooManyBad { path, at_most, bad });
        }
        OnBadRows::Refuse | OnBadRows::Skip { .. } => {}
    }
    if customers.is_empty() { Err(ImportError::Empty(path)) } else { Ok(Customers { customers, bad }) }
}

/// Works out what the customers of a file are to what devices hold.
fn prepare(
    read: Customers,
    base: &Base,
    token_key: &KeyId,
    tenant: &Tenant,
    shard: &ShardId,
) -> Result<Prepared, ImportError> {
    let mut table = Table::new(read.customers, base).map_err(ImportError::Number)?;
    let (next, travels) = match small_changes(&table, base, token_key, tenant, shard)? {
        Some(found) => found,
        None => {
            let snapshot = Snapshot::of(&table, token_key).map_err(ImportError::Snapshot)?;
            let bytes = snapshot.blocks.iter().map(|(block, ..)| block.bytes.len() as u64).sum();
            let travels = Travels::Snapshot { blocks: snapshot.blocks.len() as u64, bytes };
            (Next::Epoch(snapshot), travels)
        }
    };
    let (rows, members, newcomers) = (table.len() as u64, table.members(), std::mem::take(&mut table.newcomers));
    Ok(Prepared { customers: members.len(), rows, newcomers, members, next, travels, bad: read.bad })
}

/// The deltas, if there is an epoch they can lead on from and they do not grow too many.
fn small_changes(
    table: &Table,
    base: &Base,
    token_key: &KeyId,
    tenant: &Tenant,
    shard: &ShardId,
) -> Result<Option<(Next, Travels)>, ImportError> {
    if base.token_key.as_ref() != Some(token_key) {
        return Ok(None);
    }
    let most = (base.rows / SHARE).saturating_sub(base.changes);
    let changes = match Changes::between(&base.published, table, usize::try_from(most).unwrap_or(usize::MAX)) {
        Ok(Some(changes)) => changes,
        Ok(None) => return Ok(None),
        Err(error) => {
            // Whatever it was, a new epoch puts it right.
            tracing::warn!(%shard, error = crate::problem::chain(&error), "what devices hold cannot be read back");
            return Ok(None);
        }
    };
    let now = (base.stand.epoch, base.stand.revision);
    let deltas = changes.deltas(table, tenant, shard, now).map_err(ImportError::Changes)?;
    if base.stand.revision + deltas.len() as u64 > MOST_DELTAS {
        return Ok(None);
    }
    let (upserts, erased) = (changes.upserts() as u64, changes.erased() as u64);
    let travels = match deltas.len() as u64 {
        0 => Travels::Nothing,
        deltas => Travels::Deltas { deltas, upserts, erased },
    };
    Ok(Some((Next::Revisions(deltas), travels)))
}

fn problems(count: u64) -> String {
    if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::store::Found;
    use std::io::Cursor;
    use touchpoint_protocol::{block::Rows, card::Card, customer::Profile, digest::Digest, token::Token};

    const HEADER: &str = "customer,card_number,loyalty_number,segments,language,marketing_consent,first_name\n";

    async fn import(office: &Office, rows: &str) -> Vec<(Token, i64, Profile)> {
        let shard = "all".parse().unwrap();
        let text = Cursor::new(format!("{HEADER}{rows}"));
        let imported = office.import(&shard, Path::new("c.csv"), text, OnBadRows::Refuse).await.unwrap();
        let head = office.store.shard_head(office.tenant(), &shard).await.unwrap().unwrap();
        assert_eq!((head.epoch, head.rows), (imported.epoch, imported.rows));
        let mut found = Vec::new();
        for (number, block) in (0..).zip(&head.blocks) {
            let stored = office.store.block(&shard, head.epoch, number).await.unwrap();
            let Found::Here(bytes) = stored else { panic!("{stored:?}") };
            assert_eq!(Digest::of(&bytes), block.sha256);
            let unpacked = Rows::decompress(&bytes).unwrap();
            found.extend(
                unpacked.iter().map(|row| (row.token, row.customer.into(), Profile::from_cbor(row.profile).unwrap())),
            );
        }
        found
    }

    #[tokio::test]
    async fn the_blocks_hold_exactly_the_rows_and_a_customer_keeps_their_number_for_ever() {
        let folder = tempfile::TempDir::new().unwrap();
        let broker = "mqtt://127.0.0.1:1".parse().unwrap();
        let office = crate::init(folder.path(), &"acme".parse().unwrap(), &broker).unwrap();
        let anna = Profile { segments: vec!["gold".parse().unwrap()], ..Profile::default() };
        let card = office.keys.token.token(Card::payment("4111111111111111").unwrap());
        let loyalty = |number: &str| office.keys.token.token(Card::loyalty(number).unwrap());

        let mut expected =
            vec![(card, 1, anna.clone()), (loyalty("L1"), 1, anna.clone()), (loyalty("L2"), 2, Profile::default())];
        expected.sort_by_key(|(token, ..)| *token);
        let rows = import(&office, "bert,,L2,,,,\nanna,4111111111111111,L1,gold,,,\n").await;
        assert_eq!(rows, expected);

        // Anna has lost her card, Bert has gone, Aaron is new.
        let mut expected = vec![(loyalty("L1"), 1, anna), (loyalty("L3"), 3, Profile::default())];
        expected.sort_by_key(|(token, ..)| *token);
        assert_eq!(import(&office, "aaron,,L3,,,,\nanna,,L1,gold,,,\n").await, expected);

        // And Bert comes back.
        assert_eq!(import(&office, "bert,,L2,,,,\n").await, [(loyalty("L2"), 2, Profile::default())]);
    }
}
