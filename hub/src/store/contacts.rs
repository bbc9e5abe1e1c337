//! The contact log of each shard, and who is erased from it.
//!
//! Which shards a customer belongs to is asked of every contact that arrives: a bitmap of each shard's customers answers it in memory,
//! and is read anew when an import has changed it.

use super::{Error, Store, signed, unsigned};
use roaring::RoaringTreemap;
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};
use touchpoint_protocol::{contact::Contact, contacts::Entry, customer::CustomerId, limits, name::ShardId, utc::Utc};
use touchpoint_vault::{
    column::{parsed, unreadable},
    rusqlite::{self, Connection, OptionalExtension, Transaction},
};

/// Most contacts that go with one batch: more than come with it, so that what is too old goes sooner or later, and no other write
/// waits long.
const PRUNED: i64 = 2_000;

/// Which customers each shard has, as last read. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members(Arc<Mutex<BTreeMap<ShardId, (u64, RoaringTreemap)>>>);

impl Store {
    /// Entries after a position, at most a page of them, and up to where they are all there are: the end of the log, unless there are
    /// more. A shard that was never imported has an empty log.
    pub(crate) async fn contacts_after(&self, shard: &ShardId, after: u64) -> Result<(Vec<(u64, Entry)>, u64), Error> {
        let shard = shard.clone();
        let task = move |connection: &Connection| {
            let mut select = connection.prepare_cached(include_str!("contact-after.sql"))?;
            let values = (shard.as_str(), signed(after), signed(limits::CONTACTS as u64));
            let entries = select.query_map(values, |row| Ok((unsigned(row, 0)?, entry(row, 1)?)))?;
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let end = match entries.last() {
                Some((last, _)) if entries.len() == limits::CONTACTS => *last,
                _ => {
                    let mut last = connection.prepare_cached(include_str!("contact-last.sql"))?;
                    last.query_row([shard.as_str()], |row| unsigned(row, 0)).optional()?.unwrap_or(0)
                }
            };
            Ok((entries, end))
        };
        self.0.read(task).await
    }

    /// Where the log of each shard ends.
    pub(crate) async fn contact_ends(&self) -> Result<Vec<(ShardId, u64)>, Error> {
        let task = |connection: &Connection| {
            let mut select = connection.prepare_cached(include_str!("contact-ends.sql"))?;
            select.query_map([], |row| Ok((parsed(row, 0)?, unsigned(row, 1)?)))?.collect()
        };
        self.0.read(task).await
    }

    /// From which position to which the log of each shard is still to pass by on the line. Whoever asks is the one to publish it:
    /// nobody is told of it again.
    pub(crate) async fn claim_contacts(&self) -> Result<Vec<(ShardId, Range<u64>)>, Error> {
        let unclaimed = |connection: &Connection| {
            let mut select = connection.prepare_cached(include_str!("contact-unpublished.sql"))?;
            let claim = |row: &rusqlite::Row<'_>| Ok((parsed(row, 0)?, unsigned(row, 1)?..unsigned(row, 2)?));
            select.query_map([], claim)?.collect::<Result<Vec<_>, _>>()
        };
        // Mostly there is nothing, and whoever only looks keeps nobody waiting.
        if self.0.read(unclaimed).await?.is_empty() {
            return Ok(Vec::new());
        }
        let task = move |transaction: &Transaction<'_>| {
            let claims = unclaimed(transaction)?;
            transaction.execute(include_str!("contact-published.sql"), [])?;
            Ok(claims)
        };
        self.0.write(task).await
    }
}

impl Members {
    /// Appends a contact to the log of each shard that has the customer; false if none has.
    pub(super) fn append(&self, transaction: &Transaction<'_>, contact: &Contact, now: Utc) -> rusqlite::Result<bool> {
        let shards = self.shards_of(transaction, contact.customer)?;
        let entry = Entry::Contact(contact.clone());
        shards.iter().try_for_each(|shard| append(transaction, shard, contact.customer, &entry, now))?;
        Ok(!shards.is_empty())
    }

    /// Whether any shard has the customer.
    pub(super) fn has(&self, transaction: &Transaction<'_>, customer: CustomerId) -> rusqlite::Result<bool> {
        Ok(!self.shards_of(transaction, customer)?.is_empty())
    }

    /// Makes these the customers of a shard. Who is none of them any more is erased from its log; who is in no other shard either is
    /// forgotten in what devices recorded, and what they did later is gone.
    pub(super) fn replace(
        &self,
        transaction: &Transaction<'_>,
        shard: &ShardId,
        customers: &RoaringTreemap,
        now: Utc,
    ) -> rusqlite::Result<()> {
        let before = customers_of(transaction, shard)?;
        if before.as_ref() == Some(customers) {
            return Ok(());
        }
        let mut gone = Vec::new();
        for number in before.unwrap_or_default() - customers {
            let customer = i64::try_from(number).ok().and_then(|number| CustomerId::try_from(number).ok());
            // It was one when it was put in.
            let Some(customer) = customer else { continue };
            let elsewhere = self.shards_of(transaction, customer)?.iter().any(|other| other != shard);
            gone.push((customer, elsewhere));
        }
        let mut bytes = Vec::with_capacity(customers.serialized_size());
        customers.serialize_into(&mut bytes).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        transaction.execute(include_str!("contact-log-replace.sql"), (shard.as_str(), bytes))?;
        let mut clear = transaction.prepare_cached(include_str!("contact-clear.sql"))?;
        let mut forget = transaction.prepare_cached(include_str!("interaction-forget.sql"))?;
        let mut forget_outcomes = transaction.prepare_cached(include_str!("outcome-forget.sql"))?;
        for (customer, elsewhere) in gone {
            clear.execute((shard.as_str(), i64::from(customer)))?;
            append(transaction, shard, customer, &Entry::Erased(customer), now)?;
            if !elsewhere {
                forget.execute([i64::from(customer)])?;
                forget_outcomes.execute([i64::from(customer)])?;
            }
        }
        Ok(())
    }

    fn shards_of(&self, transaction: &Transaction<'_>, customer: CustomerId) -> rusqlite::Result<Vec<ShardId>> {
        // Whoever panicked with it in hand left each entry as it was read.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut logs = transaction.prepare_cached(include_str!("contact-logs.sql"))?;
        let mut logs = logs.query([])?;
        let mut found = Vec::new();
        while let Some(row) = logs.next()? {
            let (shard, imported) = (parsed::<ShardId>(row, 0)?, unsigned(row, 1)?);
            if known.get(&shard).is_none_or(|(read, _)| *read != imported) {
                let customers = customers_of(transaction, &shard)?.unwrap_or_default();
                known.insert(shard.clone(), (imported, customers));
            }
            let number = u64::try_from(i64::from(customer)).unwrap_or(u64::MAX);
            if known.get(&shard).is_some_and(|(_, customers)| customers.contains(number)) {
                found.push(shard);
            }
        }
        Ok(found)
    }
}

/// Takes contacts out of the logs that are too old to say anything. Who is erased stays so, as a device may come back from anywhere; and
/// an objection holds until its customer takes it back. Their age is counted from when they arrived, by head office's clock, because a
/// machine's may say anything.
pub(super) fn prune(transaction: &Transaction<'_>, now: Utc) -> rusqlite::Result<()> {
    let mut prune = transaction.prepare_cached(include_str!("contact-prune.sql"))?;
    prune.execute([now.plus_millis(-limits::CONTACT_AGE_MS).as_millis(), PRUNED]).map(drop)
}

fn append(
    transaction: &Transaction<'_>,
    shard: &ShardId,
    customer: CustomerId,
    entry: &Entry,
    now: Utc,
) -> rusqlite::Result<()> {
    let mut end = transaction.prepare_cached(include_str!("contact-append.sql"))?;
    let position: i64 = end.query_row([shard.as_str()], |row| row.get(0))?;
    let (erased, objection) =
        (matches!(entry, Entry::Erased(_)), matches!(entry, Entry::Contact(contact) if contact.is_objection()));
    let values = (shard.as_str(), position, i64::from(customer), erased, objection, now.as_millis(), entry.to_cbor());
    transaction.prepare_cached(include_str!("contact-insert.sql"))?.execute(values).map(drop)
}

fn customers_of(connection: &Connection, shard: &ShardId) -> rusqlite::Result<Option<RoaringTreemap>> {
    let mut select = connection.prepare_cached(include_str!("contact-customers.sql"))?;
    let customers = |row: &rusqlite::Row<'_>| {
        let bytes = row.get_ref(0)?.as_blob()?;
        RoaringTreemap::deserialize_from(bytes).map_err(|error| unreadable(0, error))
    };
    select.query_row([shard.as_str()], customers).optional()
}

fn entry(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Entry> {
    Entry::from_cbor(row.get_ref(column)?.as_blob()?).map_err(|error| unreadable(column, error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
