//! What was said to customers at any machine, as far as the contact log was read.

use std::cmp::Reverse;
use touchpoint_protocol::{
    contact::{Contact, ContactKind, InteractionId},
    contacts::Entry,
    customer::CustomerId,
    interaction::{ClockQuality, Moment},
    limits,
    name::JournalId,
    utc::Utc,
};
use touchpoint_vault::rusqlite::{self, Transaction, params, types::Type};

use super::{Cache, CacheError, failed};
use crate::domain::contact::MOST;

/// Most contacts of all customers together: some 100 MB, and a year of a shard whose machines speak to 5,000 customers a day. The
/// oldest go first.
const KEPT: i64 = 2_000_000;

/// Most contacts that go with one page: more than come with it, so that what is too much goes sooner or later, and no other write
/// waits long.
const PRUNED: i64 = 2_000;

impl Cache {
    /// What was said to this customer anywhere, and what they answered, the latest first. Blocks.
    ///
    /// # Errors
    /// The database refused.
    pub fn contacts(&self, customer: CustomerId) -> Result<Vec<Contact>, CacheError> {
        let contacts = self.0.read_here(|connection| {
            let mut query = connection.prepare_cached(include_str!("contacts.sql"))?;
            let most = i64::try_from(MOST).unwrap_or(i64::MAX);
            let mut contacts: Vec<Contact> = Vec::new();
            for showings in [true, false] {
                for found in
                    query.query_map(params![i64::from(customer), showings, most], |row| contact(customer, row))?
                {
                    contacts.push(found?);
                }
            }
            contacts.sort_by_key(|contact| Reverse(contact.at));
            Ok(contacts)
        });
        contacts.map_err(failed("read what was said to a customer"))
    }

    /// Keeps entries of the contact log and up to where it is known then, in one transaction: contacts that are new, and nothing of
    /// who is erased. What is too old by a clock that can be believed goes, and so does what is too much.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep_contacts(&self, entries: Vec<Entry>, position: u64, now: Moment) -> Result<(), CacheError> {
        self.keep_at_most(KEPT, entries, position, now).await
    }

    pub(super) async fn keep_at_most(
        &self,
        kept: i64,
        entries: Vec<Entry>,
        position: u64,
        now: Moment,
    ) -> Result<(), CacheError> {
        let keep = self.0.write(move |transaction| {
            let mut count: i64 = transaction.query_row("SELECT contacts FROM holding", [], |row| row.get(0))?;
            let mut erase = transaction.prepare_cached(include_str!("contact-erase.sql"))?;
            let mut erase_guest = transaction.prepare_cached(include_str!("guest-erase.sql"))?;
            for entry in &entries {
                match entry {
                    Entry::Contact(contact) => count += add(transaction, contact)?,
                    Entry::Erased(customer) => {
                        count -= rows(erase.execute([i64::from(*customer)])?);
                        erase_guest.execute([i64::from(*customer)])?;
                    }
                }
            }
            let mut prune = transaction.prepare_cached(include_str!("contact-prune.sql"))?;
            if now.clock == ClockQuality::Synchronised {
                count -= rows(prune.execute([now.utc.plus_millis(-limits::CONTACT_AGE_MS).as_millis(), PRUNED])?);
            }
            if count > kept {
                count -= rows(prune.execute([i64::MAX, PRUNED.min(count - kept)])?);
            }
            let sql = "UPDATE holding SET position = ?1, contacts = ?2";
            transaction.execute(sql, [position.cast_signed(), count]).map(drop)
        });
        keep.await.map_err(failed("keep contacts"))
    }
}

/// Adds a contact; returns how many rows that is.
fn add(transaction: &Transaction<'_>, contact: &Contact) -> rusqlite::Result<i64> {
    let Contact { id, customer, campaign, at, what } = contact;
    let mut name = transaction.prepare_cached(include_str!("contact-journal.sql"))?;
    let journal: i64 = name.query_row([id.journal.as_str()], |row| row.get(0))?;
    let added = transaction.prepare_cached(include_str!("contact-add.sql"))?.execute(params![
        i64::from(*customer),
        journal,
        id.sequence.cast_signed(),
        campaign.as_str(),
        at.as_millis(),
        what.code(),
    ])?;
    Ok(rows(added))
}

fn contact(customer: CustomerId, row: &rusqlite::Row<'_>) -> rusqlite::Result<Contact> {
    let wrong = |column, error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error);
    let journal = row.get_ref(0)?.as_str()?.parse::<JournalId>().map_err(|error| wrong(0, error.into()))?;
    let campaign = row
        .get_ref(2)?
        .as_str()?
        .parse()
        .map_err(|error: touchpoint_protocol::name::NameError| wrong(2, error.into()))?;
    let what = ContactKind::from_code(row.get(4)?);
    Ok(Contact {
        id: InteractionId { journal, sequence: row.get::<_, i64>(1)?.cast_unsigned() },
        customer,
        campaign,
        at: Utc::from_millis(row.get(3)?),
        what: what.ok_or_else(|| wrong(4, "no kind of contact".into()))?,
    })
}

fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
