//! Customers on their way to a device: what changed and no more, whoever was away, and however many processes answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;
use touchpoint_tests::{
    head_office::HeadOffice,
    kiosk::{Kiosk, RunningKiosk},
    mosquitto::Mosquitto,
    patience::eventually,
    pki::Authority,
    workspace,
};

/// So many customers, each with a loyalty number. A fifth of them may change before there is a new epoch.
const CUSTOMERS: u32 = 60;

/// What a request for a block of a snapshot looks like in a log of the line.
const ASKED: &str = "devices/kiosk-1/requests";

/// What a delta on the wire looks like there.
const PASSED: &str = "shards/all/deltas";

struct Scene {
    office: HeadOffice,
    kiosk: Kiosk,
    _broker: Mosquitto,
    _folder: TempDir,
}

impl Scene {
    /// A head office with customers, who are all of segment saver, and campaigns.
    fn set() -> Scene {
        let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
        let office = HeadOffice::found(&folder.path().join("office"), broker.endpoint());
        assert_eq!(office.import(&customers(|_| Some("saver")))["epoch"], 1);
        office.publish(&workspace::demo_campaigns());
        Scene { kiosk: office.kiosk(), office, _broker: broker, _folder: folder }
    }
}

/// The table, with a segment for each customer who is in it.
fn customers(segment: impl Fn(u32) -> Option<&'static str>) -> String {
    let row = |number| segment(number).map(|segment| format!("c-{number},,L{number},{segment},en,yes,Name{number}\n"));
    (0..CUSTOMERS).filter_map(row).collect()
}

/// Three customers are gold now, and one has gone.
fn changed(number: u32) -> Option<&'static str> {
    match number {
        0..=2 => Some("gold"),
        3 => None,
        _ => Some("saver"),
    }
}

/// Waits until the device holds this revision of this epoch.
fn reaches(agent: &RunningKiosk, epoch: u64, revision: u64) -> Value {
    let at = json!([epoch, revision]);
    let status = agent.reaches("the customers", |status| {
        json!([status["line"]["epoch"], status["line"]["revision"]]) == at && status["line"]["campaigns"] == 1
    });
    status["line"]["customers"].clone()
}

/// The segment under which the device knows a customer.
fn segment(agent: &RunningKiosk, number: u32) -> Value {
    let arrives = json!({ "loyalty_number": format!("L{number}"), "seconds_left": 25 });
    let decided = agent.api.post("/v1/visits", arrives.to_string()).json(201);
    agent.api.leaves();
    decided["segment"].clone()
}

#[test]
fn what_changes_reaches_the_device_without_a_snapshot() {
    let scene = Scene::set();
    let _hub = scene.office.serve();
    let agent = scene.kiosk.start_logging("debug");
    assert_eq!(reaches(&agent, 1, 0), CUSTOMERS);
    assert_eq!(segment(&agent, 0), "saver");
    let asked = agent.service.stderr().matches(ASKED).count();

    let imported = scene.office.import(&customers(changed));
    assert_eq!(imported["travels"], json!({ "deltas": { "deltas": 1, "upserts": 3, "erased": 1 } }));
    assert_eq!(reaches(&agent, 1, 1), CUSTOMERS - 1);

    // It passed by, and nothing had to be asked for.
    let log = agent.service.stderr();
    assert!(log.contains(PASSED), "{log}");
    assert_eq!(log.matches(ASKED).count(), asked, "{log}");
    let segments = [0, 1, 2, 3, 4].map(|number| segment(&agent, number));
    assert_eq!(segments, [json!("gold"), json!("gold"), json!("gold"), Value::Null, json!("saver")]);
    assert_eq!(scene.office.import(&customers(changed))["travels"], "nothing");
}

#[test]
fn a_device_that_was_away_pulls_what_it_missed() {
    let scene = Scene::set();
    let _hub = scene.office.serve();
    let agent = scene.kiosk.start();
    reaches(&agent, 1, 0);
    agent.service.terminate();

    scene.office.import(&customers(changed));
    scene.office.import(&customers(|number| if number == 4 { Some("gold") } else { changed(number) }));
    let agent = scene.kiosk.start_logging("debug");
    assert_eq!(reaches(&agent, 1, 2), CUSTOMERS - 1);
    let segments = [2, 3, 4, 5].map(|number| segment(&agent, number));
    assert_eq!(segments, [json!("gold"), Value::Null, json!("gold"), json!("saver")]);
    assert!(!agent.service.stderr().contains("customers are in place"), "a snapshot was fetched");

    // Cut off without a goodbye, it goes on from there.
    agent.service.kill();
    scene.office.import(&customers(|_| Some("saver")));
    assert_eq!(reaches(&scene.kiosk.start(), 1, 3), CUSTOMERS);
}

#[test]
fn a_device_far_behind_gets_a_snapshot_and_what_changed_since() {
    let scene = Scene::set();
    let _hub = scene.office.serve();
    let agent = scene.kiosk.start();
    reaches(&agent, 1, 0);
    agent.service.terminate();

    scene.office.import(&customers(changed));
    let much = |number| if number < CUSTOMERS / 2 { Some("gold") } else { changed(number) };
    assert_eq!(scene.office.import(&customers(much))["epoch"], 2);
    assert_eq!(scene.office.import(&customers(|number| much(number).filter(|_| number > 0)))["revision"], 1);
    let agent = scene.kiosk.start();
    assert_eq!(reaches(&agent, 2, 1), CUSTOMERS - 1);
    assert_eq!([0, 3, 40].map(|number| segment(&agent, number)), [Value::Null, json!("gold"), json!("saver")]);
}

#[test]
fn two_processes_of_head_office_divide_the_work_on_the_deployed_broker_and_one_is_enough() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let broker = Mosquitto::deployed(&authority);
    let office = HeadOffice::found(&folder.path().join("office"), broker.endpoint());
    office.import(&customers(|_| Some("saver")));
    office.publish(&workspace::demo_campaigns());
    let kiosk = office.kiosk();
    for (folder, name, file) in [(&office.folder, "head-office", "head-office"), (&kiosk.folder, "kiosk-1", "device")] {
        let tls = folder.join("tls");
        fs::create_dir(&tls).unwrap();
        authority.write(&tls.join("ca.crt"));
        authority.issue(name, &tls.join(format!("{file}.crt")), &tls.join(format!("{file}.key")));
    }
    let hubs = [office.serve(), office.serve()];
    let agent = kiosk.start_logging("debug");
    reaches(&agent, 1, 0);
    office.import(&customers(changed));
    reaches(&agent, 1, 1);
    eventually("the delta on the wire", || match agent.service.stderr() {
        log if log.contains(PASSED) => Ok(()),
        log => Err(log),
    });
    let visits = |from: u32| (from..from + 6).for_each(|number| drop(segment(&agent, number)));
    visits(4);
    agent.delivers();
    let [one, other] = hubs;
    one.terminate();
    visits(10);
    agent.delivers();
    assert_eq!(office.import(&customers(|_| Some("saver")))["revision"], 2);
    reaches(&agent, 1, 2);
    other.terminate();
    let report = office.report();
    let recorded = agent.api.status()["journal"]["recorded"].clone();
    assert_eq!([&report["interactions"], &report["repeated"]], [&recorded, &json!(0)], "{report:#}");
    assert_eq!([&report["duplicates"], &report["missing"]], [&json!(0); 2], "{report:#}");
}
