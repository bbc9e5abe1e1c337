//! The program as an operator runs it: what it prints where, and how it ends.

use crate::{
    broker::Broker,
    desk::{HEADER, write_campaigns},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

pub(crate) fn hub(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_touchpoint-hub")).current_dir(folder).args(arguments).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn an_operator_goes_from_nothing_to_a_report() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let done = |arguments: &[&str]| {
        let output = hub(path, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    done(&["init", "acme", "--tenant", "acme", "--device", "kiosk-1"]);
    assert!(path.join("acme/devices/kiosk-1/agent.toml").exists());
    done(&["enrol", "--config", "acme/hub.toml", "--device", "kiosk-2", "--out", "kiosk-2"]);
    fs::write(path.join("customers.csv"), format!("{HEADER}c-1,4111111111111111,,,,,\n")).unwrap();
    let imported = done(&["import", "--config", "acme/hub.toml", "--json", "customers.csv"]);
    let imported: serde_json::Value = serde_json::from_str(&imported).unwrap();
    assert_eq!((&imported["epoch"], &imported["customers"]), (&1.into(), &1.into()));
    write_campaigns(&path.join("campaigns"));
    assert_eq!(done(&["check", "campaigns"]), "ready to be published, campaigns: 1\n");
    assert!(done(&["publish", "--config", "acme/hub.toml", "campaigns"]).starts_with("group all, revision 1:"));
    let report = done(&["report", "--config", "acme/hub.toml"]);
    assert!(report.contains("kiosk-2") && report.contains("never heard of"), "{report}");
}

#[test]
fn a_failure_lists_what_to_put_right_and_ends_with_one_chain_of_causes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    assert!(hub(path, &["init", "acme", "--tenant", "acme"]).status.success());
    let rows = "c-1,4111111111111112,,,,,\n".repeat(30);
    fs::write(path.join("customers.csv"), format!("{HEADER}{rows}")).unwrap();
    let output = hub(path, &["import", "--config", "acme/hub.toml", "customers.csv"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let error = text(&output.stderr);
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 22, "{error}");
    assert!(lines[0].starts_with("customers.csv:2: card_number:"), "{error}");
    assert_eq!(lines[20], "and 10 more");
    assert_eq!(lines[21], "error: nothing was imported, for customers.csv has 30 problems to put right");
    assert!(!error.contains("4111"), "{error}");

    let output = hub(path, &["check", "nowhere"]);
    let error = text(&output.stderr);
    assert!(error.starts_with("error: cannot read the campaign folder nowhere: No such file"), "{error}");
    assert_eq!(hub(path, &["import"]).status.code(), Some(2));
    assert_eq!(hub(path, &["init", "acme", "--tenant", "acme"]).status.code(), Some(1));
}

#[test]
fn what_is_doubtful_is_told_and_taken_unless_it_is_not_to_be() {
    let folder = TempDir::new().unwrap();
    write_campaigns(&folder.path().join("campaigns"));
    let output = hub(folder.path(), &["check", "campaigns"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "warning: campaigns: no campaign is for strangers, who will see nothing\n");
    let output = hub(folder.path(), &["check", "--strict", "campaigns"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(text(&output.stderr).ends_with("error: what is doubtful is not taken, warnings: 1\n"));
    assert!(hub(folder.path(), &["init", "acme", "--tenant", "acme"]).status.success());
    let publish = ["publish", "--config", "acme/hub.toml", "--strict", "campaigns"];
    assert_eq!(hub(folder.path(), &publish).status.code(), Some(1));
    assert!(hub(folder.path(), &["schema", "schema"]).status.success());
    assert!(folder.path().join("schema/campaign.json").exists());
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = TempDir::new().unwrap();
    for command in ["init", "enrol", "import", "check", "schema", "publish", "serve", "report"] {
        let help = text(&hub(folder.path(), &[command, "--help"]).stdout);
        assert!(help.contains(&format!("Example:\n  touchpoint-hub {command}")), "{help}");
    }
}

#[tokio::test]
async fn a_service_that_is_terminated_says_goodbye_and_exits_well() {
    let broker = Broker::open().await;
    let folder = TempDir::new().unwrap();
    let endpoint = broker.endpoint().to_string();
    assert!(hub(folder.path(), &["init", "acme", "--tenant", "acme", "--broker", &endpoint]).status.success());
    for signal in ["-TERM", "-INT"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_touchpoint-hub"));
        command.current_dir(folder.path()).args(["serve", "--config", "acme/hub.toml"]).stderr(Stdio::piped());
        let mut service = command.spawn().unwrap();
        let mut log = BufReader::new(service.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("connected") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended before it was connected");
        }
        serde_json::from_str::<serde_json::Value>(&line).expect("where nobody watches, a log line is JSON");
        let asked = Instant::now();
        assert!(Command::new("kill").args([signal, &service.id().to_string()]).status().unwrap().success());
        assert!(service.wait().unwrap().success(), "{signal}");
        assert!(asked.elapsed() < Duration::from_secs(5));
    }
}
