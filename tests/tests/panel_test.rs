//! What a technician does with a panel: tests it, and reads why it shows nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;
use touchpoint_tests::{
    golden,
    head_office::{ANNA, HeadOffice},
    mosquitto::Mosquitto,
    patience::eventually,
    process::{Service, done, program, run},
};

/// What a device's configuration holds beside its screen.
const REST: &str = r#"
[device]
tenant = "acme"
id = "kiosk-1"
group = "all"
shard = "all"
[line]
broker = "mqtt://127.0.0.1:1"
[storage]
folder = "state"
keys = "keys"
[screen]
"#;

/// The test in a folder whose configuration has this `[screen]`.
fn test(folder: &Path, screen: &str, arguments: &[&str]) -> Command {
    fs::write(folder.join("agent.toml"), format!("{REST}{screen}")).unwrap();
    let mut command = program("touchpoint-agent");
    command.args(["panel", "test", "--config", "agent.toml"]).args(arguments).current_dir(folder);
    command
}

#[test]
fn a_technician_sees_a_pattern_and_reads_what_the_panel_is() {
    let folder = TempDir::new().unwrap();
    let cases = [
        ("lying", "width = 1024\nheight = 768\nmillimetres = [305, 229]\npicture = \"glass.png\""),
        ("upright", "width = 768\nheight = 1366\nmillimetres = [193, 344]\npicture = \"glass.png\""),
        ("small", "width = 320\nheight = 240\npanel = \"png\"\npicture = \"glass.png\""),
    ];
    let mut differences = Vec::new();
    for (name, screen) in cases {
        let said = done(&mut test(folder.path(), screen, &["--seconds", "0"]));
        assert!(said.starts_with("driver       png\ndevice       glass.png\n"), "{said}");
        differences.extend(golden::pattern(name, &fs::read(folder.path().join("glass.png")).unwrap()));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));

    let said = done(&mut test(folder.path(), cases[0].1, &["--seconds", "0", "--json"]));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!([&said["driver"], &said["width"], &said["height"]], [&json!("png"), &json!(1024), &json!(768)]);
    assert_eq!((&said["millimetres"], &said["refresh_hz"]), (&json!([305, 229]), &Value::Null));
    assert!(said["pictures_per_s"].as_f64().unwrap() > 0.0);
    assert_eq!(said["checksum"].as_str().unwrap().len(), 16);
}

#[test]
fn the_pattern_stays_until_somebody_has_seen_enough() {
    let folder = TempDir::new().unwrap();
    let screen = "width = 320\nheight = 240\npicture = \"glass.png\"";
    let service = Service::start(&mut test(folder.path(), screen, &["--seconds", "600"]));
    eventually("the pattern", || {
        let there = folder.path().join("glass.png").exists();
        there.then_some(()).ok_or_else(|| service.stderr())
    });
    let finished = service.terminate();
    assert!(finished.status.success(), "{}", finished.stderr);
    assert!(finished.stdout.contains("pixels       320 x 240, XRGB8888"), "{}", finished.stdout);
}

#[test]
fn each_way_to_fail_has_an_exit_code_and_a_reason() {
    let folder = TempDir::new().unwrap();
    let size = "width = 320\nheight = 240\n";
    let cases = [
        (1, "panel = \"none\"", "screen.panel is \"none\""),
        (1, "panel = \"auto\"\ndevice = \"/dev/fb0\"", "screen.device: is for panel = "),
        (1, "panel = \"vga\"", "unknown variant `vga`"),
        (3, "panel = \"fbdev\"\ndevice = \"/nowhere/fb0\"", "cannot open the panel: there is no /nowhere/fb0"),
        (3, "panel = \"drm\"\ndevice = \"/dev/null\"", "/dev/null cannot list connectors: "),
        (
            3,
            "panel = \"spi\"\ndevice = \"/nowhere/spi\"\nspi = { controller = \"st7789\", data = 25, rotation = 90 }",
            "there is no /nowhere/spi",
        ),
        (4, "picture = \"taken\"", "cannot show the pattern: cannot write the screen to taken: "),
    ];
    fs::create_dir(folder.path().join("taken")).unwrap();
    for (code, screen, reason) in cases {
        let finished = run(&mut test(folder.path(), &format!("{size}{screen}"), &["--seconds", "0"]));
        assert_eq!(finished.status.code(), Some(code), "{screen}: {}", finished.stderr);
        assert!(finished.stderr.contains(reason), "{screen}: {}", finished.stderr);
    }
    let finished = run(&mut test(folder.path(), size, &["--seconds", "-1"]));
    assert_eq!(finished.status.code(), Some(2));
}

#[test]
fn an_agent_whose_panel_is_missing_runs_says_so_and_shows_everything_once_it_is_there() {
    let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
    let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
    let _hub = office.serve();
    let kiosk = office.kiosk();
    kiosk.edit("height = 768", "height = 768\npanel = \"png\"\npicture = \"glass/screen.png\"");
    let agent = kiosk.start();
    agent.holds(1, 1);
    let told = agent.api.arrives(ANNA);
    assert_eq!((&told["shown"], &told["reason"]), (&json!(false), &json!("panel_failed")));
    agent.api.leaves();
    let panel = &agent.api.status()["visits"]["panel"];
    assert_eq!(panel["condition"], "failed");
    assert!(panel["error"].as_str().unwrap().starts_with("there is no "), "{panel}");
    let trouble = || office.report()["devices"][0]["health"]["trouble"].to_string();
    eventually("head office knows", || match trouble() {
        trouble if trouble.contains("the panel shows nothing: there is no ") => Ok(()),
        trouble => Err(trouble),
    });

    fs::create_dir(kiosk.folder.join("glass")).unwrap();
    // The invitation, which nobody had to ask for again.
    eventually("a picture", || {
        kiosk.folder.join("glass/screen.png").exists().then_some(()).ok_or_else(|| "none".to_owned())
    });
    eventually("the panel", || {
        let panel = agent.api.status()["visits"]["panel"].clone();
        if panel["condition"] == "open" { Ok(()) } else { Err(panel.to_string()) }
    });
    assert_eq!(agent.api.arrives(ANNA)["shown"], true);
    agent.api.leaves();
}
