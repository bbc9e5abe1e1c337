//! A shard's customers, replaced as a whole by a file.

use crate::{
    customers::{BadRows, Customers, ReadError},
    office::Office,
    snapshot::{self, SnapshotError},
};
use serde::Serialize;
use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::task::{JoinError, spawn_blocking};
use touchpoint_protocol::name::ShardId;

/// What to do about rows that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBadRows {
    /// Import nothing: a file with one wrong row may have more that look right.
    Refuse,
    /// Import the others.
    Skip,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The shard.
    pub shard: ShardId,
    /// Its new epoch.
    pub epoch: u64,
    /// Customers in it.
    pub customers: u64,
    /// Those of them who were not known before.
    pub newcomers: u64,
    /// Rows, one for each token.
    pub rows: u64,
    /// Blocks they travel in.
    pub blocks: u64,
    /// Bytes of all blocks.
    pub bytes: u64,
    /// What was left out.
    #[serde(skip)]
    pub skipped: BadRows,
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
    /// No customer at all. An export that failed looks like this, and would take every customer from every device.
    #[error("nothing was imported, for {} holds no customer", .0.display())]
    Empty(PathBuf),
    /// The customers do not make a snapshot.
    #[error("nothing was imported")]
    Snapshot(#[source] SnapshotError),
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
    /// Makes the rows of a file the next epoch of a shard: customers who are not in it are no longer in the shard. `file` is how
    /// problems name it.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn import(
        &self,
        shard: &ShardId,
        file: &Path,
        rows: impl Read + Send + 'static,
        on_bad_rows: OnBadRows,
    ) -> Result<Imported, ImportError> {
        let failed = |source| ImportError::Store { shard: shard.clone(), source };
        let (path, keys) = (file.to_owned(), Arc::clone(&self.keys));
        let read = spawn_blocking(move || Customers::read(&path, rows, &keys.token)).await;
        let Customers { customers, bad } = read.map_err(ImportError::Broken)?.map_err(ImportError::Read)?;
        if bad.count > 0 && on_bad_rows == OnBadRows::Refuse {
            return Err(ImportError::Rows { path: file.to_owned(), bad });
        }
        if customers.is_empty() {
            return Err(ImportError::Empty(file.to_owned()));
        }
        let base = self.store.base(shard).await.map_err(failed)?;
        let (before, keys, count) = ((base.epoch, base.last_number), Arc::clone(&self.keys), customers.len() as u64);
        let built = spawn_blocking(move || snapshot::build(customers, &base, keys.token.id())).await;
        let snapshot = built.map_err(ImportError::Broken)?.map_err(ImportError::Snapshot)?;
        let imported = Imported {
            shard: shard.clone(),
            epoch: before.0 + 1,
            customers: count,
            newcomers: snapshot.newcomers.len() as u64,
            rows: snapshot.rows,
            blocks: snapshot.blocks.len() as u64,
            bytes: snapshot.blocks.iter().map(|(block, _)| block.bytes.len() as u64).sum(),
            skipped: bad,
        };
        match self.store.replace(shard, before, snapshot).await.map_err(failed)? {
            Some(epoch) => Ok(Imported { epoch, ..imported }),
            None => Err(ImportError::Overtaken),
        }
    }
}

fn problems(count: u64) -> String {
    if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::store::BlockFound;
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
            let BlockFound::Bytes(bytes) = stored else { panic!("{stored:?}") };
            assert_eq!(Digest::of(&bytes), block.sha256);
            let unpacked = Rows::decompress(&bytes).unwrap();
            found.extend(unpacked.iter().map(|row| {
                let row = row.unwrap();
                (row.token, row.customer.into(), Profile::from_cbor(row.profile).unwrap())
            }));
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
