//! The life of a journal, on record: everything it does to its files, and what it had promised at each moment of it.

use std::{ops::RangeInclusive, path::Path};
use tempfile::TempDir;
use touchpoint_agent::journal::{Entry, Journal};
use touchpoint_protocol::{
    campaign::AnswerKind,
    interaction::{ClockQuality, Ending, Fact, Moment, Reason, Trigger},
    name::JournalId,
    utc::Utc,
};
use touchpoint_vault::{Durability, Key, MasterKey, Readers, Schema, Vault};

use super::recorder::{self, Event};

/// The journal's schema as far as a counter in it matters.
static COUNTER: Schema = Schema {
    name: "counter",
    application_id: i32::from_be_bytes(*b"tpjo"),
    durability: Durability::Precious,
    readers: Readers::Patient,
    log_pages: Schema::LOG_PAGES,
    migrations: &[""],
};

/// What a full journal counts, and what it is made to count, so that it soon has to make room.
const NEARLY_FULL: u64 = 200_000 - 5;

/// What a journal did, and what it had promised.
#[derive(Debug)]
pub struct Life {
    /// What happened to its files.
    pub events: Vec<Event>,
    /// What it was given to record; the first has the sequence number 1.
    pub facts: Vec<Fact>,
    promises: Vec<(usize, Promise)>,
}

/// What whoever calls the journal relies on from then on, or knows it may do.
#[derive(Debug)]
enum Promise {
    /// It is open, and has this name.
    Open(JournalId),
    /// It may record this.
    Records(u64),
    /// It has.
    Recorded(u64),
    /// It may mark everything up to here as safe.
    Confirms(u64),
    /// It has.
    Confirmed(u64),
}

/// What must be there after a cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// The journal's name, if it was ever open.
    pub journal: Option<JournalId>,
    /// The last sequence number that must be there, and the last that may.
    pub recorded: RangeInclusive<u64>,
    /// The last sequence number that must be marked as safe, and the last that may.
    pub confirmed: RangeInclusive<u64>,
}

/// The journal's key.
pub fn key() -> Key {
    MasterKey::new([7; 32]).derive("journal")
}

impl Life {
    /// Lives it: a first day, a restart, a journal so full that it has to make room, and a log that starts over.
    ///
    /// # Panics
    /// The journal does not do what was asked, or never filled its log.
    pub async fn live() -> Life {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("journal.db");
        let mut life = Life { events: Vec::new(), facts: Vec::new(), promises: Vec::new() };
        recorder::start(folder.path());

        let journal = life.open(&path).await;
        life.record(&journal, 12).await;
        life.confirm(&journal, 5).await;
        journal.tidy().await;
        life.record(&journal, 3).await;
        journal.close().await.unwrap();

        count_as_nearly_full(&path).await;
        let journal = life.open(&path).await;
        life.record(&journal, 30).await;
        assert!(journal.state().borrow().discarded > 0, "the journal made room");
        life.confirm(&journal, 40).await;
        journal.tidy().await;
        life.record(&journal, 110).await;
        life.events = recorder::stop();
        journal.close().await.unwrap();
        life
    }

    /// What must be there after a cut that follows so many events.
    pub fn promised(&self, events: usize) -> Promised {
        let [mut records, mut recorded, mut confirms, mut confirmed] = [0; 4];
        let mut journal = None;
        for (_, promise) in self.promises.iter().take_while(|(at, _)| *at <= events) {
            match promise {
                Promise::Open(id) => journal = Some(id.clone()),
                Promise::Records(sequence) => records = *sequence,
                Promise::Recorded(sequence) => recorded = *sequence,
                Promise::Confirms(sequence) => confirms = *sequence,
                Promise::Confirmed(sequence) => confirmed = *sequence,
            }
        }
        Promised { journal, recorded: recorded..=records, confirmed: confirmed..=confirms }
    }

    async fn open(&mut self, path: &Path) -> Journal {
        let journal = Journal::open(path, &key()).await.unwrap();
        let id = journal.state().borrow().id.clone();
        self.promise(Promise::Open(id));
        journal
    }

    async fn record(&mut self, journal: &Journal, entries: u64) {
        for _ in 0..entries {
            let sequence = self.facts.len() as u64 + 1;
            let fact = fact(sequence);
            self.facts.push(fact.clone());
            self.promise(Promise::Records(sequence));
            assert_eq!(journal.record(entry(sequence, fact)).await.unwrap(), sequence);
            self.promise(Promise::Recorded(sequence));
        }
    }

    async fn confirm(&mut self, journal: &Journal, through: u64) {
        self.promise(Promise::Confirms(through));
        journal.confirm(through).await.unwrap();
        self.promise(Promise::Confirmed(through));
    }

    fn promise(&mut self, promise: Promise) {
        self.promises.push((recorder::position(), promise));
    }
}

/// An entry like those of a visit.
pub fn entry(sequence: u64, fact: Fact) -> Entry {
    let at = Moment {
        utc: Utc::from_millis(1_700_000_000_000 + sequence.cast_signed() * 60_000),
        boot: "b0".parse().unwrap(),
        since_boot_ms: sequence * 60_000,
        clock: ClockQuality::Synchronised,
    };
    let customer = Some((sequence.cast_signed() % 4 + 1).try_into().unwrap());
    Entry { visit: format!("v{sequence}").parse().unwrap(), at, customer, backfill: false, fact }
}

/// Of all kinds, and each different from its neighbours.
fn fact(sequence: u64) -> Fact {
    let campaign = || format!("campaign-{sequence}").parse().unwrap();
    match sequence % 4 {
        0 => Fact::Ended {
            campaign: campaign(),
            variant: None,
            ending: Ending::Answered(AnswerKind::Accept),
            dwell_ms: 900,
        },
        1 => Fact::Shown {
            campaign: campaign(),
            variant: None,
            language: "en".parse().unwrap(),
            segment: None,
            trigger: Trigger::Arrival,
        },
        _ => Fact::NotShown { reason: Reason::Capped, campaign: Some(campaign()), trigger: Trigger::Arrival },
    }
}

/// Has a journal think that it holds nearly all it may: to write so much for real would be most of the test.
async fn count_as_nearly_full(path: &Path) {
    let vault = Vault::open(path, &key(), &COUNTER).unwrap();
    let sql = "UPDATE journal SET gone = (SELECT recorded FROM standing) - ?1";
    vault.write(|transaction| transaction.execute(sql, [NEARLY_FULL.cast_signed()])).await.unwrap();
    vault.close().await.unwrap();
}
