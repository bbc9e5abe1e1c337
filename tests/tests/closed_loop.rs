//! The closed loop: whatever a customer answers at one machine holds at the next, for every answer there is. Who is cut off does right
//! by what they know, and everybody by everything once the line is back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{fs, path::Path, sync::Arc, time::SystemTime};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use touchpoint_hub::{Config, Office};
use touchpoint_protocol::{
    campaign::{AnswerKind, Campaign},
    policy::{ContactPolicy, OverallPolicy},
    sequence::Next,
    utc::Utc,
};
use touchpoint_sim::line::{Line, Weather};
use touchpoint_tests::{
    books,
    head_office::HeadOffice,
    kiosk::{Kiosk, RunningKiosk},
    mosquitto::Mosquitto,
    patience::eventually,
    process::{Service, done},
    workspace,
};

/// An offer for gold: accept, decline, opt out.
const OFFER: &str = "savings";

/// Advice for students: more, later, opt out.
const ADVICE: &str = "student-start";

/// An offer for savers, for those alone who asked for more advice.
const FOLLOW_UP: &str = "round-up";

/// Says when each customer said what they said.
const MAPPING: &str = r#"
customer = "customer"
loyalty_number = "loyalty_number"
segments = "segments"
language = { constant = "en" }
consent.marketing = { column = "marketing_consent", at = "at" }
"#;

/// Two kiosks of one head office, which serves, and a line of its own for the first.
struct Scene {
    agents: [RunningKiosk; 2],
    line: Line,
    runtime: Runtime,
    _hub: Service,
    office: HeadOffice,
    _broker: Mosquitto,
    _folder: TempDir,
}

impl Scene {
    /// Returns when both hold these customers, given as `HeadOffice::import` takes them.
    fn set(customers: &str) -> Scene {
        let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
        let runtime = Runtime::new().unwrap();
        let office = HeadOffice::found(&folder.path().join("office"), broker.endpoint());
        office.import(customers);
        runtime.block_on(publish(&office));
        let other = office.folder.join("devices/kiosk-2");
        done(office.command("enrol").args(["--device", "kiosk-2", "--out"]).arg(&other));
        let (one, other) = (office.kiosk(), Kiosk::configured(other));
        let address = broker.endpoint().trim_start_matches("mqtt://").parse().unwrap();
        let line = runtime.block_on(Line::lay(address, Arc::new(()))).unwrap();
        one.edit(broker.endpoint(), &format!("mqtt://{}", line.address()));
        let (hub, agents) = (office.serve(), [&one, &other].map(Kiosk::start));
        agents.iter().for_each(|agent| drop(agent.holds(1, 1)));
        Scene { agents, line, runtime, _hub: hub, office, _broker: broker, _folder: folder }
    }

    /// Cuts the first kiosk off, and waits until it knows.
    fn cut(&self) {
        self.runtime.block_on(self.line.turns(Weather::Cut));
        self.agents[0].reaches("the cut", |status| status["line"]["connected"] == false);
    }

    /// The line is back; returns when the first kiosk has noticed.
    fn restore(&self) {
        self.runtime.block_on(self.line.restore());
        self.agents[0].reconnects();
    }

    /// Waits until head office has everything and both kiosks know all of it, the other's as well as their own.
    fn converges(&self) {
        self.agents.iter().for_each(|agent| drop(agent.delivers()));
        let log = self.runtime.block_on(books::log(&self.office));
        let end = log.last().map_or(0, |(position, _)| *position);
        for agent in &self.agents {
            agent.reaches(&format!("contacts up to {end}"), |status| status["line"]["contacts"] == end);
        }
        let report = self.office.report();
        let wrong = ["missing", "repeated", "duplicates"].map(|key| &report[key]);
        assert_eq!(wrong, [&json!(0); 3], "{report:#}");
    }

    /// Imports what one customer said of marketing and when, if head office knows; returns when both kiosks hold it.
    fn consents(&self, word: &str, at: Option<Utc>) {
        let desk = TempDir::new().unwrap();
        let (mapping, file) = (desk.path().join("core.toml"), desk.path().join("export.csv"));
        fs::write(&mapping, MAPPING).unwrap();
        let at = at.map(|at| at.to_string()).unwrap_or_default();
        let rows = format!("customer,loyalty_number,segments,marketing_consent,at\nc-1,L-1,gold,{word},{at}\n");
        fs::write(&file, rows).unwrap();
        let mut import = self.office.command("import");
        let said = done(import.args(["--json", "--mapping"]).args([&mapping, &file] as [&Path; 2]));
        let said: Value = serde_json::from_str(&said).unwrap();
        for agent in &self.agents {
            agent.reaches(&said.to_string(), |status| {
                [&status["line"]["epoch"], &status["line"]["revision"]] == [&said["epoch"], &said["revision"]]
            });
        }
    }
}

/// Publishes three campaigns of the demo as [`OFFER`], [`ADVICE`] and [`FOLLOW_UP`], each with the usual policy. None is more urgent than
/// another, so that whose turn it is comes first.
async fn publish(office: &HeadOffice) {
    let mut checked = touchpoint_hub::check(&workspace::demo_campaigns()).unwrap();
    let bundle = &mut checked.bundle;
    bundle.policy = OverallPolicy::default();
    bundle.campaigns.retain(|campaign| [OFFER, ADVICE, FOLLOW_UP].contains(&campaign.id.as_str()));
    for campaign in &mut bundle.campaigns {
        let follows = Next { after: AnswerKind::More, times: 1, campaign: FOLLOW_UP.parse().unwrap() };
        let next = if campaign.id.as_str() == ADVICE { vec![follows] } else { vec![] };
        let policy = ContactPolicy::default();
        *campaign = Campaign { next, policy, holdout_per_mille: 0, priority: 50, ..campaign.clone() };
    }
    let opened = Office::open(&Config::load(&office.folder.join("hub.toml")).unwrap()).unwrap();
    opened.put_in_force(&"all".parse().unwrap(), checked).await.unwrap();
    opened.close().await.unwrap();
}

/// A customer comes: what was decided.
fn comes(agent: &RunningKiosk, customer: &str) -> Value {
    let body = json!({ "loyalty_number": customer, "seconds_left": 25 });
    agent.api.post("/v1/visits", body.to_string()).json(201)
}

/// A customer comes, is shown this campaign, gives this answer or none, and goes.
fn is_shown(agent: &RunningKiosk, customer: &str, campaign: &str, answer: Option<&str>) {
    let decided = comes(agent, customer);
    let shown = [&decided["campaign"], &decided["shown"]];
    assert_eq!(shown, [&json!(campaign), &json!(true)], "{customer}: {decided:#}");
    if let Some(answer) = answer {
        agent.api.answers(answer);
        eventually("the answer to count", || {
            let visit = agent.api.status()["visits"]["visit"].clone();
            if visit["ending"].is_null() { Err(visit.to_string()) } else { Ok(()) }
        });
    }
    agent.api.leaves();
}

/// A customer comes and goes, and is shown nothing: why not this campaign.
fn is_spared(agent: &RunningKiosk, customer: &str, campaign: &str) -> Value {
    let decided = comes(agent, customer);
    agent.api.leaves();
    assert_eq!(decided["shown"], false, "{customer}: {decided:#}");
    let verdicts = decided["verdicts"].as_array().unwrap();
    let verdict = verdicts.iter().find(|verdict| verdict["campaign"] == campaign).expect("a verdict");
    verdict["verdict"].clone()
}

fn now() -> Utc {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Utc::from_millis(i64::try_from(since.as_millis()).unwrap())
}

#[test]
fn every_answer_given_at_one_machine_holds_at_the_next() {
    let scene = Scene::set(
        "c-1,,L-1,gold,en,yes,A\nc-2,,L-2,gold,en,yes,B\nc-3,,L-3,gold|student,en,yes,C\nc-4,,L-4,student,en,yes,D\n\
         c-5,,L-5,student|saver,en,yes,E\nc-6,,L-6,saver,en,yes,F\n",
    );
    let [one, other] = &scene.agents;
    is_shown(one, "L-1", OFFER, Some("decline"));
    is_shown(one, "L-2", OFFER, Some("accept"));
    is_shown(one, "L-3", OFFER, Some("opt_out"));
    is_shown(one, "L-4", ADVICE, Some("later"));
    is_shown(one, "L-5", ADVICE, Some("more"));
    scene.converges();
    for machine in [other, one] {
        assert_eq!(is_spared(machine, "L-1", OFFER), "declined");
        assert_eq!(is_spared(machine, "L-2", OFFER), "accepted");
        // Objecting to one offer is objecting to all marketing.
        assert_eq!(is_spared(machine, "L-3", ADVICE), "opted_out");
        assert_eq!(is_spared(machine, "L-4", ADVICE), "postponed");
        assert_eq!(is_spared(machine, "L-6", FOLLOW_UP), "not_earned");
    }
    // What was asked for here is shown there; and what is answered there needs no asking here.
    is_shown(other, "L-5", FOLLOW_UP, Some("accept"));
    scene.converges();
    is_shown(one, "L-5", ADVICE, None);
}

#[test]
fn showings_at_all_machines_together_count_against_a_cap() {
    let scene = Scene::set("c-1,,L-1,gold,en,yes,A\n");
    let [one, other] = &scene.agents;
    // Three times in thirty days, wherever.
    for machine in [one, other, one] {
        is_shown(machine, "L-1", OFFER, None);
        scene.converges();
    }
    for machine in [other, one] {
        assert_eq!(is_spared(machine, "L-1", OFFER), "capped");
    }
}

#[test]
fn a_machine_that_is_cut_off_does_right_by_what_it_knows_and_all_do_by_everything_once_it_is_back() {
    let scene = Scene::set("c-1,,L-1,gold,en,yes,A\nc-2,,L-2,gold,en,yes,B\nc-3,,L-3,student|saver,en,yes,C\n");
    let [one, other] = &scene.agents;
    scene.cut();
    is_shown(one, "L-1", OFFER, Some("decline"));
    is_shown(one, "L-2", OFFER, Some("opt_out"));
    is_shown(one, "L-3", ADVICE, Some("more"));
    // Who heard it honours it at once; who could not have heard it offers as ever.
    assert_eq!(is_spared(one, "L-1", OFFER), "declined");
    assert_eq!(is_spared(one, "L-2", OFFER), "opted_out");
    is_shown(other, "L-1", OFFER, Some("accept"));
    is_shown(other, "L-2", OFFER, None);
    is_shown(other, "L-3", ADVICE, Some("later"));

    scene.restore();
    scene.converges();
    for machine in [other, one] {
        assert_eq!(is_spared(machine, "L-1", OFFER), "accepted");
        assert_eq!(is_spared(machine, "L-2", OFFER), "opted_out");
    }
    is_shown(other, "L-3", FOLLOW_UP, None);
}

#[test]
fn an_objection_survives_an_import_of_what_was_said_before_and_yields_to_what_was_said_after() {
    let scene = Scene::set("c-1,,L-1,gold,en,yes,A\n");
    let [one, other] = &scene.agents;
    is_shown(one, "L-1", OFFER, Some("opt_out"));
    scene.converges();
    let spared = || scene.agents.each_ref().map(|machine| is_spared(machine, "L-1", OFFER));
    assert_eq!(spared(), ["opted_out"; 2]);

    // An hour before, and at a time that head office does not know.
    scene.consents("yes", Some(now().plus_millis(-3_600_000)));
    assert_eq!(spared(), ["opted_out"; 2]);
    scene.consents("yes", None);
    assert_eq!(spared(), ["opted_out"; 2]);

    // Whole seconds travel: a second from now is after the objection, even when its fraction is cut off.
    scene.consents("yes", Some(now().plus_millis(1_000)));
    is_shown(other, "L-1", OFFER, None);
    scene.converges();
    is_shown(one, "L-1", OFFER, None);

    scene.consents("no", Some(now().plus_millis(1_000)));
    assert_eq!(spared(), ["opted_out"; 2]);
}
