//! The bench program as somebody uses it who wants to know what there is to measure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    process::{Command, Output},
};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench")).args(arguments).output().unwrap()
}

#[test]
fn every_figure_is_listed_once_with_what_it_should_reach() {
    let listed = bench(&["--list"]);
    assert!(listed.status.success());
    let text = String::from_utf8(listed.stdout).unwrap();
    let names: BTreeSet<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names.len(), text.lines().count(), "{text}");
    assert!(names.contains("sync.snapshot_vs_plain") && names.contains("start.full_vs_empty_ms"), "{text}");
    assert!(text.lines().all(|line| line.contains("at most ") || line.contains("at least ")), "{text}");
}

#[test]
fn a_figure_that_there_is_not_is_wrong_usage_and_nothing_is_measured() {
    for arguments in [&["sync.nothing"][..], &[]] {
        let refused = bench(arguments);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(refused.stdout.is_empty(), "{refused:?}");
    }
}
