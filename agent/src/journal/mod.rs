//! The precious vault: every interaction, in the order in which it happened.
//!
//! Append-only, with a sequence number that has no gap. It is both the outbox (what head office has not confirmed) and this
//! device's part of the contact history. Nothing is deleted because it was sent; what a full journal has to give up leaves a
//! record that it is gone.

use std::{
    cmp::Reverse,
    path::{Path, PathBuf},
};
use tokio::sync::watch;
use touchpoint_protocol::{
    customer::CustomerId,
    interaction::{ClockQuality, Fact, Interaction, Moment},
    name::{CampaignId, JournalId, VisitId},
    utc::Utc,
};
use touchpoint_vault::{
    Durability, Error, Key, OpenError, Readers, Schema, Vault,
    column::{json, parsed, unreadable},
    rusqlite::{self, Transaction, params},
};

use crate::{
    aside, chain, disk,
    domain::{
        contact::{Contact, MOST},
        discard::Worth,
    },
    lot::{self, NoRandomness},
};

mod erasure;
mod renaming;
mod reserve;
mod room;

use reserve::Reserve;
use room::{BOUND, Bound, Standing};

/// Pages in the write-ahead log at which a commit moves them to the database: 1 MiB, some 60 interactions. Fewer than another
/// vault's, because a log that has reached its size needs no more of a full disk.
const LOG_PAGES: u32 = 256;

/// Most interactions of a day: of a visit every twenty seconds, day and night, with a message shown, answered and followed.
const BUSIEST_DAY: i64 = 20_000;

/// The file's schema. The application id is `tpjo`, for what `file(1)` shows.
static SCHEMA: Schema = Schema {
    name: "journal",
    application_id: i32::from_be_bytes(*b"tpjo"),
    durability: Durability::Precious,
    readers: Readers::Customers,
    log_pages: LOG_PAGES,
    migrations: &[include_str!("1.sql")],
};

/// The open journal. Clones are the same journal.
#[derive(Debug, Clone)]
pub struct Journal {
    vault: Vault,
    state: watch::Sender<JournalState>,
    reserve: Reserve,
    bound: Bound,
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
    /// How many interactions had to be discarded before head office had them, since the journal began.
    pub discarded: u64,
    /// Whether room on the disk is held for the answers that come after it is full; if not, it was or nearly is.
    pub reserve: bool,
    /// What a technician should see to: damaged journals that were set aside.
    pub alarm: Option<String>,
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
    /// Whether the line is down.
    pub backfill: bool,
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
    #[error("a new journal cannot be named")]
    Random(#[source] NoRandomness),
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

/// How much must be free for two databases to be opened, in bytes: the shared memory of each is a file too.
const OPENING: u64 = 256 * 1024;

/// Gives up the journal's reserve if the disk is so full that its databases could not even be opened.
pub fn make_way(folder: &Path) {
    if disk::require(folder, OPENING).is_err() && Reserve::within(folder).release() {
        tracing::error!("the disk is full: the journal's reserve was given up to start at all");
    }
}

impl Journal {
    /// Opens the journal, or makes an empty one with a new name.
    ///
    /// # Errors
    /// As [`Vault::open`], or the first read or write was refused. The file is closed then.
    pub async fn open(path: &Path, key: &Key) -> Result<Journal, JournalError> {
        let name = new_name()?;
        let vault = Vault::open(path, key, &SCHEMA).map_err(JournalError::Open)?;
        let reserve = Reserve::within(path.parent().unwrap_or(Path::new(".")));
        let (held, alarm) = (holds(&reserve), alarm(path));
        let state = vault.write(move |transaction| {
            let sql = "INSERT OR IGNORE INTO journal VALUES (0, ?1, 0, 0, 0, 0)";
            transaction.execute(sql, [name])?;
            transaction.query_row("SELECT name, recorded, confirmed, discarded FROM standing", [], |row| {
                Ok(JournalState {
                    id: parsed(row, 0)?,
                    recorded: row.get::<_, i64>(1)?.cast_unsigned(),
                    confirmed: row.get::<_, i64>(2)?.cast_unsigned(),
                    discarded: row.get::<_, i64>(3)?.cast_unsigned(),
                    reserve: held,
                    alarm,
                })
            })
        });
        match state.await {
            Ok(state) => Ok(Journal { vault, state: watch::Sender::new(state), reserve, bound: BOUND }),
            Err(error) => {
                // Why it could not be read matters, and not that it was hard to close after that.
                let _ = vault.close().await;
                Err(failed("read how far the journal is")(error))
            }
        }
    }

    /// How far the journal is, now and as it grows.
    pub fn state(&self) -> watch::Receiver<JournalState> {
        self.state.subscribe()
    }

    /// Whether the file has turned out to be damaged, now and as it happens.
    pub fn damage(&self) -> watch::Receiver<bool> {
        self.vault.damage()
    }

    /// Records one step of a visit; when this returns, it survives a power cut. One transaction, so one fsync, even if room has
    /// to be made first. If the disk is full, the reserve is given up for it.
    ///
    /// # Errors
    /// Nothing was recorded.
    pub async fn record(&self, entry: Entry) -> Result<u64, JournalError> {
        match self.append(entry.clone()).await {
            Err(error) if error.is_full() && self.reserve.release() => {
                tracing::error!(error = chain(&error), "the disk is full: the journal lives on its reserve");
                self.state.send_modify(|state| state.reserve = false);
                self.append(entry).await
            }
            recorded => recorded,
        }
    }

    async fn append(&self, entry: Entry) -> Result<u64, JournalError> {
        let bound = self.bound;
        let written = self.vault.write(move |transaction| append(transaction, bound, &entry));
        let appended = written.await.map_err(failed("record an interaction"))?;
        self.tell(&appended);
        Ok(appended.sequence)
    }

    /// Tells of an entry that is committed.
    fn tell(&self, appended: &Appended) {
        let Appended { sequence, lost } = *appended;
        if lost > 0 {
            tracing::error!(lost, "the journal is full, and head office will not learn of what had to go");
        }
        self.state.send_modify(|state| {
            state.recorded = state.recorded.max(sequence);
            state.discarded += lost;
        });
    }

    /// What was said to this customer here, and what they answered, the latest first. Blocks.
    ///
    /// # Errors
    /// The database refused.
    pub fn contacts(&self, customer: CustomerId) -> Result<Vec<Contact>, JournalError> {
        let id = self.state.borrow().id.clone();
        let contacts = self.vault.read_here(|connection| {
            let mut query = connection.prepare_cached(include_str!("contacts.sql"))?;
            let most = i64::try_from(MOST).unwrap_or(i64::MAX);
            let mut contacts = Vec::new();
            // Whatever was not shown is no contact, and a customer who objected comes back more often than contacts are counted.
            for worth in [Worth::Showing, Worth::Answer] {
                for row in query.query_map([i64::from(customer), worth as i64, most], interaction)? {
                    contacts.extend(Contact::of(&id, &row?));
                }
            }
            contacts.sort_by_key(|contact| Reverse(contact.id.sequence));
            Ok(contacts)
        });
        contacts.map_err(failed("read what was said to a customer"))
    }

    /// Whose messages were shown since a moment, the latest first.
    ///
    /// # Errors
    /// The database refused.
    pub async fn shown_since(&self, since: Utc) -> Result<Vec<CampaignId>, JournalError> {
        let shown = self.vault.read(move |connection| {
            let mut query = connection.prepare_cached(include_str!("latest.sql"))?;
            let (mut rows, mut shown) = (query.query([BUSIEST_DAY])?, Vec::new());
            while let Some(row) = rows.next()? {
                let Interaction { at, fact, .. } = interaction(row)?;
                match fact {
                    // What a clock said that cannot be believed ends nothing.
                    _ if at.utc < since && at.clock == ClockQuality::Synchronised => break,
                    Fact::Shown { campaign, .. } if at.utc >= since => shown.push(campaign),
                    _ => {}
                }
            }
            Ok(shown)
        });
        shown.await.map_err(failed("read what was shown today"))
    }

    /// The next interactions after this sequence number, at most `limit`; a discarded run that ends after it is one of them.
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

    /// Lets confirmed interactions go that are too old or in the way, a bounded number of them, and holds the reserve again if
    /// there is room. For quiet moments: no visit waits for it. What cannot be done now is logged, and tried again the next time.
    pub async fn tidy(&self) {
        let bound = self.bound;
        if let Err(error) = self.vault.write(move |transaction| room::tidy(transaction, bound)).await {
            tracing::warn!(error = chain(&error), "the journal was not tidied");
        }
        let reserve = self.reserve.clone();
        let held = tokio::task::spawn_blocking(move || holds(&reserve)).await.unwrap_or(false);
        self.state.send_if_modified(|state| std::mem::replace(&mut state.reserve, held) != held);
    }

    /// Closes the file; waits for what is queued.
    ///
    /// # Errors
    /// As [`Vault::close`].
    pub async fn close(self) -> Result<(), Error> {
        self.vault.close().await
    }
}

impl JournalError {
    /// Whether the file is damaged, so that it has to be set aside. A wrong key is something else.
    pub fn is_corrupt(&self) -> bool {
        match self {
            JournalError::Open(error) => matches!(error, OpenError::Corrupt { .. }),
            JournalError::Vault { source, .. } => source.is_corrupt(),
            JournalError::Random(_) | JournalError::Ahead { .. } => false,
        }
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, JournalError::Vault { source, .. } if source.is_full())
    }
}

/// Holds the reserve; a disk that refuses is a reason to say so, and none to stop.
fn holds(reserve: &Reserve) -> bool {
    reserve.hold().unwrap_or_else(|error| {
        tracing::warn!(%error, "the journal's reserve cannot be held");
        false
    })
}

/// What was set aside stays an alarm for as long as it is there.
fn alarm(path: &Path) -> Option<String> {
    let kept = aside::kept(path);
    let last = kept.last()?;
    Some(format!("{} damaged, the last set aside as {}: keep it for head office", kept.len(), last.display()))
}

/// What became of an entry.
struct Appended {
    sequence: u64,
    /// How many interactions had to go for it before head office had them.
    lost: u64,
}

/// Appends an entry, after making room for it if there is none.
fn append(transaction: &Transaction<'_>, bound: Bound, entry: &Entry) -> rusqlite::Result<Appended> {
    let standing = Standing::read(transaction)?;
    let lost = room::make_room(transaction, bound, &standing)?;
    let sequence = standing.recorded + 1;
    let fact =
        serde_json::to_string(&entry.fact).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction.prepare_cached(include_str!("append.sql"))?.execute(params![
        sequence,
        Worth::from(&entry.fact) as i64,
        entry.visit.as_str(),
        entry.at.utc.as_millis(),
        entry.at.boot.as_str(),
        entry.at.since_boot_ms.cast_signed(),
        entry.at.clock == ClockQuality::Synchronised,
        entry.customer.map(i64::from),
        entry.backfill,
        fact,
    ])?;
    Ok(Appended { sequence: sequence.cast_unsigned(), lost })
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
        customer: customer.map_err(|error| unreadable(6, error))?,
        backfill: row.get(7)?,
        fact: json(row, 8)?,
    })
}

/// A name that no other journal has, as far as 128 random bits can promise it.
fn new_name() -> Result<String, JournalError> {
    Ok(lot::hex(16).map_err(JournalError::Random)?.to_string())
}

fn failed(task: &'static str) -> impl FnOnce(Error) -> JournalError {
    move |source| JournalError::Vault { task, source }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
