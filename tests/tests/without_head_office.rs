//! With the line cut the kiosk serves, and keeps what it is owed to tell.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tempfile::TempDir;
use touchpoint_tests::{
    head_office::{ANNA, BEN, HeadOffice, STRANGER},
    mosquitto::{Mosquitto, free_port},
};

#[test]
fn an_agent_alone_serves_and_keeps_and_delivers_when_head_office_is_there() {
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let broker = Mosquitto::plain_at(port);
    let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
    let kiosk = office.kiosk();
    let hub = office.serve();
    let agent = kiosk.start();
    agent.holds(1, 1);
    assert_eq!(agent.service.terminate().status.code(), Some(0));
    assert_eq!(hub.terminate().status.code(), Some(0));
    drop(broker);

    // Started with nobody on the line.
    let agent = kiosk.start();
    assert_eq!(agent.api.arrives(ANNA)["campaign"], "savings");
    agent.api.answers("accept");
    agent.api.leaves();
    let status = agent.reaches("a line that is cut", |status| status["line"]["last_error"].is_string());
    assert_eq!(status["line"]["connected"], false);
    assert_eq!((&status["line"]["epoch"], &status["line"]["campaigns"]), (&1.into(), &1.into()));
    assert_eq!(status["journal"]["waiting"], 2);

    // The power fails, and nothing is forgotten: neither what is to be told, nor what Anna has accepted.
    agent.service.kill();
    let agent = kiosk.start();
    assert_eq!(agent.api.status()["journal"]["waiting"], 2);
    assert_eq!(agent.api.arrives(ANNA)["reason"], "accepted");
    agent.api.leaves();
    assert_eq!(agent.service.terminate().status.code(), Some(0));

    let agent = kiosk.start();
    assert_eq!(agent.api.arrives(BEN)["campaign"], "family-insurance");
    agent.api.leaves();
    assert_eq!(agent.api.status()["journal"]["waiting"], 5);

    // Somebody repairs the line.
    let broker = Mosquitto::plain_at(port);
    let hub = office.serve();
    let status = agent.delivers();
    assert_eq!((&status["journal"]["recorded"], &status["line"]["connected"]), (&5.into(), &true.into()));
    let report = office.report();
    assert_eq!((&report["interactions"], &report["missing"], &report["duplicates"]), (&5.into(), &0.into(), &0.into()));
    assert_eq!(report["journals"].as_array().unwrap().len(), 1, "one journal through all restarts");
    assert_eq!(report["journals"][0]["backfill"], 5, "all of it was recorded while the line was cut");
    drop((agent, hub, broker));
}

#[test]
fn a_kiosk_that_was_never_on_the_line_still_takes_its_visitors() {
    let folder = TempDir::new().unwrap();
    let office = HeadOffice::found(&folder.path().join("office"), "mqtt://127.0.0.1:1");
    let agent = office.kiosk().start();
    let decided = agent.api.arrives(STRANGER);
    assert_eq!((&decided["shown"], &decided["reason"]), (&false.into(), &"no_campaigns".into()));
    assert_eq!(agent.api.get("/v1/screen.png").status, 200);
    assert_eq!(agent.records(1)["journal"]["waiting"], 1);
    assert_eq!(agent.service.terminate().status.code(), Some(0));
}
