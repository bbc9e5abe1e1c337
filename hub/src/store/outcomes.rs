//! What happened later to customers, and the counting of all facts.

use super::{Error, Store};
use crate::report::{Counting, Outcome, Results, Told};
use touchpoint_protocol::{name::CampaignId, utc::Utc};
use touchpoint_vault::{
    column::unreadable,
    rusqlite::{self, Connection, Transaction},
};

/// An outcome as a file names it: customer's key, campaign, when.
pub(crate) type Named = (Box<str>, CampaignId, Utc);

/// What became of the outcomes of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Recorded {
    /// How many are new.
    pub(crate) new: u64,
    /// Places of those whose customer nobody knows.
    pub(crate) strangers: Vec<usize>,
}

impl Store {
    /// Adds outcomes; what is there already stays as it is.
    pub(crate) async fn record(&self, outcomes: Vec<Named>) -> Result<Recorded, Error> {
        let task = move |transaction: &Transaction<'_>| {
            let mut insert = transaction.prepare(include_str!("outcome-insert.sql"))?;
            let mut known = transaction.prepare(include_str!("outcome-known.sql"))?;
            let mut recorded = Recorded::default();
            for (at, (key, campaign, utc)) in outcomes.iter().enumerate() {
                let new = insert.execute((key, campaign.as_str(), utc.as_millis()))?;
                recorded.new += new as u64;
                if new == 0 && !known.query_row([key], |row| row.get(0))? {
                    recorded.strangers.push(at);
                }
            }
            Ok(recorded)
        };
        self.0.write(task).await
    }
}

/// Counts all facts, one after the other: what stays in memory are people, not facts.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<Results> {
    let mut counting = Counting::default();
    let mut select = connection.prepare(include_str!("report-facts.sql"))?;
    let mut facts = select.query([])?;
    while let Some(row) = facts.next()? {
        let (journal, group, document) =
            (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
        let told = Told::read(document).map_err(|error| unreadable(2, error))?;
        counting.add(journal, group, &told);
    }
    let mut select = connection.prepare(include_str!("outcome-all.sql"))?;
    let later = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(counting.results(&later.collect::<rusqlite::Result<Vec<Outcome>>>()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
impl Store {
    /// Puts documents into a journal as if a device had sent them, without asking what they are.
    pub(crate) async fn tell(
        &self,
        device: &str,
        journal: &str,
        documents: impl Iterator<Item = String> + Send + 'static,
    ) {
        let (device, journal) = (device.to_owned(), journal.to_owned());
        let task = move |transaction: &Transaction<'_>| {
            transaction.execute(include_str!("journal-insert.sql"), (&journal, &device))?;
            let mut insert = transaction.prepare(include_str!("interaction-insert.sql"))?;
            (1..).zip(documents).try_for_each(|(sequence, document): (i64, String)| {
                insert.execute((&journal, sequence, 0, document)).map(drop)
            })
        };
        self.0.write(task).await.unwrap();
    }
}
