//! The precious vault: every interaction, in the order in which it happened.
//!
//! Append-only, with a sequence number that has no gap. It is both the outbox (what head office has not confirmed) and this
//! device's part of the contact history. Nothing is deleted because it was sent.

use ring::rand::{SecureRandom, SystemRandom};
use std::path::{Path, PathBuf};
use tokio::sync::watch;
use touchpoint_protocol::{
    customer::CustomerId,
    interaction::{ClockQuality, Ending, Fact, Interaction, Moment},
    name::{JournalId, VisitId},
    utc::Utc,
};
use touchpoint_vault::{
    Durability, Error, Key, OpenError, Schema, Vault,
    rusqlite::{self, params, types::Type},
};

use crate::domain::contact::{Contact, ContactKind};

/// The file's schema. The application id is `tpjo`, for what `file(1)` shows.
static SCHEMA: Schema = Schema {
    name: "journal",
    application_id: i32::from_be_bytes(*b"tpjo"),
    durability: Durability::Precious,
    migrations: &[include_str!("1.sql")],
};

/// Most of a customer's interactions that a decision looks at, the latest first: more than any cap within any window counts.
const CONTACTS: u32 = 500;

/// The open journal. Clones are the same journal.
#[derive(Debug, Clone)]
pub struct Journal {
    vault: Vault,
    state: watch::Sender<JournalState>,
}

/// How far the journal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalState {
    /// Which journal.
    pub id: JournalId,
    /// The last sequence number recorded, 0 for none.
    pub recorded: u64,
    /// The last sequence number that is safe at head office, 0 for none.
    pub confirmed: u64,
}

/// What is to be recorded of one step of a visit.
#[derive(Debug, Clone)]
pub struct Entry {
    /// During which visit.
    pub visit: VisitId,
    /// When.
    pub at: Moment,
    /// With whom, if the device knows them.
    pub customer: Option<CustomerId>,
    /// What.
    pub fact: Fact,
}

/// Why the journal did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be opened.
    #[error("cannot open the journal")]
    Open(#[source] OpenError),
    /// The system has no randomness to name a new journal with.
    #[error("the system gives no random numbers")]
    Random,
    /// The database refused.
    #[error("cannot {task}")]
    Vault {
        /// What was asked.
        task: &'static str,
        /// Why.
        #[source]
        source: Error,
    },
    /// Head office has more of this journal than the journal itself: the file was put back from an old copy.
    #[error("head office confirms {confirmed}, but {} ends at {recorded}: an old copy was put in its place", path.display())]
    Ahead {
        /// The database.
        path: PathBuf,
        /// What head office confirms.
        confirmed: u64,
        /// Where the journal ends.
        recorded: u64,
    },
}

impl Journal {
    /// Opens the journal, or makes an empty one with a new name.
    ///
    /// # Errors
    /// As [`Vault::open`], or the first read or write was refused.
    pub async fn open(path: &Path, key: &Key) -> Result<Journal, JournalError> {
        let vault = Vault::open(path, key, &SCHEMA).map_err(JournalError::Open)?;
        let name = new_name()?;
        let state = vault.write(move |transaction| {
            let sql = "INSERT OR IGNORE INTO journal (id, name, recorded, confirmed) VALUES (0, ?1, 0, 0)";
            transaction.execute(sql, [name])?;
            transaction.query_row("SELECT name, recorded, confirmed FROM journal", [], |row| {
                Ok(JournalState {
                    id: parsed(row, 0)?,
                    recorded: row.get::<_, i64>(1)?.cast_unsigned(),
                    confirmed: row.get::<_, i64>(2)?.cast_unsigned(),
                })
            })
        });
        let state = state.await.map_err(failed("read how far the journal is"))?;
        Ok(Journal { vault, state: watch::Sender::new(state) })
    }

    /// How far the journal is, now and as it grows.
    pub fn state(&self) -> watch::Receiver<JournalState> {
        self.state.subscribe()
    }

    /// Records one step of a visit; when this returns, it survives a power cut. One transaction, so one fsync.
    ///
    /// # Errors
    /// Nothing was recorded.
    pub async fn record(&self, entry: Entry) -> Result<u64, JournalError> {
        let written = self.vault.write(move |transaction| {
            let sql = "UPDATE journal SET recorded = recorded + 1 RETURNING recorded";
            let sequence: i64 = transaction.query_row(sql, [], |row| row.get(0))?;
            let fact = serde_json::to_string(&entry.fact)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            transaction.prepare_cached(include_str!("append.sql"))?.execute(params![
                sequence,
                entry.visit.as_str(),
                entry.at.utc.as_millis(),
                entry.at.boot.as_str(),
                entry.at.since_boot_ms.cast_signed(),
                entry.at.clock == ClockQuality::Synchronised,
                entry.customer.map(i64::from),
                fact,
            ])?;
            Ok(sequence.cast_unsigned())
        });
        let sequence = written.await.map_err(failed("record an interaction"))?;
        self.state.send_modify(|state| state.recorded = state.recorded.max(sequence));
        Ok(sequence)
    }

    /// What was said to this customer here, and what they answered, the latest first.
    ///
    /// # Errors
    /// The database refused.
    pub async fn contacts(&self, customer: CustomerId) -> Result<Vec<Contact>, JournalError> {
        let contacts = self.vault.read(move |connection| {
            let mut query = connection.prepare_cached(include_str!("contacts.sql"))?;
            let rows = query.query_map([i64::from(customer), i64::from(CONTACTS)], |row| {
                Ok((Utc::from_millis(row.get(0)?), json::<Fact>(row, 1)?))
            })?;
            rows.filter_map(|row| row.map(|(at, fact)| contact(at, fact)).transpose()).collect()
        });
        contacts.await.map_err(failed("read what was said to a customer"))
    }

    /// The next interactions after this sequence number, at most `limit`.
    ///
    /// # Errors
    /// The database refused.
    pub async fn after(&self, sequence: u64, limit: usize) -> Result<Vec<Interaction>, JournalError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let interactions = self.vault.read(move |connection| {
            let mut query = connection.prepare_cached(include_str!("unconfirmed.sql"))?;
            query.query_map([sequence.cast_signed(), limit], interaction)?.collect()
        });
        interactions.await.map_err(failed("read what is to be delivered"))
    }

    /// Marks everything up to and with `through` as safe at head office. What was confirmed stays confirmed.
    ///
    /// # Errors
    /// Head office has more than this journal, or the database refused.
    pub async fn confirm(&self, through: u64) -> Result<(), JournalError> {
        let recorded = self.state.borrow().recorded;
        if through > recorded {
            return Err(JournalError::Ahead { path: self.vault.path().to_owned(), confirmed: through, recorded });
        }
        let confirm = self.vault.write(move |transaction| {
            let sql = "UPDATE journal SET confirmed = max(confirmed, ?1)";
            transaction.execute(sql, [through.cast_signed()]).map(drop)
        });
        confirm.await.map_err(failed("mark interactions as delivered"))?;
        self.state.send_modify(|state| state.confirmed = state.confirmed.max(through));
        Ok(())
    }

    /// Closes the file; waits for what is queued.
    ///
    /// # Errors
    /// As [`Vault::close`].
    pub async fn close(self) -> Result<(), Error> {
        self.vault.close().await
    }
}

/// What a recorded fact means for later decisions, if anything.
fn contact(at: Utc, fact: Fact) -> Option<Contact> {
    match fact {
        Fact::Shown { campaign, .. } => Some(Contact { campaign, at, what: ContactKind::Shown }),
        Fact::Ended { campaign, ending: Ending::Answered(kind), .. } => {
            Some(Contact { campaign, at, what: ContactKind::Answered(kind) })
        }
        Fact::Ended { .. } | Fact::NotShown { .. } => None,
    }
}

fn interaction(row: &rusqlite::Row<'_>) -> rusqlite::Result<Interaction> {
    let clock = match row.get(5)? {
        true => ClockQuality::Synchronised,
        false => ClockQuality::Unsynchronised,
    };
    let customer = row.get::<_, Option<i64>>(6)?.map(CustomerId::try_from).transpose();
    Ok(Interaction {
        sequence: row.get::<_, i64>(0)?.cast_unsigned(),
        visit: parsed(row, 1)?,
        at: Moment {
            utc: Utc::from_millis(row.get(2)?),
            boot: parsed(row, 3)?,
            since_boot_ms: row.get::<_, i64>(4)?.cast_unsigned(),
            clock,
        },
        customer: customer.map_err(|error| wrong(6, error))?,
        fact: json(row, 7)?,
    })
}

fn parsed<T>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str()?.parse().map_err(|error| wrong(column, error))
}

fn json<T: serde::de::DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| wrong(column, error))
}

fn wrong(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// A name that no other journal has, as far as 128 random bits can promise it.
fn new_name() -> Result<String, JournalError> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| JournalError::Random)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

fn failed(task: &'static str) -> impl FnOnce(Error) -> JournalError {
    move |source| JournalError::Vault { task, source }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use touchpoint_protocol::{campaign::AnswerKind, interaction::Reason};
    use touchpoint_vault::MasterKey;

    async fn open(folder: &tempfile::TempDir) -> Journal {
        let key = MasterKey::new([1; 32]).derive("journal");
        Journal::open(&folder.path().join("journal.db"), &key).await.unwrap()
    }

    fn entry(customer: Option<i64>, fact: Fact) -> Entry {
        let clock = ClockQuality::Unsynchronised;
        let at = Moment { utc: Utc::from_millis(5), boot: "b0".parse().unwrap(), since_boot_ms: 9, clock };
        Entry { visit: "v1".parse().unwrap(), at, customer: customer.map(|n| n.try_into().unwrap()), fact }
    }

    fn answered(kind: AnswerKind) -> Fact {
        Fact::Ended { campaign: "savings".parse().unwrap(), ending: Ending::Answered(kind), dwell_ms: 1 }
    }

    fn not_shown() -> Fact {
        Fact::NotShown { reason: Reason::NoConsent, campaign: None }
    }

    #[tokio::test]
    async fn what_was_recorded_is_there_after_a_restart_in_order_and_without_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let journal = open(&folder).await;
        for _ in 0..5 {
            journal.record(entry(Some(7), not_shown())).await.unwrap();
        }
        let id = journal.state().borrow().id.clone();
        journal.close().await.unwrap();
        let journal = open(&folder).await;
        assert_eq!(*journal.state().borrow(), JournalState { id, recorded: 5, confirmed: 0 });
        assert_eq!(journal.record(entry(None, answered(AnswerKind::Accept))).await.unwrap(), 6);
        let all = journal.after(0, 100).await.unwrap();
        assert_eq!(all.iter().map(|interaction| interaction.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(all[5].fact, answered(AnswerKind::Accept));
        assert_eq!(journal.after(4, 1).await.unwrap()[0].sequence, 5);
    }

    #[tokio::test]
    async fn a_confirmation_never_goes_back_and_never_runs_ahead() {
        let folder = tempfile::tempdir().unwrap();
        let journal = open(&folder).await;
        for _ in 0..3 {
            journal.record(entry(None, not_shown())).await.unwrap();
        }
        journal.confirm(2).await.unwrap();
        journal.confirm(1).await.unwrap();
        assert_eq!(journal.state().borrow().confirmed, 2);
        assert!(matches!(journal.confirm(4).await, Err(JournalError::Ahead { confirmed: 4, recorded: 3, .. })));
    }

    #[tokio::test]
    async fn the_contact_history_is_a_customers_own_the_latest_first() {
        let folder = tempfile::tempdir().unwrap();
        let journal = open(&folder).await;
        let shown = Fact::Shown { campaign: "savings".parse().unwrap(), language: "en".parse().unwrap() };
        for (customer, fact) in [
            (Some(7), shown.clone()),
            (Some(7), answered(AnswerKind::Decline)),
            (Some(8), answered(AnswerKind::Accept)),
            (Some(7), not_shown()),
            (None, shown),
        ] {
            journal.record(entry(customer, fact)).await.unwrap();
        }
        let contacts = journal.contacts(7.try_into().unwrap()).await.unwrap();
        let what: Vec<_> = contacts.iter().map(|contact| contact.what).collect();
        assert_eq!(what, [ContactKind::Answered(AnswerKind::Decline), ContactKind::Shown]);
    }
}
