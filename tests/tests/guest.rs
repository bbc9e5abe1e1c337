//! A customer of another shard: generic at the first machine they come to, addressed there from then on, and never waited for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{
    fs,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use touchpoint_tests::{
    head_office::{ANNA, BEN, CHLOE, HEADER, HeadOffice, STRANGER},
    kiosk::RunningKiosk,
    mosquitto::Mosquitto,
    patience::eventually,
    process::done,
    workspace,
};

/// What a question looks like in a log of the line.
const ASKED: &str = "devices/kiosk-1/requests";

/// What the agent says of a guest who was found.
const FOUND: &str = "a guest was looked up";

/// What it says when head office knows nobody either, or says nothing.
const ANSWERED: &str = "devices/kiosk-1/inbox";

/// Far longer than a visit needs to begin, and far shorter than an answer is waited for.
const AT_ONCE: Duration = Duration::from_secs(2);

/// How often something stands in a device's log.
fn count(agent: &RunningKiosk, what: &str) -> usize {
    agent.service.stderr().matches(what).count()
}

/// A customer comes and goes: their segment and whether the device knows them; and nobody waits.
fn comes(agent: &RunningKiosk, card: &str) -> (Value, bool) {
    let began = Instant::now();
    let decided = agent.api.arrives(card);
    assert!(began.elapsed() < AT_ONCE, "{:?}: {decided}", began.elapsed());
    agent.api.leaves();
    (decided["segment"].clone(), decided["known"] == true)
}

fn waits_for(agent: &RunningKiosk, what: &str, times: usize) {
    eventually(what, || match count(agent, what) {
        found if found >= times => Ok(()),
        found => Err(found.to_string()),
    });
}

/// Makes these the customers of shard north.
fn import_north(office: &HeadOffice, rows: &str) -> Value {
    let desk = TempDir::new().unwrap();
    let file = desk.path().join("customers.csv");
    fs::write(&file, format!("{HEADER}{rows}")).unwrap();
    let mut import = office.command("import");
    serde_json::from_str(&done(import.args(["--shard", "north", "--json"]).arg(file))).unwrap()
}

#[test]
fn a_customer_of_another_shard_is_known_from_their_second_visit_on() {
    let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
    let office = HeadOffice::found(&folder.path().join("office"), broker.endpoint());
    office.import(&format!("c-2,{BEN},,family,en,yes,Ben\n"));
    let filler: String = (0..20).map(|number| format!("f-{number},,L{number},saver,en,yes,F\n")).collect();
    import_north(&office, &format!("c-1,{ANNA},,saver,de,yes,Anna\nc-3,{CHLOE},,saver,fr,no,Chloé\n{filler}"));
    // Anna is gold since yesterday: not in the snapshot, but in what changed.
    let changed = format!("c-1,{ANNA},,gold,de,yes,Anna\nc-3,{CHLOE},,saver,fr,no,Chloé\n{filler}");
    assert_eq!(import_north(&office, &changed)["revision"], 1);
    office.publish(&workspace::demo_campaigns());
    let hub = office.serve();
    let agent = office.kiosk().start_logging("debug");
    agent.holds(1, 1);
    assert_eq!(comes(&agent, BEN), (json!("family"), true));
    let asked = count(&agent, ASKED);

    assert_eq!(comes(&agent, ANNA), (Value::Null, false));
    waits_for(&agent, FOUND, 1);
    assert_eq!(comes(&agent, ANNA), (json!("gold"), true));

    // Whom nobody knows is asked for once.
    let answered = count(&agent, ANSWERED);
    assert_eq!(comes(&agent, STRANGER), (Value::Null, false));
    waits_for(&agent, ASKED, asked + 2);
    waits_for(&agent, ANSWERED, answered + 1);
    assert_eq!(comes(&agent, STRANGER), (Value::Null, false));
    // Wishes are taken in turn: once this one is answered, the one before it has been looked at.
    assert_eq!(comes(&agent, CHLOE), (Value::Null, false));
    waits_for(&agent, FOUND, 2);
    assert_eq!(count(&agent, ASKED), asked + 3);
    assert_eq!(comes(&agent, CHLOE), (json!("saver"), true));

    // What happened with a guest reaches head office under the number they have everywhere.
    agent.delivers();
    let status = agent.api.status();
    assert_eq!(status["line"]["refused"], 0, "{status:#}");

    // Head office has gone, and the line with it.
    hub.terminate();
    drop(broker);
    agent.reaches("the line to be cut", |status| status["line"]["connected"] == false);
    assert_eq!(comes(&agent, ANNA), (json!("gold"), true));
    assert_eq!(comes(&agent, STRANGER), (Value::Null, false));
    assert_eq!(count(&agent, ASKED), asked + 3);
}
