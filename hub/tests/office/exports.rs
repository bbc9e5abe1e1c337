//! Files as core systems export them: other columns, JSON Lines, bad rows to mend, rows to add, and a rehearsal first.

use crate::{
    commands::{hub, text},
    desk::HEADER,
};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt, path::Path};
use tempfile::TempDir;

const MAPPING: &str = r#"
separator = ";"
customer = "KDNR"
card_number = "PAN"
segments = { column = "SEG", separator = "/", values = { A = "gold", B = "student" }, otherwise = "" }
language = { constant = "de" }
consent.marketing = { column = "WERBUNG", values = { J = "yes", N = "no" } }
attributes.first-name = "VORNAME"
"#;

fn office() -> TempDir {
    let folder = TempDir::new().unwrap();
    assert!(hub(folder.path(), &["init", "acme", "--tenant", "acme"]).status.success());
    folder
}

/// Imports, and gives back what it printed to stderr, and to stdout if it went well.
fn import(path: &Path, arguments: &[&str]) -> (String, Option<Value>) {
    let output = hub(path, &[&["import", "--config", "acme/hub.toml", "--json"], arguments].concat());
    let imported = output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap());
    (text(&output.stderr), imported)
}

#[test]
fn rejected_rows_are_mended_and_added_and_no_card_number_is_written_down() {
    let folder = office();
    let path = folder.path();
    fs::write(path.join("core.toml"), MAPPING).unwrap();
    let rows = [
        "VORNAME;KDNR;PAN;SEG;WERBUNG;NOTIZ",
        "Anna;c-1;4111111111111111;A/B;J;",
        "Bert;c-2;5555555555554445;B;N;",
        "Chloe;c-3;4012888888881881;B;vielleicht;4012 8888 8888 1881",
        "Dora;c-4;4222222222222;A;J;",
        "Emil;4111111111111111",
    ];
    fs::write(path.join("export.csv"), rows.join("\n")).unwrap();
    let arguments = ["--mapping", "core.toml", "--rejects", "rejects.csv", "export.csv"];
    let (said, imported) = import(path, &arguments);
    assert!(imported.is_none() && said.contains("3 rejected rows are in rejects.csv"), "{said}");
    let (said, imported) = import(path, &[&["--skip-bad"], &arguments[..]].concat());
    assert!(imported.is_none() && said.contains("3 of 5 rows in export.csv are bad, over 5 %"), "{said}");
    let (said, imported) = import(path, &[&["--skip-bad=60"], &arguments[..]].concat());
    let imported = imported.unwrap();
    assert_eq!((&imported["customers"], &imported["bad_rows"]), (&2.into(), &3.into()), "{said}");
    assert!(said.contains("export.csv:4: WERBUNG: is none of the values in the mapping"), "{said}");

    let rejects = fs::read_to_string(path.join("rejects.csv")).unwrap();
    let expected = [
        "reject_line;reject_reason;VORNAME;KDNR;PAN;SEG;WERBUNG;NOTIZ",
        "3;PAN: the card number's check digit is wrong;Bert;c-2;****;B;N;",
        "4;WERBUNG: is none of the values in the mapping;Chloe;c-3;****;B;vielleicht;****",
        "6;2 fields, not 6;;;;;;",
    ];
    assert_eq!(rejects.lines().collect::<Vec<_>>(), expected);
    assert_eq!(fs::metadata(path.join("rejects.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!said.contains("4012") && !said.contains("5555"), "{said}");

    // For a whole shard they would erase everybody else; mended and added, they join them.
    let mended = rejects.replace("Bert;c-2;****", "Bert;c-2;5555555555554444").replace("6;2 fields, not 6;;;;;;\n", "");
    let mended = mended.replace("Chloe;c-3;****;B;vielleicht", "Chloe;c-3;4012888888881881;B;J");
    fs::write(path.join("mended.csv"), mended).unwrap();
    let (said, imported) = import(path, &["--mapping", "core.toml", "mended.csv"]);
    assert!(imported.is_none() && said.contains("use --add"), "{said}");
    let (said, imported) = import(path, &["--mapping", "core.toml", "--add", "mended.csv"]);
    let imported = imported.unwrap_or_else(|| panic!("{said}"));
    assert_eq!((&imported["customers"], &imported["newcomers"], &imported["rows"]), (&4.into(), &2.into(), &4.into()));
    let (_, again) = import(path, &["--mapping", "core.toml", "--add", "mended.csv"]);
    assert_eq!(again.unwrap()["travels"], "nothing");
}

#[test]
fn json_lines_are_read_by_keys_and_pointers() {
    let folder = office();
    let path = folder.path();
    let mapping =
        "customer = \"id\"\ncard_number = \"/card/number\"\nloyalty_number = \"bonus\"\nsegments = \"segments\"\n";
    fs::write(path.join("core.toml"), mapping).unwrap();
    let rows = concat!(
        "\u{feff}{\"id\":7,\"card\":{\"number\":4111111111111111},\"segments\":[\"gold\",\"student\"]}\n",
        "\n",
        "{\"id\":\"c-8\",\"bonus\":\"L8\",\"segments\":\"gold|student\"}\n",
        "{\"id\":\"c-9\",\"bonus\":\"L9\",\"segments\":{}}\n",
        "{\"id\":\"c-10\",\"card\":{\"number\":\"4111111111111112\"},\"note\":[\"4111 1111 1111 1112\"]}\n",
        "{\"id\":\"c-11\", 4111111111111111}\n",
    );
    fs::write(path.join("core.jsonl"), rows).unwrap();
    let arguments = ["--skip-bad=60", "--mapping", "core.toml", "--rejects", "rejects.jsonl", "core.jsonl"];
    let (said, imported) = import(path, &arguments);
    let imported = imported.unwrap_or_else(|| panic!("{said}"));
    assert_eq!((&imported["customers"], &imported["rows"]), (&2.into(), &2.into()));
    let rejects = fs::read_to_string(path.join("rejects.jsonl")).unwrap();
    let rejects: Vec<Value> = rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rejects[0]["reject_reason"], "segments: is neither a text nor a list of texts");
    assert_eq!((&rejects[1]["reject_line"], &rejects[1]["card"]["number"]), (&"5".into(), &"****".into()));
    assert_eq!(rejects[1]["note"][0], "****");
    assert_eq!(rejects[2]["reject_reason"], "is not JSON from character 15 on");
    assert!(!said.contains("411111") && rejects.len() == 3, "{said}");
    // Not even in a file that nobody looks into for a header.
    let (said, imported) = import(path, &["--mapping", "core.toml", "rejects.jsonl"]);
    assert!(imported.is_none() && said.contains("use --add"), "{said}");
}

#[test]
fn a_rehearsal_says_what_would_travel_and_changes_nothing() {
    let folder = office();
    let path = folder.path();
    fs::write(path.join("customers.csv"), format!("{HEADER}c-1,4111111111111111,,,,,\nc-2,,L2,,,,\n")).unwrap();
    for _ in 0..2 {
        let (_, imported) = import(path, &["--dry-run", "customers.csv"]);
        let imported = imported.unwrap();
        let found = (&imported["epoch"], &imported["newcomers"], &imported["is_rehearsal"]);
        assert_eq!(found, (&1.into(), &2.into(), &true.into()));
    }
    let (_, imported) = import(path, &["customers.csv"]);
    assert_eq!(imported.unwrap()["newcomers"], 2);
}

#[test]
fn a_card_of_a_customer_who_stays_is_not_given_to_another() {
    let folder = office();
    let path = folder.path();
    fs::write(path.join("all.csv"), format!("{HEADER}c-1,4111111111111111,,,,,\nc-2,,L2,,,,\n")).unwrap();
    assert!(import(path, &["all.csv"]).1.is_some());
    fs::write(path.join("more.csv"), format!("{HEADER}c-3,4111111111111111,,,,,\nc-4,,L4,,,,\n")).unwrap();
    let (said, imported) = import(path, &["--add", "--skip-bad=50", "more.csv"]);
    assert!(said.contains("more.csv:2: has a card or number of a customer who stays in the shard"), "{said}");
    assert_eq!(imported.unwrap()["customers"], 3);
}
