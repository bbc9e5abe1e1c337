//! The demo plays the same with the same seed: what is decided, what arrives, and what it looks like.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use touchpoint_tests::{
    golden,
    process::{Finished, program, run},
    workspace::files,
};

/// Plays the demo as a developer does.
fn play(out: &Path) -> Finished {
    run(program("touchpoint-sim").args(["demo", "--customers", "500", "--seed", "7", "--out"]).arg(out))
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// A visit in a line, without its times.
fn line(visit: &Value) -> String {
    let (who, message) = (text(&visit["segment"]), text(&visit["campaign"]));
    let (decision, reason) = (text(&visit["decision"]), text(&visit["reason"]));
    let (n, by, state) = (visit["n"].as_u64().unwrap(), text(&visit["by"]), text(&visit["line"]));
    format!(
        "{n:>2}  {who:<10} {by:<8} {state:<4} {decision:<10} {message:<18} {reason:<12} {}\n",
        text(&visit["answer"])
    )
}

#[test]
fn the_demo_ends_well_and_as_it_did_before() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let finished = play(&out);
    assert_eq!(finished.status.code(), Some(0), "{}\n{}", finished.stdout, finished.stderr);
    let report: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();

    // What the documentation says is in it.
    assert_eq!(keys(&report), ["visits", "journal", "head_office", "sync"].into());
    assert_eq!(keys(&report["journal"]), ["recorded", "confirmed"].into());
    assert_eq!(keys(&report["head_office"]), ["received", "duplicates", "gaps"].into());
    assert_eq!(keys(&report["sync"]), ["customers", "campaigns", "seconds"].into());
    let visits = report["visits"].as_array().unwrap();
    let of_a_visit =
        ["n", "by", "segment", "decision", "campaign", "reason", "answer", "after", "card_to_pixels_us", "line"].into();
    assert!(visits.iter().all(|visit| keys(visit) == of_a_visit));

    // What happened.
    assert!(visits.len() >= 14, "{} visits", visits.len());
    golden::text("demo.txt", &visits.iter().map(line).collect::<String>());

    // Nothing was lost, and nothing came twice.
    let recorded = &report["journal"]["recorded"];
    assert!(recorded.as_u64().unwrap() > 20);
    assert_eq!((recorded, recorded), (&report["journal"]["confirmed"], &report["head_office"]["received"]));
    assert_eq!((&report["head_office"]["duplicates"], &report["head_office"]["gaps"]), (&0.into(), &0.into()));
    assert_eq!((&report["sync"]["customers"], &report["sync"]["campaigns"]), (&500.into(), &12.into()));

    // What customers saw.
    let pictures: Vec<PathBuf> = files(&out).into_iter().filter(|path| path.extension().unwrap() == "png").collect();
    let names: Vec<&str> = pictures.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    let differences: Vec<String> = pictures.iter().filter_map(|path| golden::picture(path)).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(golden::pictures(), names, "each showing has its picture, and there is no other");
}

#[test]
fn the_demo_says_on_one_line_what_cannot_be_done() {
    let folder = TempDir::new().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    let finished = play(&taken.join("out"));
    assert_eq!(finished.status.code(), Some(2), "{}", finished.stderr);
    assert!(finished.stderr.starts_with("error: --out: cannot write to "), "{}", finished.stderr);
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
}
