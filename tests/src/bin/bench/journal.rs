//! What a device records, and how it gets to head office.

use crate::{
    bench::{Bench, Reach, Reading},
    lab::Lab,
    premises::{Stocked, entry, reaches},
    samples::Samples,
    yardstick::OneRow,
};
use std::{fs, time::Instant};
use tempfile::TempDir;
use touchpoint_agent::journal::Journal;
use touchpoint_sim::random::Random;
use touchpoint_vault::MasterKey;

/// The family.
pub(crate) const BENCHES: [Bench; 2] = [
    Bench {
        name: "journal.record_vs_commit",
        what: "interactions recorded one after the other, each safe from a power cut, beside one-row commits of plain SQLCipher",
        unit: "/s",
        reach: Reach::LeastTimes(0.7),
        run: record,
    },
    Bench {
        name: "journal.drain_per_s",
        what: "waiting interactions, from the start of the device until head office has confirmed them all",
        unit: "/s",
        reach: Reach::Least(10_000.0),
        run: drain,
    },
];

/// How often records and commits take turns: often, so that whatever else the disk does falls on both.
const RECORD_ROUNDS: u32 = 40;

/// Of each in a round: the journal's log is moved into its file several times.
const RECORDS: u32 = 200;

/// How often the journal is drained.
const DRAIN_ROUNDS: usize = 3;

/// Customers whose interactions are recorded.
const CUSTOMERS: u32 = 1_000_000;

/// About as long as an interaction.
const TEXT: &str = "00000000000000000000000000000001 0d7be0a5-4c2d-4b7f-9d0e-6e3f6d2b9a11 1790000000000 500 1 123456 1 \
                    {\"ended\":{\"campaign\":\"family-insurance\",\"ending\":{\"answered\":\"accept\"},\"dwell_ms\":8000}}";

fn record(lab: &Lab) -> Reading {
    let folder = TempDir::new().expect("a folder");
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    let plain = OneRow::new(&folder.path().join("plain.db"));
    let key = MasterKey::new([7; 32]).derive("journal");
    let opened = lab.runtime.block_on(Journal::open(&folder.path().join("journal.db"), &key));
    let (journal, mut random) = (opened.expect("a journal"), Random::new(4));
    for round in 0..RECORD_ROUNDS {
        lab.says(format!("recording, round {} of {RECORD_ROUNDS}", round + 1));
        let entries: Vec<_> = (0..RECORDS).map(|at| entry(round * RECORDS + at, CUSTOMERS, &mut random)).collect();
        let began = Instant::now();
        lab.runtime.block_on(async {
            for entry in entries {
                journal.record(entry).await.expect("room");
            }
        });
        ours.push(f64::from(RECORDS) / began.elapsed().as_secs_f64());
        let began = Instant::now();
        (0..RECORDS).for_each(|_| plain.commit(TEXT));
        theirs.push(f64::from(RECORDS) / began.elapsed().as_secs_f64());
    }
    lab.runtime.block_on(journal.close()).expect("a whole journal");
    Reading::beside(&ours, &theirs)
}

fn drain(lab: &Lab) -> Reading {
    let stocked = lab.once(Stocked::new);
    let premises = &stocked.premises;
    let [_, journal] = premises.config().databases();
    let database = touchpoint_hub::Config::load(&premises.office.folder.join("hub.toml")).expect("settings").database;
    let kept = TempDir::new().expect("a folder");
    let (full, ignorant) = (kept.path().join("journal.db"), kept.path().join("office.db"));
    fs::copy(&journal, &full).expect("a copy");
    fs::copy(&database, &ignorant).expect("a copy");
    let mut rates = Samples::default();
    for round in 1..=DRAIN_ROUNDS {
        lab.says(format!("draining, round {round} of {DRAIN_ROUNDS}"));
        // Neither remembers the round before.
        fs::copy(&full, &journal).expect("a copy");
        fs::copy(&ignorant, &database).expect("a copy");
        let hub = premises.office.serve();
        let began = Instant::now();
        let agent = premises.kiosk.start();
        reaches(&agent, "confirmation of everything", |status| {
            let at_least = |known: u64| known >= u64::from(lab.waiting);
            status["journal"]["recorded"].as_u64().is_some_and(at_least) && status["journal"]["waiting"] == 0
        });
        rates.push(f64::from(lab.waiting) / began.elapsed().as_secs_f64());
        agent.service.terminate();
        hub.terminate();
        let here = premises.office.report()["interactions"].as_u64();
        assert!(here >= Some(lab.waiting.into()), "head office has {here:?} of {}", lab.waiting);
    }
    fs::copy(&full, &journal).expect("a copy");
    Reading::of(&rates)
}
