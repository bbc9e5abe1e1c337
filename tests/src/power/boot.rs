//! What is there at the next boot, and whether it is what was promised.

use std::{fs, path::Path};
use touchpoint_agent::{chain, journal::Journal};
use touchpoint_protocol::{
    interaction::{Fact, Interaction},
    name::JournalId,
};

use super::{
    disk::Files,
    life::{Life, Promised, entry, key},
};
use crate::books;

/// More than any of these journals holds.
const ALL: usize = 100_000;

/// As large as the reserve of a journal, so that none of thousands of boots has to write one.
const RESERVE: u64 = 2 * 1024 * 1024;

/// A journal that was opened after a cut.
#[derive(Debug, Clone)]
pub struct Found {
    journal: JournalId,
    recorded: u64,
    confirmed: u64,
    interactions: Vec<Interaction>,
    next: u64,
    faults: Vec<String>,
}

/// Opens a journal from these files as the agent does after a boot, has it record one thing more, and lets SQLite check it all.
///
/// # Errors
/// The agent would not have opened it, or would have set it aside.
///
/// # Panics
/// It was opened and could not be used.
pub async fn boot(folder: &Path, files: &Files) -> Result<Found, String> {
    fs::create_dir_all(folder).unwrap();
    fs::File::create(folder.join("reserve")).unwrap().set_len(RESERVE).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let path = folder.join("journal.db");
    let found = match Journal::open(&path, &key()).await {
        Err(error) => Err(chain(&error)),
        Ok(journal) => {
            let state = journal.state().borrow().clone();
            let interactions = journal.after(0, ALL).await.unwrap();
            let fact = Fact::Discarded { through: state.recorded + 1 };
            let next = journal.record(entry(state.recorded + 1, fact)).await.unwrap();
            journal.close().await.unwrap();
            let faults = books::faults(&path, &key(), *b"tpjo").await;
            let (recorded, confirmed) = (state.recorded, state.confirmed);
            Ok(Found { journal: state.id, recorded, confirmed, interactions, next, faults })
        }
    };
    fs::remove_dir_all(folder).unwrap();
    found
}

impl Found {
    /// Holds it against what was promised.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn keeps(&self, promised: &Promised, life: &Life) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{what}: {promised:?}, found {} and {}", self.recorded, self.confirmed));
        if !self.faults.is_empty() {
            return wrong(&self.faults.join(", "));
        }
        if promised.journal.as_ref().is_some_and(|journal| *journal != self.journal) {
            return wrong("it is another journal");
        }
        if !promised.recorded.contains(&self.recorded) {
            return wrong("records are missing");
        }
        if !promised.confirmed.contains(&self.confirmed) {
            return wrong("confirmed is not what was confirmed");
        }
        if self.next != self.recorded + 1 {
            return wrong("it does not go on where it ended");
        }
        let first = self.interactions.first().map_or(self.recorded + 1, |interaction| interaction.sequence);
        let accounted = self.interactions.iter().flat_map(|interaction| interaction.sequence..=interaction.through());
        if first > self.confirmed + 1 || !accounted.eq(first..=self.recorded) {
            return wrong("there is a gap");
        }
        let is_as_recorded = |interaction: &Interaction| {
            let mut facts =
                (interaction.sequence..=interaction.through()).map(|sequence| &life.facts[sequence as usize - 1]);
            match interaction.fact {
                Fact::Discarded { .. } => facts.all(|fact| !matches!(fact, Fact::Ended { .. })),
                _ => facts.eq([&interaction.fact]),
            }
        };
        match self.interactions.iter().all(is_as_recorded) {
            true => Ok(()),
            false => wrong("a record is not what was recorded"),
        }
    }
}
