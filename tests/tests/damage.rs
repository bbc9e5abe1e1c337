//! Damaged files are put aside whole, and the kiosk goes on with new ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use touchpoint_tests::{
    head_office::{ANNA, BEN, HeadOffice},
    kiosk::Kiosk,
    mosquitto::Mosquitto,
    patience::PATIENCE,
    process::Service,
};

/// Bytes of a page.
const PAGE: usize = 4096;

/// A kiosk that was synchronised and had a visitor, and stands still, with its head office at work.
struct Stopped {
    _folder: TempDir,
    _broker: Mosquitto,
    _hub: Service,
    office: HeadOffice,
    kiosk: Kiosk,
}

impl Stopped {
    fn after_a_visit() -> Stopped {
        let folder = TempDir::new().unwrap();
        let broker = Mosquitto::plain();
        let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
        let (kiosk, hub) = (office.kiosk(), office.serve());
        let agent = kiosk.start();
        agent.holds(1, 1);
        agent.api.arrives(ANNA);
        agent.api.answers("accept");
        agent.api.leaves();
        agent.delivers();
        assert_eq!(agent.service.terminate().status.code(), Some(0));
        Stopped { _folder: folder, _broker: broker, _hub: hub, office, kiosk }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.kiosk.databases().join(name)
    }
}

/// Damages a page, counted from 1, and returns what the file is now.
fn damage(path: &Path, page: usize) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    bytes[(page - 1) * PAGE + 2_000..][..64].fill(0xAA);
    fs::write(path, &bytes).unwrap();
    bytes
}

#[test]
fn a_kiosk_with_damaged_files_starts_anew_raises_an_alarm_and_loses_nothing_of_them() {
    let kiosk = Stopped::after_a_visit();
    let damaged = [("journal.db", "journal.db.corrupt-1"), ("cache.db", "cache.db.corrupt")]
        .map(|(name, aside)| (aside, damage(&kiosk.file(name), 1)));
    let agent = kiosk.kiosk.start();
    for (aside, bytes) in damaged {
        assert_eq!(fs::read(kiosk.file(aside)).unwrap(), bytes, "{aside}");
    }
    let alarm = agent.api.status()["journal"]["alarm"].to_string();
    assert!(alarm.contains("journal.db.corrupt-1"), "{alarm}");
    agent.holds(1, 1);
    assert_eq!(agent.api.arrives(BEN)["campaign"], "family-insurance");
    agent.api.leaves();
    agent.records(2);
    agent.delivers();
    let report = kiosk.office.report();
    assert_eq!(report["journals"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!((&report["interactions"], &report["missing"]), (&4.into(), &0.into()));
}

#[test]
fn damage_that_shows_during_a_visit_ends_the_agent_and_the_next_start_is_a_good_one() {
    let kiosk = Stopped::after_a_visit();
    // The contact history by customer, which nobody reads before a customer is there.
    let bytes = damage(&kiosk.file("journal.db"), 4);
    let agent = kiosk.kiosk.start();
    assert!(agent.api.status()["journal"]["alarm"].is_null());
    // Served or not: the agent is on its way out.
    let visit = json!({ "track2": format!(";{ANNA}=30122010000000000000?"), "seconds_left": 25 });
    let _ = agent.api.try_post("/v1/visits", visit.to_string());
    let finished = agent.service.ended(PATIENCE);
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("journal.db.corrupt-1"), "{}", finished.stderr);
    assert_eq!(fs::read(kiosk.file("journal.db.corrupt-1")).unwrap().len(), bytes.len());

    let agent = kiosk.kiosk.start();
    assert!(agent.api.status()["journal"]["alarm"].is_string());
    assert_eq!(agent.api.arrives(BEN)["campaign"], "family-insurance");
    agent.api.leaves();
    agent.records(2);
    agent.delivers();
}
