//! Whatever is wrong with what comes in, it is named, and the rest goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, time::Duration};
use tempfile::TempDir;
use touchpoint_link::{Connection, Limits, Message, Options, connect};
use touchpoint_protocol::{
    confirmation::Confirmation,
    limits,
    shard::ShardHead,
    signed::{Document, SigningKey, seal},
};
use touchpoint_tests::{
    head_office::{ANNA, BEN, CHLOE, HeadOffice, STRANGER, customers},
    kiosk::RunningKiosk,
    mosquitto::Mosquitto,
    patience::eventually,
    process::{Service, run},
    workspace,
};

const SHARD_HEAD: &str = "touchpoint/v1/acme/shards/all/head";
const CAMPAIGNS: &str = "touchpoint/v1/acme/groups/all/campaigns";
const INBOX: &str = "touchpoint/v1/acme/devices/kiosk-1/inbox";

/// Head office and a synchronised kiosk on a broker that lets everybody do everything.
struct Scene {
    _folder: TempDir,
    broker: Mosquitto,
    office: HeadOffice,
    _hub: Service,
    agent: RunningKiosk,
}

impl Scene {
    fn set() -> Scene {
        let folder = TempDir::new().unwrap();
        let broker = Mosquitto::plain();
        let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
        let hub = office.serve();
        let agent = office.kiosk().start();
        agent.holds(1, 1);
        Scene { _folder: folder, broker, office, _hub: hub, agent }
    }

    /// Says something on the line that nobody of ours would.
    fn say(&self, message: Message) {
        let options = Options {
            endpoint: self.broker.endpoint().parse().unwrap(),
            tls: None,
            client_id: "rogue".to_owned(),
            keep_alive: Duration::from_secs(30),
            last_will: None,
            subscriptions: Vec::new(),
            limits: Limits { max_out: 4 * limits::PACKET_IN, ..Limits::default() },
        };
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let Connection { outgoing, incoming } = connect(&options).await.unwrap();
            outgoing.publish(message).await.unwrap();
            outgoing.disconnect().await;
            drop(incoming);
        });
    }

    /// What the agent says of a message that it should refuse: it counts one more refusal, and names it last.
    fn refusal_of(&self, message: Message) -> String {
        let refused = |status: &Value| status["line"]["refused"].as_u64().unwrap();
        let before = refused(&self.agent.api.status());
        self.say(message);
        let status = self.agent.reaches("a refusal", |status| refused(status) > before);
        assert_eq!(refused(&status), before + 1);
        status["line"]["last_refusal"].as_str().unwrap().to_owned()
    }

    /// What head office has refused, as its report says.
    fn refusals(&self) -> Value {
        self.office.report()["refusals"].clone()
    }

    /// What the device knows head office's key by.
    fn key_id(&self) -> String {
        let key = self.office.folder.join("devices/kiosk-1/keys/head-office.pub");
        fs::read_to_string(key).unwrap().split_once(':').unwrap().0.to_owned()
    }
}

/// A key of this name that head office never had.
fn forged(id: &str) -> SigningKey {
    SigningKey::from_pkcs8(id.parse().unwrap(), &SigningKey::generate().unwrap()).unwrap()
}

fn head(epoch: u64) -> ShardHead {
    let (tenant, shard, token_key) = ("acme".parse().unwrap(), "all".parse().unwrap(), "t1".parse().unwrap());
    ShardHead { tenant, shard, epoch, revision: 0, token_key, rows: 0, blocks: Vec::new() }
}

fn confirmation() -> Confirmation {
    let (tenant, device, journal) = ("acme".parse().unwrap(), "kiosk-1".parse().unwrap(), "j".parse().unwrap());
    Confirmation { tenant, device, journal, through: 999 }
}

fn sealed(document: &impl Document) -> String {
    seal(document, &forged("nobody")).unwrap()
}

#[test]
fn what_head_office_did_not_sign_changes_nothing_and_the_next_good_head_is_followed() {
    let scene = Scene::set();
    let unsigned = serde_json::to_vec(&head(9)).unwrap();
    let bad = [
        (SHARD_HEAD, b"garbage".to_vec()),
        (SHARD_HEAD, unsigned),
        (SHARD_HEAD, sealed(&head(9)).into_bytes()),
        (CAMPAIGNS, vec![0xff; 1000]),
        (CAMPAIGNS, sealed(&head(9)).into_bytes()),
        (INBOX, sealed(&confirmation()).into_bytes()),
        (INBOX, Vec::from(&b"{}"[..])),
    ];
    for (topic, payload) in bad {
        let refusal = scene.refusal_of(Message::new(topic, payload));
        assert!(refusal.starts_with(topic), "{refusal}");
    }
    // Under the right name, and kept by the broker.
    let forgery = seal(&head(9), &forged(&scene.key_id())).unwrap();
    let refusal = scene.refusal_of(Message::new(SHARD_HEAD, forgery).retained());
    assert!(refusal.starts_with(SHARD_HEAD) && refusal.contains("signature"), "{refusal}");
    let status = scene.agent.api.status();
    assert_eq!((&status["line"]["epoch"], &status["line"]["connected"]), (&json!(1), &json!(true)));

    // The good one that follows.
    scene.office.import(&(customers() + "c-4,,AB-4,gold,en,yes,Dora\n"));
    scene.agent.holds(2, 1);
    assert_eq!(scene.agent.api.arrives(ANNA)["campaign"], "savings");
}

#[test]
fn a_message_that_is_too_large_is_not_read_and_the_next_is() {
    let scene = Scene::set();
    // Within a packet, over a document.
    let refusal = scene.refusal_of(Message::new(SHARD_HEAD, vec![b'.'; limits::SIGNED + 1]));
    assert!(refusal.starts_with(SHARD_HEAD) && refusal.contains(&(limits::SIGNED + 1).to_string()), "{refusal}");
    // Over a packet: the broker keeps it from a device that has announced what it takes.
    scene.say(Message::new(SHARD_HEAD, vec![b'.'; 2 * limits::PACKET_IN]));
    let refusal = scene.refusal_of(Message::new(INBOX, "small"));
    assert!(refusal.starts_with(INBOX), "{refusal}");
    assert_eq!(scene.agent.api.status()["line"]["connected"], true);
    scene.office.import(&(customers() + "c-4,,AB-4,gold,en,yes,Dora\n"));
    scene.agent.holds(2, 1);
}

#[test]
fn what_is_no_device_of_ours_is_counted_at_head_office_and_the_others_go_on() {
    let scene = Scene::set();
    let topic = |device: &str, channel: &str| format!("touchpoint/v1/acme/devices/{device}/{channel}");
    let bad = [
        ("not_enrolled", Message::new(topic("kiosk-9", "hello"), "{}")),
        ("topic", Message::new(topic("Kiosk", "hello"), "{}")),
        ("malformed_presence", Message::new(topic("kiosk-1", "presence"), "offline")),
        ("malformed_hello", Message::new(topic("kiosk-1", "hello"), "{\"shard\":")),
        ("malformed_batch", Message::new(topic("kiosk-1", "interactions"), "[]")),
        ("malformed_batch", Message::new(topic("kiosk-1", "interactions"), vec![b'['; limits::PACKET_OUT + 1])),
        (
            "response_topic",
            Message::new(topic("kiosk-1", "requests"), "{}").with_response_topic(topic("kiosk-2", "inbox")),
        ),
    ];
    let mut expected = BTreeMap::<_, u64>::new();
    for (reason, message) in bad {
        *expected.entry(reason).or_default() += 1;
        scene.say(message);
    }
    let lines = expected.iter().map(|(reason, times)| json!({ "reason": reason, "times": times }));
    let expected: Value = lines.collect();
    eventually("the refusals in the report", || match scene.refusals() {
        refusals if refusals == expected => Ok(()),
        refusals => Err(refusals.to_string()),
    });
    scene.agent.api.arrives(ANNA);
    scene.agent.api.leaves();
    scene.agent.delivers();
    assert_eq!(scene.office.report()["interactions"], 2);
}

#[test]
fn a_bad_row_names_file_line_and_column_and_repeats_no_digit() {
    let folder = TempDir::new().unwrap();
    let office = HeadOffice::found(&folder.path().join("office"), "mqtt://127.0.0.1:1");
    let finished = office.try_import(&format!("c-1,{ANNA},,gold,de,yes,Anna\nc-2,5555555555554445,,,,maybe,\n"));
    assert_eq!(finished.status.code(), Some(1));
    let error = finished.stderr;
    assert!(error.contains("customers.csv:3: card_number: the card number's check digit is wrong"), "{error}");
    assert!(!error.contains("5555") && !error.contains("4111"), "{error}");
    assert_eq!(office.import(&customers())["epoch"], 1, "the good file is the first");
}

#[test]
fn a_bad_campaign_names_file_line_and_key() {
    let folder = TempDir::new().unwrap();
    let office = HeadOffice::found(&folder.path().join("office"), "mqtt://127.0.0.1:1");
    let campaigns = folder.path().join("campaigns");
    fs::create_dir(&campaigns).unwrap();
    for file in workspace::files(&workspace::demo_campaigns()) {
        fs::copy(&file, campaigns.join(file.file_name().unwrap())).unwrap();
    }
    let spoil = |from: &str, to: &str| touchpoint_tests::kiosk::edit(&campaigns.join("savings.toml"), from, to);
    spoil("priority = 60", "priority = 101");
    let finished = run(office.command("publish").arg(&campaigns));
    assert_eq!(finished.status.code(), Some(1));
    let place = format!("{}:6:", Path::new("campaigns").join("savings.toml").display());
    assert!(finished.stderr.contains(&place) && finished.stderr.contains("priority"), "{}", finished.stderr);
    spoil("priority = 101", "priority = 100");
    assert_eq!(office.publish(&campaigns)["revision"], 1);
}

#[test]
fn a_bad_request_names_the_field_and_repeats_no_digit() {
    let folder = TempDir::new().unwrap();
    let office = HeadOffice::found(&folder.path().join("office"), "mqtt://127.0.0.1:1");
    let agent = office.kiosk().start();
    let api = &agent.api;
    let bad = [
        (400, "not json".to_owned(), "body"),
        (400, json!({ "card": BEN }).to_string(), "body"),
        (400, json!({ "track2": 4_111_111_111_111_111_u64 }).to_string(), "body"),
        (422, json!({}).to_string(), "exactly one"),
        (422, json!({ "card_number": BEN, "loyalty_number": "AB-1" }).to_string(), "exactly one"),
        (422, json!({ "card_number": "5555555555554445" }).to_string(), "card_number"),
        (422, json!({ "track2": ";5555555555554445=3012?" }).to_string(), "track2"),
        (422, json!({ "track1": CHLOE }).to_string(), "track1"),
        (422, json!({ "token": STRANGER }).to_string(), "token"),
        (422, json!({ "card_number": BEN, "seconds_left": 121 }).to_string(), "seconds_left"),
        (413, json!({ "card_number": "5".repeat(70_000) }).to_string(), ""),
    ];
    for (status, body, named) in bad {
        let answer = api.post("/v1/visits", body.clone());
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(answer.status, status, "{body}: {text}");
        assert!(text.contains(named), "{body}: {text}");
        assert!(["5555", "4111", "4012", "3782"].iter().all(|digits| !text.contains(digits)), "{text}");
    }
    let strange = api.stranger().get("/v1/status");
    assert_eq!((strange.status, strange.content_type.as_str()), (401, "application/problem+json"));
    assert_eq!(api.get("/v1/visit").status, 404, "nobody has come yet");
    assert_eq!(api.post("/v1/visit/answer", json!({ "answer": "perhaps" }).to_string()).status, 400);
    assert_eq!(api.put("/v1/visit/pin-entry", "{}").status, 400);
    assert_eq!(api.get("/v2/status").status, 404);

    // The next good one is served.
    assert_eq!(api.arrives(BEN)["known"], false);
    let log = agent.service.terminate().stderr;
    assert!(["5555", "4111", "4012", "3782"].iter().all(|digits| !log.contains(digits)), "{log}");
}

#[test]
fn a_second_customer_is_told_that_the_machine_is_taken() {
    let scene = Scene::set();
    scene.agent.api.arrives(ANNA);
    let answer = scene.agent.api.post("/v1/visits", json!({ "card_number": BEN }).to_string());
    assert_eq!(answer.json(409)["detail"], "another visit is going on: end it first");
    scene.agent.api.leaves();
    assert_eq!(scene.agent.api.arrives(BEN)["campaign"], "family-insurance");
}
