//! The rules of the house that a machine can check, so that nobody has to remember them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, fs, process::Command};
use touchpoint_tests::workspace::{PACKAGES, Source, root, sources};

/// Longest file, in lines: more is not read from top to bottom.
const LONGEST: usize = 500;

/// Ground floor: none of these knows another package, not even in its tests.
const GROUND_FLOOR: [&str; 4] = ["protocol", "link", "vault", "display"];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 8] = ["manager", "handler", "util", "utils", "helper", "helpers", "common", "base"];

/// Where `unsafe` may stand, and why.
const UNSAFE: [(&str, &str); 6] = [
    ("vault/src/priority.rs", "sched_setscheduler(2): no safe library asks it"),
    ("agent/src/clock.rs", "adjtimex(2): no safe library asks it"),
    (
        "agent/src/identify/evdev/kernel.rs",
        "input devices: two ioctls, of which rustix has the frame, and a descriptor that is waited for",
    ),
    ("agent/src/panels/kernel.rs", "the memory of a panel, and ioctls that no library offers"),
    ("sim/src/desk/disk.rs", "unshare(2): no safe library asks it"),
    ("tests/src/power/recorder.rs", "what SQLite asks of the file system: a table of C functions"),
];

/// Crates through which a program reaches outside itself; what is pure does not name them.
const REACHING_OUT: [&str; 7] =
    ["tokio", "rusqlite", "rumqttc", "touchpoint_link", "touchpoint_vault", "rustix", "libc"];

/// Modules of the standard library that do, and those that say what time it is.
const STD_REACHING_OUT: [&str; 8] = ["fs", "net", "process", "env", "thread", "os", "Instant", "SystemTime"];

fn rust() -> Vec<Source> {
    let all = sources(&PACKAGES, &["rs"]);
    assert!(all.len() > 100, "only {} files were found", all.len());
    all
}

/// The manifest of a package.
fn manifest(package: &str) -> toml::Table {
    fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap().parse().unwrap()
}

/// The names in one table of dependencies, platform-specific ones included.
fn dependencies(package: &str, kind: &str) -> BTreeSet<String> {
    let manifest = manifest(package);
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables = targets.into_iter().flat_map(|targets| targets.values().filter_map(toml::Value::as_table));
    let named = tables.chain([&manifest]).filter_map(|table| table.get(kind).and_then(toml::Value::as_table));
    named.flat_map(|table| table.keys().cloned()).collect()
}

/// Names of files below the rules they break; empty if all is well.
fn breaking(all: &[Source], rule: impl Fn(&Source) -> bool) -> Vec<&str> {
    all.iter().filter(|source| !rule(source)).map(|source| source.path.as_str()).collect()
}

const NONE: [&str; 0] = [];

/// Every word in the paths that begin so, grouped imports included.
fn named_after<'a>(code: &'a str, start: &str) -> BTreeSet<&'a str> {
    let paths = code.split(start).skip(1).map(|rest| match rest.strip_prefix('{') {
        Some(group) => group.split(';').next().unwrap_or(group),
        None => rest.split(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).next().unwrap_or(rest),
    });
    paths.flat_map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

#[test]
fn grouped_and_single_imports_are_both_seen() {
    let code = "use std::{fmt, time::{Duration, Instant}}; fn f() { std::fs::read(x); other::net::y() }";
    assert_eq!(named_after(code, "std::"), ["", "Duration", "Instant", "fmt", "fs", "read", "time"].into());
}

#[test]
fn every_file_says_first_why_it_exists() {
    assert_eq!(breaking(&rust(), |source| source.text.starts_with("//! ")), NONE);
}

#[test]
fn no_file_is_longer_than_can_be_read() {
    assert_eq!(breaking(&rust(), |source| source.text.lines().count() <= LONGEST), NONE);
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let named = |source: &Source| {
        let stem = source.path.rsplit('/').next().unwrap().trim_end_matches(".rs").to_owned();
        !stem.split(['_', '-']).any(|word| EMPTY_NAMES.contains(&word))
    };
    assert_eq!(breaking(&rust(), named), NONE);
}

#[test]
fn what_is_pure_reaches_nothing_outside() {
    let pure =
        |source: &Source| source.path.starts_with("protocol/src/") || source.path.starts_with("agent/src/domain/");
    let code: Vec<(String, String)> = rust()
        .iter()
        .filter(|source| pure(source))
        .map(|source| (source.path.clone(), source.shipped_code()))
        .collect();
    assert!(code.len() > 20);
    for (path, code) in &code {
        let words: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for name in REACHING_OUT {
            assert!(!words.contains(name), "{path} names {name}");
        }
        let of_std = named_after(code, "std::");
        for name in STD_REACHING_OUT {
            assert!(!of_std.contains(name), "{path} names {name} of std");
        }
        assert!(!path.starts_with("agent/") || !words.contains("ring"), "{path} names ring");
        assert!(!code.contains("Timestamp::now"), "{path} reads the time instead of being told");
    }
    let io = ["tokio", "rusqlite", "rumqttc", "mio", "tracing", "libc", "rustix"];
    let known = dependencies("protocol", "dependencies");
    assert!(io.iter().all(|name| !known.contains(*name)), "{known:?}");
}

#[test]
fn only_link_knows_the_mqtt_client_and_only_vault_the_database() {
    for (name, owner) in [("rumqttc", "link"), ("rusqlite", "vault")] {
        for package in PACKAGES {
            let named = ["dependencies", "dev-dependencies", "build-dependencies"]
                .iter()
                .any(|kind| dependencies(package, kind).contains(name));
            assert_eq!(named, package == owner, "{package} and {name}");
        }
    }
    // What is measured is measured beside a database that is nothing but one.
    let yardstick = "tests/src/bin/bench/yardstick.rs";
    let shipped = |source: &Source| {
        !source.path.starts_with("vault/") && !source.path.contains("/tests/") && source.path != yardstick
    };
    let all: Vec<Source> = rust().into_iter().filter(shipped).collect();
    assert_eq!(breaking(&all, |source| !source.shipped_code().contains("Connection::open")), NONE);
}

#[test]
fn packages_import_one_another_in_one_direction_alone() {
    let programs: &[&str] = &GROUND_FLOOR;
    for package in PACKAGES {
        let may: Vec<&str> = match package {
            "agent" | "hub" => programs.to_vec(),
            "sim" => [programs, &["agent", "hub"]].concat(),
            "tests" => [programs, &["agent", "hub", "sim"]].concat(),
            _ => Vec::new(),
        };
        let ours = |kind| {
            let all = dependencies(package, kind);
            all.iter().filter_map(|name| name.strip_prefix("touchpoint-").map(str::to_owned)).collect::<Vec<_>>()
        };
        for known in ours("dependencies") {
            assert!(may.contains(&known.as_str()), "{package} imports {known}");
        }
        for known in [ours("dev-dependencies"), ours("build-dependencies")].concat() {
            assert!(!GROUND_FLOOR.contains(&package), "{package} knows {known} in its tests");
        }
    }
}

#[test]
fn the_agent_links_nothing_that_belongs_to_a_desk() {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--locked", "--offline", "-p", "touchpoint-agent", "-e", "normal", "--prefix", "none"]);
    let output = tree.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let linked: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(linked.contains("touchpoint-vault") && linked.len() > 50, "{tree}");
    for name in ["mqtt5", "embedded-graphics-simulator", "sdl2", "aws-lc-rs", "aws-lc-sys", "openssl", "touchpoint-hub"]
    {
        assert!(!linked.contains(name), "the agent links {name}");
    }
}

#[test]
fn nothing_is_left_for_later_and_nothing_speaks_of_where_it_was_written() {
    // Put together here, so that this file does not break its own rule.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["../", "shared"], ["/wo", "rk/"], ["todo", "!("]]
        .map(|parts| parts.concat());
    let mut all = sources(&PACKAGES, &["rs", "sql", "toml", "md"]);
    for path in ["README.md", "ARCHITECTURE.md", "Cargo.toml", "deny.toml", "clippy.toml"] {
        let Ok(text) = fs::read_to_string(root().join(path)) else { continue };
        all.push(Source { path: path.to_owned(), text });
    }
    all.extend(sources(&["docs", "deploy"], &["md", "toml", "conf", "acl", "service"]));
    for word in &words {
        assert_eq!(breaking(&all, |source| !source.text.contains(word.as_str())), NONE, "{word}");
    }
}

#[test]
fn unsafe_code_stands_only_where_the_kernel_needs_it() {
    let allowed: Vec<&str> = UNSAFE.iter().map(|(path, _)| *path).collect();
    let tame = |source: &Source| {
        let code: String = source.text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
        !["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "allow(unsafe_code)"]
            .iter()
            .any(|word| code.contains(word))
    };
    let mut all = rust();
    // This file names the words it looks for.
    all.retain(|source| source.path != "tests/tests/house.rs");
    assert_eq!(breaking(&all, tame), allowed);
}

#[test]
fn every_dependency_has_its_version_in_one_place() {
    for package in PACKAGES {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let manifest = manifest(package);
            for (name, value) in manifest.get(kind).and_then(toml::Value::as_table).into_iter().flatten() {
                let from_workspace = value.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(from_workspace, Some(true), "{package}: {name}");
            }
        }
    }
}
