//! The journal's bound, and what goes when it is reached.
//!
//! What head office has confirmed is kept as contact history, and goes when it is too old to matter or when there is no room. What
//! it has not confirmed goes only when nothing else is left, as [`crate::domain::discard`] says.

use std::collections::BTreeMap;
use touchpoint_protocol::{interaction::Fact, limits};
use touchpoint_vault::rusqlite::{self, OptionalExtension, Row, Transaction};

use crate::domain::discard::{Record, Run, Worth, plan};

/// How large a journal may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// Rows.
    pub(super) records: u64,
    /// Bytes of the file that are in use.
    pub(super) bytes: u64,
    /// Rows that go at a time once it is reached, so that not every record has to make room for itself.
    pub(super) batch: usize,
}

/// Half a year of a busy machine with 1,000 interactions a day, all of it unconfirmed; and a file that is copied in a minute. A
/// batch is two days of such a machine: the journal may be read through for it, and no customer waits for a record.
pub(super) const BOUND: Bound = Bound { records: 200_000, bytes: 256 * 1024 * 1024, batch: 2_000 };

/// Bytes of a page: what SQLCipher 4 writes, and it answers the question with a text that is not only a number.
const PAGE: u64 = 4096;

/// Rows that one tidying deletes at most: more than one confirmation brings, and no other write waits long.
const TIDY: usize = 500;

/// Deletes confirmed interactions that are too old to matter, and those that will be in the way soon.
///
/// Their age is counted from the newest interaction that head office has, and only by clocks that followed a time server: a clock
/// that jumps takes no history with it.
pub(super) fn tidy(transaction: &Transaction<'_>, bound: Bound) -> rusqlite::Result<()> {
    let standing = Standing::read(transaction)?;
    if standing.is_full(transaction, Bound { records: bound.records.saturating_sub(TIDY as u64), ..bound })? {
        prune(transaction, standing.confirmed, TIDY)?;
    }
    let newest = transaction
        .prepare_cached(include_str!("newest.sql"))?
        .query_row([standing.confirmed], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        .optional()?;
    let Some((now, true)) = newest else { return Ok(()) };
    let mut oldest = transaction.prepare_cached(include_str!("oldest.sql"))?;
    let mut oldest = oldest.query((standing.confirmed, count(TIDY)))?;
    let mut old = 0;
    while let Some(row) = oldest.next()? {
        let (through, utc, synchronised): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // One whose own clock cannot be believed is at least as old as a later one that can.
        match synchronised {
            true if utc < now.saturating_sub(limits::CONTACT_AGE_MS) => old = through,
            true => break,
            false => {}
        }
    }
    prune(transaction, old, TIDY).map(drop)
}

/// Makes room if there is none: confirmed interactions first, then what head office misses least. Returns how many
/// interactions had to be discarded before head office had them.
pub(super) fn make_room(transaction: &Transaction<'_>, bound: Bound, standing: &Standing) -> rusqlite::Result<u64> {
    if !standing.is_full(transaction, bound)? {
        return Ok(0);
    }
    if prune(transaction, standing.confirmed, bound.batch)? > 0 {
        return Ok(0);
    }
    // Who has searched all of the journal in vain does so again for a batch, and not for each record.
    if standing.searched > 0 && standing.recorded - standing.searched < count(bound.batch) {
        return Ok(0);
    }
    let mut records = BTreeMap::new();
    let mut runs = Vec::new();
    for worth in [Worth::NotShown, Worth::Showing] {
        candidates(transaction, worth, standing.confirmed, 2 * bound.batch, &mut records)?;
        runs = plan(&records.values().copied().collect::<Vec<_>>(), bound.batch);
        if runs.iter().map(|run| run.records - 1).sum::<u64>() >= bound.batch as u64 {
            break;
        }
    }
    runs.iter().try_for_each(|run| discard(transaction, run))?;
    let lost = runs.iter().map(|run| run.lost).sum::<u64>();
    let searched = if runs.is_empty() { standing.recorded } else { 0 };
    let sql = "UPDATE journal SET discarded = discarded + ?1, searched = ?2";
    transaction.execute(sql, [lost.cast_signed(), searched])?;
    Ok(lost)
}

/// What the journal says of itself.
pub(super) struct Standing {
    /// The last sequence number, 0 for none.
    pub(super) recorded: i64,
    confirmed: i64,
    records: u64,
    searched: i64,
}

impl Standing {
    pub(super) fn read(transaction: &Transaction<'_>) -> rusqlite::Result<Standing> {
        transaction.prepare_cached("SELECT recorded, confirmed, records, searched FROM standing")?.query_row(
            [],
            |row| {
                let records = row.get::<_, i64>(2)?.cast_unsigned();
                Ok(Standing { recorded: row.get(0)?, confirmed: row.get(1)?, records, searched: row.get(3)? })
            },
        )
    }

    fn is_full(&self, transaction: &Transaction<'_>, bound: Bound) -> rusqlite::Result<bool> {
        // Asked at every record, so parsed once.
        let pragma = |sql| transaction.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0));
        let pages = pragma("PRAGMA page_count")?.saturating_sub(pragma("PRAGMA freelist_count")?);
        Ok(self.records >= bound.records || pages.cast_unsigned().saturating_mul(PAGE) >= bound.bytes)
    }
}

/// Deletes the oldest, up to and with a sequence number; returns how many.
fn prune(transaction: &Transaction<'_>, through: i64, limit: usize) -> rusqlite::Result<usize> {
    let pruned = transaction.prepare_cached(include_str!("prune.sql"))?.execute((through, count(limit)))?;
    transaction.execute("UPDATE journal SET gone = gone + ?1", [count(pruned)])?;
    Ok(pruned)
}

/// Adds the oldest of one worth, and the discarded runs beside them that they could join.
fn candidates(
    transaction: &Transaction<'_>,
    worth: Worth,
    confirmed: i64,
    limit: usize,
    records: &mut BTreeMap<u64, Record>,
) -> rusqlite::Result<()> {
    let mut oldest = transaction.prepare_cached(include_str!("candidates.sql"))?;
    let found: Vec<Record> = oldest
        .query_map((worth as i64, confirmed, count(limit)), |row| {
            Ok(Record { first: sequence(row, 0)?, through: sequence(row, 1)?, worth })
        })?
        .collect::<Result<_, _>>()?;
    let mut before = transaction.prepare_cached(include_str!("before.sql"))?;
    let mut at = transaction.prepare_cached(include_str!("at.sql"))?;
    records.extend(found.iter().map(|record| (record.first, *record)));
    for record in found {
        for neighbour in [
            before.query_row([record.first.cast_signed()], discarded).optional()?,
            at.query_row([record.through.cast_signed() + 1], discarded).optional()?,
        ] {
            // One of which head office may have a part keeps its place in what was confirmed.
            let joins = |run: &Record| run.first.cast_signed() > confirmed;
            records.extend(neighbour.flatten().filter(joins).map(|run| (run.first, run)));
        }
    }
    Ok(())
}

fn discard(transaction: &Transaction<'_>, run: &Run) -> rusqlite::Result<()> {
    let fact = serde_json::to_string(&Fact::Discarded { through: run.through })
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let (first, through) = (run.first.cast_signed(), run.through.cast_signed());
    transaction.prepare_cached(include_str!("discard.sql"))?.execute((first, through, fact))?;
    let rest = "DELETE FROM interaction WHERE sequence > ?1 AND sequence <= ?2";
    let gone = transaction.prepare_cached(rest)?.execute((first, through))?;
    transaction.execute("UPDATE journal SET gone = gone + ?1", [count(gone)]).map(drop)
}

/// The record, if it is a discarded run.
fn discarded(row: &Row<'_>) -> rusqlite::Result<Option<Record>> {
    let record = Record { first: sequence(row, 0)?, through: sequence(row, 1)?, worth: Worth::Discarded };
    Ok((row.get::<_, i64>(2)? == Worth::Discarded as i64).then_some(record))
}

fn sequence(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

/// SQLite's integers are signed; what we count never comes near their end.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
