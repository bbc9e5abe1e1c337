//! The scripts of the desk: everything comes as they expect, and whoever expects otherwise is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;
use touchpoint_tests::{
    process::{Finished, Service, program},
    workspace,
};

/// How long a script may take: some wait for a line to be tried again.
const PATIENCE: Duration = Duration::from_secs(180);

fn play(script: &Path) -> Finished {
    Service::start(program("touchpoint-sim").arg("play").arg(script)).ended(PATIENCE)
}

fn play_text(text: &str) -> Finished {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("script.toml");
    fs::write(&script, text).unwrap();
    play(&script)
}

fn goes_well(name: &str) {
    let finished = play(&workspace::root().join("sim/scripts").join(name));
    assert_eq!(finished.status.code(), Some(0), "{}\n{}", finished.stdout, finished.stderr);
}

#[test]
fn nothing_is_lost_in_an_outage_and_a_power_cut() {
    goes_well("outage.toml");
}

#[test]
fn a_jammed_reader_and_a_failed_screen_are_recorded_for_what_they_are() {
    goes_well("machine.toml");
}

#[test]
fn on_a_slow_line_and_on_a_half_open_one_answers_are_late_and_none_is_lost() {
    goes_well("line.toml");
}

#[test]
fn a_full_disk_still_takes_answers_or_the_desk_says_that_it_cannot_have_one() {
    let script = workspace::root().join("sim/scripts/disk.toml");
    let finished = play(&script);
    if finished.status.code() != Some(0) {
        // Whoever may not mount a disk is told how they could.
        let said = finished.stdout;
        assert!(said.contains("cannot mount a disk of the device's own: as root, or under `unshare -rm`"), "{said}");
    }
}

#[test]
fn an_expectation_that_is_not_met_fails_with_what_came_instead() {
    let text = "[[step]]\nexpect = { synchronised = true }\nwithin = \"60s\"\n[[step]]\ndo = \"insert\"\ncustomer = \"stranger\"\n\
                expect = { shown = \"savings\" }\nwithin = \"100ms\"\n[[step]]\ndo = \"leave\"";
    let finished = play_text(text);
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert!(finished.stdout.contains("shown is welcome, not savings"), "{}", finished.stdout);
    assert!(!finished.stdout.contains("leave"), "it went on: {}", finished.stdout);
}

#[test]
fn what_comes_sooner_than_it_should_fails_with_how_soon_it_came() {
    let text = "[[step]]\ndo = \"insert\"\ncustomer = \"stranger\"\nexpect = { visits = 1 }\nno-sooner = \"3600s\"";
    let finished = play_text(text);
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert!(finished.stdout.contains("it came after "), "{}", finished.stdout);
}

#[test]
fn a_script_that_makes_no_sense_is_wrong_usage() {
    let finished = play_text("[[step]]\ndo = \"dance\"");
    assert_eq!(finished.status.code(), Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains("step 1: unknown variant `dance`"), "{}", finished.stderr);
}
