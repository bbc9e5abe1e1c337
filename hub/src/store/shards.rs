//! Customers' numbers, and the snapshot of each shard with what changed since.

use super::{Error, Store, signed, unsigned};
use crate::{office::now, snapshot::Snapshot, table::Published};
use roaring::RoaringTreemap;
use std::{collections::HashMap, ops::Range};
use touchpoint_protocol::{
    block::Rows,
    delta::Delta,
    digest::Digest,
    name::{KeyId, ShardId, Tenant},
    shard::{BlockRef, ShardHead},
};
use touchpoint_vault::{
    column::{json, parsed, unreadable},
    rusqlite::{self, Connection, OptionalExtension, Row, Transaction},
};

/// How a shard stands; it holds as long as nobody else imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stand {
    /// The shard's present epoch, 0 if it has none.
    pub(crate) epoch: u64,
    /// Its present revision.
    pub(crate) revision: u64,
    /// The highest number given to a customer, 0 if none is.
    pub(crate) last_number: i64,
}

/// What an import is built on.
#[derive(Debug, Default)]
pub(crate) struct Base {
    /// How the shard stands.
    pub(crate) stand: Stand,
    /// Every customer's number by their external key.
    pub(crate) numbers: HashMap<Box<str>, i64>,
    /// The key that the tokens of the epoch were made with.
    pub(crate) token_key: Option<KeyId>,
    /// Rows in the snapshot of the epoch.
    pub(crate) rows: u64,
    /// How many rows and erasures there were since.
    pub(crate) changes: u64,
    /// The rows themselves.
    pub(crate) published: Published,
}

/// What an import makes of a shard.
#[derive(Debug)]
pub(crate) enum Next {
    /// Its next epoch.
    Epoch(Snapshot),
    /// The next revisions of its epoch, each with how many changes it holds.
    Revisions(Vec<(Delta, usize)>),
}

/// What was found where part of an epoch was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found<T> {
    /// It.
    Here(T),
    /// The shard has another epoch by now.
    Superseded,
    /// There is no such shard, block or delta.
    Nothing,
}

impl<T> Found<T> {
    /// Makes something of what was found.
    ///
    /// # Errors
    /// As `make`.
    pub(crate) fn try_map<U, E>(self, make: impl FnOnce(T) -> Result<U, E>) -> Result<Found<U>, E> {
        Ok(match self {
            Found::Here(found) => Found::Here(make(found)?),
            Found::Superseded => Found::Superseded,
            Found::Nothing => Found::Nothing,
        })
    }
}

impl Store {
    /// What an import into this shard is built on.
    pub(crate) async fn base(&self, shard: &ShardId) -> Result<Base, Error> {
        let shard = shard.clone();
        let task = move |connection: &Connection| {
            let mut select = connection.prepare(include_str!("customer-numbers.sql"))?;
            let numbers = select.query_map([], |row| Ok((row.get::<_, Box<str>>(0)?, row.get(1)?)))?;
            let mut base = Base {
                stand: stand(connection, &shard)?,
                numbers: numbers.collect::<Result<_, _>>()?,
                ..Base::default()
            };
            let head = head_of(connection, &shard)?;
            (base.token_key, base.rows) = head.map_or((None, 0), |(_, _, token_key, rows)| (Some(token_key), rows));
            let mut select = connection.prepare(include_str!("block-all.sql"))?;
            base.published.blocks = select.query_map([shard.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut select = connection.prepare(include_str!("delta-list.sql"))?;
            let mut deltas = select.query([shard.as_str()])?;
            while let Some(row) = deltas.next()? {
                base.changes += unsigned(row, 0)?;
                base.published.deltas.push(json(row, 1)?);
            }
            Ok(base)
        };
        self.0.read(task).await
    }

    /// Makes newcomers known and a shard what it is next, with these customers in it; false, with nothing changed, if another import was faster and the shard no
    /// longer stands as it did.
    pub(crate) async fn advance(
        &self,
        shard: &ShardId,
        before: Stand,
        newcomers: Vec<(Box<str>, i64)>,
        customers: RoaringTreemap,
        next: Next,
    ) -> Result<bool, Error> {
        let (shard, members, now) = (shard.clone(), self.1.clone(), now());
        let task = move |transaction: &Transaction<'_>| {
            if before != stand(transaction, &shard)? {
                return Ok(false);
            }
            let mut insert = transaction.prepare(include_str!("customer-insert.sql"))?;
            for (key, number) in &newcomers {
                insert.execute((key, number))?;
            }
            match next {
                Next::Epoch(snapshot) => replace(transaction, &shard, before.epoch + 1, &snapshot)?,
                Next::Revisions(deltas) => add(transaction, &shard, &deltas)?,
            }
            members.replace(transaction, &shard, &customers, now)?;
            Ok(true)
        };
        self.0.write(task).await
    }

    /// The head of a shard, if it has ever been imported.
    pub(crate) async fn shard_head(&self, tenant: &Tenant, shard: &ShardId) -> Result<Option<ShardHead>, Error> {
        let (tenant, shard) = (tenant.clone(), shard.clone());
        let task = move |connection: &Connection| {
            let mut select = connection.prepare(include_str!("block-list.sql"))?;
            let blocks = select
                .query_map([shard.as_str()], |row| Ok(BlockRef { sha256: digest(row, 0)?, rows: row.get(1)? }))?;
            let blocks = blocks.collect::<Result<_, _>>()?;
            let Some((epoch, revision, token_key, rows)) = head_of(connection, &shard)? else { return Ok(None) };
            Ok(Some(ShardHead { tenant, shard, epoch, revision, token_key, rows, blocks }))
        };
        self.0.read(task).await
    }

    /// One block of a shard's present snapshot.
    pub(crate) async fn block(&self, shard: &ShardId, epoch: u64, number: u32) -> Result<Found<Vec<u8>>, Error> {
        let shard = shard.clone();
        let task = move |connection: &Connection| {
            find(connection, &shard, epoch, |connection| {
                let mut select = connection.prepare_cached(include_str!("block-bytes.sql"))?;
                select.query_row((shard.as_str(), number), |row| row.get(0)).optional()
            })
        };
        self.0.read(task).await
    }

    /// The delta that leads on from a revision of a shard's present epoch.
    pub(crate) async fn delta(&self, shard: &ShardId, epoch: u64, from: u64) -> Result<Found<Delta>, Error> {
        let shard = shard.clone();
        let task = move |connection: &Connection| {
            find(connection, &shard, epoch, |connection| {
                let mut select = connection.prepare_cached(include_str!("delta-document.sql"))?;
                select.query_row((shard.as_str(), signed(from)), |row| json::<Delta>(row, 0)).optional()
            })
        };
        self.0.read(task).await
    }

    /// The epoch of a shard, and from which revision to which its deltas are still to pass by on the line. Whoever asks is the one to
    /// publish them: nobody is told of them again.
    pub(crate) async fn claim_deltas(&self, shard: &ShardId) -> Result<Option<(u64, Range<u64>)>, Error> {
        let shard = shard.clone();
        let task = move |transaction: &Transaction<'_>| {
            let mut select = transaction.prepare_cached(include_str!("shard-unpublished.sql"))?;
            let claim = |row: &Row<'_>| Ok((unsigned(row, 0)?, unsigned(row, 1)?..unsigned(row, 2)?));
            let claim = select.query_row([shard.as_str()], claim).optional()?;
            if claim.is_some() {
                transaction.execute(include_str!("shard-published.sql"), [shard.as_str()])?;
            }
            Ok(claim)
        };
        self.0.write(task).await
    }
}

/// Looks for part of an epoch, if it is still the shard's.
fn find<T>(
    connection: &Connection,
    shard: &ShardId,
    epoch: u64,
    look: impl FnOnce(&Connection) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Found<T>> {
    match stand(connection, shard)?.epoch {
        0 => Ok(Found::Nothing),
        now if now != epoch => Ok(Found::Superseded),
        _ => Ok(look(connection)?.map_or(Found::Nothing, Found::Here)),
    }
}

fn stand(connection: &Connection, shard: &ShardId) -> rusqlite::Result<Stand> {
    let mut select = connection.prepare_cached(include_str!("shard-stand.sql"))?;
    let found = select.query_row([shard.as_str()], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?))).optional()?;
    let (epoch, revision) = found.unwrap_or_default();
    Ok(Stand { epoch, revision, last_number: last_number(connection)? })
}

/// Epoch, revision, token key and rows of the snapshot.
fn head_of(connection: &Connection, shard: &ShardId) -> rusqlite::Result<Option<(u64, u64, KeyId, u64)>> {
    let mut select = connection.prepare_cached(include_str!("shard-head.sql"))?;
    let head = |row: &Row<'_>| Ok((unsigned(row, 0)?, unsigned(row, 1)?, parsed(row, 2)?, unsigned(row, 3)?));
    select.query_row([shard.as_str()], head).optional()
}

fn replace(transaction: &Transaction<'_>, shard: &ShardId, epoch: u64, snapshot: &Snapshot) -> rusqlite::Result<()> {
    transaction.execute(include_str!("block-clear.sql"), [shard.as_str()])?;
    transaction.execute(include_str!("delta-clear.sql"), [shard.as_str()])?;
    transaction.execute(include_str!("change-clear.sql"), [shard.as_str()])?;
    let values = (shard.as_str(), signed(epoch), snapshot.token_key.as_str(), signed(snapshot.rows));
    transaction.execute(include_str!("shard-replace.sql"), values)?;
    let mut insert = transaction.prepare(include_str!("block-insert.sql"))?;
    for (number, (block, sha256, first)) in (0_i64..).zip(&snapshot.blocks) {
        insert.execute((shard.as_str(), number, sha256.as_bytes(), first.as_bytes(), block.rows, &block.bytes))?;
    }
    Ok(())
}

fn add(transaction: &Transaction<'_>, shard: &ShardId, deltas: &[(Delta, usize)]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare(include_str!("delta-insert.sql"))?;
    for (delta, changes) in deltas {
        let document =
            serde_json::to_string(delta).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        insert.execute((shard.as_str(), signed(delta.to), signed(*changes as u64), document))?;
        transaction.execute(include_str!("shard-advance.sql"), (shard.as_str(), signed(delta.to)))?;
        remember(transaction, shard, delta)?;
    }
    Ok(())
}

/// Notes which tokens a delta speaks of, so that one of them is found without reading all deltas.
fn remember(transaction: &Transaction<'_>, shard: &ShardId, delta: &Delta) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(include_str!("change-insert.sql"))?;
    let rows = delta.rows().map_err(|error| unreadable(0, error))?;
    let upserts = rows.iter().flat_map(Rows::iter).map(|row| row.token);
    for token in upserts.chain(delta.erased.iter().copied()) {
        insert.execute((shard.as_str(), token.as_bytes(), signed(delta.to)))?;
    }
    Ok(())
}

fn last_number(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(include_str!("customer-last.sql"), [], |row| row.get(0))
}

/// A digest as the database holds it.
pub(super) fn digest(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    row.get(column).map(Digest::from_bytes)
}
