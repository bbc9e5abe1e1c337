//! What was said at one machine is known at the next: at once while the lines are up, and surely after any of them was down; and who
//! is erased at head office is gone from both.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{sync::Arc, time::Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use touchpoint_sim::line::{Line, Weather};
use touchpoint_tests::{
    books::Books,
    head_office::{ANNA, BEN, HeadOffice, customers},
    kiosk::{Kiosk, RunningKiosk},
    mosquitto::Mosquitto,
    patience::eventually,
    process::done,
};

/// Two kiosks of one head office.
struct Scene {
    office: HeadOffice,
    kiosks: [Kiosk; 2],
    broker: Mosquitto,
    _folder: TempDir,
}

impl Scene {
    fn set() -> Scene {
        let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
        let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
        let other = office.folder.join("devices/kiosk-2");
        done(office.command("enrol").args(["--device", "kiosk-2", "--out"]).arg(&other));
        Scene { kiosks: [office.kiosk(), Kiosk::configured(other)], office, broker, _folder: folder }
    }
}

/// Waits until both have what head office has.
fn both_hold(agents: [&RunningKiosk; 2]) {
    agents.into_iter().for_each(|agent| drop(agent.holds(1, 1)));
}

/// Anna comes, is offered savings, and declines.
fn declines(agent: &RunningKiosk) {
    let decided = agent.api.arrives(ANNA);
    assert_eq!((&decided["campaign"], &decided["shown"]), (&json!("savings"), &json!(true)), "{decided}");
    agent.api.answers("decline");
    agent.api.leaves();
}

/// Waits until the device knows the contact log up to there.
fn hears(agent: &RunningKiosk, position: u64) -> Value {
    agent.reaches(&format!("contacts up to {position}"), |status| status["line"]["contacts"] == position)
}

/// Why Anna is not offered savings any more, if so.
fn verdict(agent: &RunningKiosk) -> Value {
    let decided = agent.api.arrives(ANNA);
    agent.api.leaves();
    let verdicts = decided["verdicts"].as_array().unwrap();
    let savings = verdicts.iter().find(|verdict| verdict["campaign"] == "savings").expect("a verdict on savings");
    savings["verdict"].clone()
}

#[test]
fn what_is_declined_at_one_machine_is_not_offered_at_the_next() {
    let scene = Scene::set();
    let _hub = scene.office.serve();
    let [one, other] = scene.kiosks.each_ref().map(Kiosk::start);
    both_hold([&one, &other]);
    declines(&one);
    let said = Instant::now();
    hears(&other, 2);
    eprintln!("known at the next machine after {:.0?}", said.elapsed());
    assert_eq!(verdict(&other), "declined");
}

#[test]
fn whoever_was_away_knows_it_on_coming_back() {
    let scene = Scene::set();
    let _hub = scene.office.serve();
    let [one, other] = &scene.kiosks;
    let runtime = Runtime::new().unwrap();
    let address = scene.broker.endpoint().trim_start_matches("mqtt://").parse().unwrap();
    let line = runtime.block_on(Line::lay(address, Arc::new(()))).unwrap();
    one.edit(scene.broker.endpoint(), &format!("mqtt://{}", line.address()));
    let [one, second] = [one, other].map(Kiosk::start);
    both_hold([&one, &second]);

    // The machine where it is said is cut off, and the other one is not there when it comes back.
    runtime.block_on(line.turns(Weather::Cut));
    one.reaches("the cut", |status| status["line"]["connected"] == false);
    declines(&one);
    assert_eq!(second.api.status()["line"]["contacts"], 0);
    second.service.kill();
    runtime.block_on(line.restore());
    one.reconnects();
    one.delivers();
    let second = other.start();
    hears(&second, 2);
    assert_eq!(verdict(&second), "declined");
}

#[test]
fn a_new_epoch_takes_nothing_of_what_was_said() {
    let scene = Scene::set();
    let _hub = scene.office.serve();
    let [one, other] = scene.kiosks.each_ref().map(Kiosk::start);
    both_hold([&one, &other]);
    declines(&one);
    hears(&other, 2);
    assert_eq!(scene.office.import(&customers().replace("Anna", "Anne").replace("Ben", "Benno"))["epoch"], 2);
    other.holds(2, 1);
    assert_eq!(verdict(&other), "declined");
}

#[test]
fn who_is_erased_at_head_office_is_gone_from_every_journal_and_head_office_is_told() {
    let scene = Scene::set();
    let _hub = scene.office.serve();
    let agents = scene.kiosks.each_ref().map(Kiosk::start);
    both_hold(agents.each_ref());
    declines(&agents[0]);
    agents[1].api.arrives(ANNA);
    agents[1].api.leaves();
    agents[1].api.arrives(BEN);
    agents[1].api.leaves();
    agents.iter().for_each(|agent| drop(agent.delivers()));
    assert_eq!(scene.office.report()["erasures"], json!([]));

    let others: Vec<String> = customers().lines().skip(1).map(|line| format!("{line}\n")).collect();
    scene.office.import(&others.concat());
    let all = json!([{ "shard": "all", "customers": 1, "confirmed": ["kiosk-1", "kiosk-2"], "waiting": [] }]);
    eventually("both to confirm the erasure", || match scene.office.report() {
        report if report["erasures"] == all => Ok(()),
        report => Err(format!("{report:#}")),
    });
    let report = scene.office.report();
    let wrong = ["missing", "repeated", "duplicates"].map(|key| &report[key]);
    assert_eq!(wrong, [&json!(0); 3], "{report:#}");

    let stopped = agents.map(|agent| agent.service.terminate().status.code());
    assert_eq!(stopped, [Some(0); 2]);
    let anna = 1.try_into().unwrap();
    Runtime::new().unwrap().block_on(async {
        for kiosk in &scene.kiosks {
            let books = Books::of(kiosk).await;
            assert!(books.interactions.iter().all(|interaction| interaction.customer != Some(anna)));
            assert_eq!(books.contacts(anna), []);
            books.close().await;
        }
    });
}
