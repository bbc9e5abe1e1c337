//! Customers' numbers, and the snapshot of each shard.

use super::{Error, Store, parsed, signed, unsigned};
use crate::snapshot::Snapshot;
use std::collections::HashMap;
use touchpoint_protocol::{
    digest::Digest,
    name::{ShardId, Tenant},
    shard::{BlockRef, ShardHead},
};
use touchpoint_vault::rusqlite::{self, Connection, OptionalExtension, Transaction};

/// What a new snapshot is built on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Base {
    /// The shard's present epoch, 0 if it has none.
    pub(crate) epoch: u64,
    /// Every customer's number by their external key.
    pub(crate) numbers: HashMap<Box<str>, i64>,
    /// The highest number given, 0 if none is.
    pub(crate) last_number: i64,
}

/// What was found where a block was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlockFound {
    /// The block.
    Bytes(Vec<u8>),
    /// The shard has another epoch by now.
    Superseded,
    /// There is no such shard or block.
    Nothing,
}

impl Store {
    /// What a new snapshot of this shard is built on.
    pub(crate) async fn base(&self, shard: &ShardId) -> Result<Base, Error> {
        let shard = shard.clone();
        let task = move |connection: &Connection| {
            let mut select = connection.prepare(include_str!("customer-numbers.sql"))?;
            let numbers = select.query_map([], |row| Ok((row.get::<_, Box<str>>(0)?, row.get(1)?)))?;
            Ok(Base {
                epoch: epoch(connection, &shard)?,
                numbers: numbers.collect::<Result<_, _>>()?,
                last_number: last_number(connection)?,
            })
        };
        self.0.read(task).await
    }

    /// Makes a snapshot the shard's next epoch, and returns it; `None`, with nothing changed, if another import was faster and the
    /// base no longer holds.
    pub(crate) async fn replace(
        &self,
        shard: &ShardId,
        base: (u64, i64),
        snapshot: Snapshot,
    ) -> Result<Option<u64>, Error> {
        let shard = shard.clone();
        let task = move |transaction: &Transaction<'_>| {
            if base != (epoch(transaction, &shard)?, last_number(transaction)?) {
                return Ok(None);
            }
            let next = base.0 + 1;
            let mut insert = transaction.prepare(include_str!("customer-insert.sql"))?;
            for (key, number) in &snapshot.newcomers {
                insert.execute((key, number))?;
            }
            transaction.execute(include_str!("block-clear.sql"), [shard.as_str()])?;
            let values = (shard.as_str(), signed(next), snapshot.token_key.as_str(), signed(snapshot.rows));
            transaction.execute(include_str!("shard-replace.sql"), values)?;
            let mut insert = transaction.prepare(include_str!("block-insert.sql"))?;
            for (number, (block, sha256)) in (0_i64..).zip(&snapshot.blocks) {
                insert.execute((shard.as_str(), number, sha256.as_bytes(), block.rows, &block.bytes))?;
            }
            Ok(Some(next))
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
            let head = connection.query_row(include_str!("shard-head.sql"), [shard.as_str()], |row| {
                Ok((unsigned(row, 0)?, parsed(row, 1)?, unsigned(row, 2)?))
            });
            let Some((epoch, token_key, rows)) = head.optional()? else { return Ok(None) };
            Ok(Some(ShardHead { tenant, shard, epoch, token_key, rows, blocks }))
        };
        self.0.read(task).await
    }

    /// One block of a shard's present snapshot.
    pub(crate) async fn block(&self, shard: &ShardId, wanted: u64, number: u32) -> Result<BlockFound, Error> {
        let shard = shard.clone();
        let task = move |connection: &Connection| match epoch(connection, &shard)? {
            0 => Ok(BlockFound::Nothing),
            now if now != wanted => Ok(BlockFound::Superseded),
            _ => {
                let mut select = connection.prepare_cached(include_str!("block-bytes.sql"))?;
                let bytes = select.query_row((shard.as_str(), number), |row| row.get(0)).optional()?;
                Ok(bytes.map_or(BlockFound::Nothing, BlockFound::Bytes))
            }
        };
        self.0.read(task).await
    }
}

fn epoch(connection: &Connection, shard: &ShardId) -> rusqlite::Result<u64> {
    let mut select = connection.prepare_cached(include_str!("shard-epoch.sql"))?;
    Ok(select.query_row([shard.as_str()], |row| unsigned(row, 0)).optional()?.unwrap_or(0))
}

fn last_number(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(include_str!("customer-last.sql"), [], |row| row.get(0))
}

/// A digest as the database holds it.
pub(super) fn digest(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    row.get(column).map(Digest::from_bytes)
}
