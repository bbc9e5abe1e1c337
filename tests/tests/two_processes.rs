//! The README's way: head office and a device as two programs, with a broker as it is deployed between them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{fs, path::Path};
use tempfile::TempDir;
use touchpoint_display::{Limits, Picture, Size};
use touchpoint_tests::{
    head_office::{ANNA, BEN, CHLOE, HeadOffice, STRANGER},
    kiosk::edit,
    mosquitto::Mosquitto,
    patience::eventually,
    pki::Authority,
    secrets::Secrets,
};

/// Puts the three files of mutual TLS where the settings look for them, as an operator does.
fn certify(authority: &Authority, folder: &Path, common_name: &str, file: &str) {
    let tls = folder.join("tls");
    fs::create_dir(&tls).unwrap();
    authority.write(&tls.join("ca.crt"));
    authority.issue(common_name, &tls.join(format!("{file}.crt")), &tls.join(format!("{file}.key")));
}

#[test]
fn a_visit_at_a_kiosk_arrives_at_head_office_exactly_once() {
    let authority = Authority::new();
    let broker = Mosquitto::deployed(&authority);
    let folder = TempDir::new().unwrap();
    let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
    certify(&authority, &office.folder, "head-office", "head-office");
    let kiosk = office.kiosk();
    certify(&authority, &kiosk.folder, "kiosk-1", "device");
    kiosk.edit("# picture = \"screen.png\"", "picture = \"screen.png\"");

    let hub = office.serve();
    let agent = kiosk.start_logging("trace");
    let api = &agent.api;
    agent.holds(1, 1);

    // Anna comes with her card.
    let decided = api.arrives(ANNA);
    assert_eq!((&decided["known"], &decided["shown"]), (&json!(true), &json!(true)));
    assert_eq!((&decided["campaign"], &decided["language"]), (&json!("savings"), &json!("de")));
    assert_eq!(decided["segment"], "gold");
    assert_eq!(decided["answers"], json!(["accept", "decline", "opt_out"]));
    assert!(decided["card_to_pixels_us"].as_u64().unwrap() > 0);
    assert!(decided["verdicts"].as_array().unwrap().contains(&json!({ "campaign": "savings", "verdict": "won" })));
    let picture = api.get("/v1/screen.png");
    assert_eq!((picture.status, picture.content_type.as_str()), (200, "image/png"));
    let picture = Picture::decode(&picture.body, Limits::default()).unwrap();
    assert_eq!(picture.size(), Size::new(1024, 768));
    let on_disk = fs::read(kiosk.folder.join("screen.png")).unwrap();
    assert_eq!(Picture::decode(&on_disk, Limits::default()).unwrap(), picture, "one renderer, one picture");
    api.answers("accept");
    api.leaves();
    let visit = api.get("/v1/visit").json(200);
    assert_eq!(visit["ending"], json!({ "answered": "accept" }));

    // Others come, too.
    assert_eq!(api.arrives(STRANGER)["campaign"], "welcome");
    api.leaves();
    assert_eq!(api.arrives(CHLOE)["reason"], "opted_out");
    let recorded = 5; // Shown and ended, shown and ended, not shown.
    agent.records(recorded);
    agent.delivers();

    let report = eventually("the interactions at head office", || {
        let report = office.report();
        if report["interactions"] == recorded { Ok(report) } else { Err(report.to_string()) }
    });
    assert_eq!(reckoning(&report), json!([0, 0, 0]), "{report:#}");
    assert_eq!(report["campaigns"]["savings"], json!({ "showings": 1, "answers": { "accept": 1 }, "unanswered": {} }));
    assert_eq!(report["refusals"], json!([]));
    assert_eq!((&report["devices"][0]["device"], &report["devices"][0]["online"]), (&json!("kiosk-1"), &json!(true)));

    // Both stop when they are told to, and the last visit is not lost.
    assert!(api.arrives(BEN)["shown"].as_bool().unwrap());
    let answers = [api.get("/v1/status"), api.get("/v1/visit")].map(|answer| answer.body).concat();
    let agent = agent.service.terminate();
    assert_eq!(agent.status.code(), Some(0), "{}", agent.stderr);
    let hub = hub.terminate();
    assert_eq!(hub.status.code(), Some(0), "{}", hub.stderr);
    let report = office.report();
    assert_eq!(report["interactions"], recorded + 2, "shown, and interrupted by the stop");
    assert_eq!(reckoning(&report), json!([0, 0, 0]), "{report:#}");
    assert_eq!(report["devices"][0]["online"], false);
    // The broker has nothing to complain about either; only the look whether it listens ends without a handshake.
    let log = broker.log();
    let left = |name: &str| {
        let client = format!("Client {name}");
        log.lines().any(|line| line.contains(&client) && line.ends_with(" disconnected."))
    };
    assert!(left("kiosk-1 ") && left("touchpoint-hub-acme-"), "{log}");

    // No card number stays anywhere.
    let secrets = Secrets::new([ANNA, BEN, CHLOE, STRANGER]);
    assert_eq!(secrets.files_with(folder.path()), [""; 0].map(Path::new));
    for (what, text) in [("agent", &agent), ("hub", &hub)] {
        assert_eq!(secrets.found_in(text.stderr.as_bytes()) + secrets.found_in(text.stdout.as_bytes()), 0, "{what}");
    }
    assert_eq!(secrets.found_in(&answers) + secrets.found_in(decided.to_string().as_bytes()), 0);
}

#[test]
fn a_device_cannot_speak_as_another_on_the_deployed_broker() {
    let authority = Authority::new();
    let broker = Mosquitto::deployed(&authority);
    let folder = TempDir::new().unwrap();
    let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
    certify(&authority, &office.folder, "head-office", "head-office");
    let kiosk = office.kiosk();
    certify(&authority, &kiosk.folder, "kiosk-2", "device");
    let _hub = office.serve();
    let agent = kiosk.start();
    let status = agent.reaches("the broker's refusal", |status| status["line"]["last_error"].is_string());
    let error = status["line"]["last_error"].as_str().unwrap();
    assert!(
        error.contains("touchpoint/v1/acme/devices/kiosk-1/presence") && error.contains("not authorized"),
        "{error}"
    );
    assert_eq!(office.report()["devices"][0]["online"], Value::Null);
}

#[test]
fn a_device_whose_certificate_is_from_elsewhere_is_kept_out_and_says_so() {
    let authority = Authority::new();
    let broker = Mosquitto::deployed(&authority);
    let folder = TempDir::new().unwrap();
    let office = HeadOffice::found(&folder.path().join("office"), broker.endpoint());
    let kiosk = office.kiosk();
    certify(&Authority::new(), &kiosk.folder, "kiosk-1", "device");
    // It knows the real broker, but not the other way round.
    authority.write(&kiosk.folder.join("tls/ca.crt"));
    let agent = kiosk.start();
    let status = agent.reaches("the broker's refusal", |status| status["line"]["last_error"].is_string());
    assert_eq!(status["line"]["connected"], false);
    let error = status["line"]["last_error"].as_str().unwrap();
    assert!(error.contains(broker.endpoint()), "{error}");
}

#[test]
fn a_configuration_that_cannot_be_used_names_file_and_key() {
    let folder = TempDir::new().unwrap();
    let office = HeadOffice::found(&folder.path().join("office"), "mqtt://127.0.0.1:1");
    let kiosk = office.kiosk();
    edit(&kiosk.folder.join("agent.toml"), "width = 1024", "width = 0");
    let error = kiosk.fails().stderr;
    assert!(error.contains("agent.toml: screen.width: 0 is not 1 to"), "{error}");
    edit(&kiosk.folder.join("agent.toml"), "width = 0", "wdth = 1024");
    let error = kiosk.fails().stderr;
    assert!(error.contains("agent.toml") && error.contains("wdth"), "{error}");
}

/// What may not be: facts stored twice, sequence numbers missing, deliveries that contradict one another.
fn reckoning(report: &Value) -> Value {
    json!([report["duplicates"], report["missing"], report["journals"][0]["contradicted"]])
}
