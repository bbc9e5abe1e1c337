//! Whenever the power is cut, the journal opens again, and holds every interaction whose recording had returned.
//!
//! `TOUCHPOINT_SEED` sets another seed for what the disk keeps of what was not synced; a failure prints the one it had.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::HashMap, sync::OnceLock};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use touchpoint_sim::random::Random;
use touchpoint_tests::power::{
    boot::{Found, boot},
    disk::{Disk, Fate, Files},
    life::Life,
    recorder::Event,
};

/// What becomes of the disk at each cut.
const FATES: [Fate; 5] = [Fate::Kept, Fate::Lost, Fate::Torn, Fate::Scattered, Fate::Scattered];

/// The header of a write-ahead log, in bytes (<https://www.sqlite.org/fileformat.html>, section 4.1).
const LOG_HEADER: usize = 32;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// One life, on record, for all tests.
fn life() -> &'static Life {
    static LIFE: OnceLock<Life> = OnceLock::new();
    LIFE.get_or_init(|| runtime().block_on(Life::live()))
}

fn seed() -> u64 {
    std::env::var("TOUCHPOINT_SEED").map_or(1, |seed| seed.parse().expect("TOUCHPOINT_SEED is a number"))
}

/// Cuts the power after each of these events, and says what was wrong at the next boot; at most `most` of it.
fn cut_everywhere(life: &Life, counts: impl Fn(&Event) -> bool, most: usize) -> (usize, Vec<String>) {
    let (runtime, folder, mut random) = (runtime(), TempDir::new().unwrap(), Random::new(seed()));
    let (mut disk, mut wrong) = (Disk::default(), Vec::new());
    // The same files are found again and again, with the same in them.
    let mut boots: HashMap<Files, Result<Found, String>> = HashMap::new();
    for (at, event) in (1..).zip(&life.events) {
        if counts(event) {
            disk.apply(event);
        }
        let promised = life.promised(at);
        for fate in FATES {
            let files = disk.after_cut(fate, &mut random);
            let found = boots
                .entry(files)
                .or_insert_with_key(|files| runtime.block_on(boot(&folder.path().join("boot"), files)));
            let kept = found.as_ref().map_err(Clone::clone).and_then(|found| found.keeps(&promised, life));
            if let Err(what) = kept {
                wrong.push(format!("seed {}, {fate:?} after event {at}, {}: {what}", seed(), said(event)));
            }
            if wrong.len() >= most {
                return (boots.len(), wrong);
            }
        }
    }
    (boots.len(), wrong)
}

/// An event without its bytes.
fn said(event: &Event) -> String {
    match event {
        Event::Write(inode, offset, bytes) => format!("write of {} bytes at {offset} of file {inode}", bytes.len()),
        event => format!("{event:?}"),
    }
}

#[test]
fn whenever_the_power_is_cut_every_record_that_had_returned_is_there() {
    let life = life();
    let (boots, wrong) = cut_everywhere(life, |_| true, 20);
    assert!(wrong.is_empty(), "{} are wrong, such as\n{}", wrong.len(), wrong.join("\n"));
    assert!(boots > 500, "only {boots} different disks");
}

/// `synchronous = OFF`, and so the proof that a sync which is not made would be found.
#[test]
fn on_a_disk_that_never_syncs_records_are_lost() {
    let (_, wrong) = cut_everywhere(life(), |event| !matches!(event, Event::Sync(_) | Event::FolderSynced), 1);
    assert_eq!(wrong.len(), 1);
}

/// A log whose name is not on the disk is lost with all that was synced to it.
#[test]
fn on_a_disk_that_syncs_no_folder_after_the_first_records_are_lost() {
    let life = life();
    let first = life.events.iter().position(|event| *event == Event::FolderSynced).unwrap();
    let is_first = |event: &Event| std::ptr::eq(event, &life.events[first]);
    let (_, wrong) = cut_everywhere(life, |event| *event != Event::FolderSynced || is_first(event), 1);
    assert!(
        wrong.iter().any(|what| what.contains("records are missing") || what.contains("another journal")),
        "{wrong:?}"
    );
}

/// Without this the log would only ever grow, and no page be written to the database while it is open.
#[test]
fn the_life_on_record_fills_a_log_and_starts_it_over() {
    let begun = |inode: usize| {
        let begins =
            |event: &&Event| matches!(event, Event::Write(of, 0, bytes) if *of == inode && bytes.len() == LOG_HEADER);
        life().events.iter().filter(begins).count()
    };
    let logs = life().events.iter().filter_map(|event| match event {
        Event::Create(inode, name) if name.ends_with("-wal") => Some(begun(*inode)),
        _ => None,
    });
    assert_eq!(logs.max(), Some(2));
}
