//! What head office knows of a device: that it is well, and within seconds that it is not, and why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use tempfile::TempDir;
use touchpoint_link::Message;
use touchpoint_protocol::{group::GroupHead, shard::ShardHead, signed::Document};
use touchpoint_tests::{
    head_office::{ANNA, HeadOffice},
    mosquitto::Mosquitto,
    patience::eventually,
    process::done,
    rogue::{CAMPAIGNS, Rogue, SHARD_HEAD, Signer, with},
    workspace,
};

/// Waits until head office knows the device to be as wished; sooner than it would be told without news.
fn reported(office: &HeadOffice, what: &str, wished: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || {
        let report = office.report();
        let health = &report["devices"][0]["health"];
        if wished(health) { Ok(health.clone()) } else { Err(format!("{report:#}")) }
    })
}

fn trouble(health: &Value) -> &str {
    health["trouble"].as_str().unwrap_or_default()
}

#[test]
fn head_office_is_told_how_a_device_is_and_why_it_does_not_follow() {
    let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
    let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
    let _hub = office.serve();
    let agent = office.kiosk().start();
    agent.holds(1, 1);
    reported(&office, "a first word", |health| health["said"]["version"].is_string() && health["trouble"].is_null());
    assert!(done(&mut office.command("report")).contains("ok (said "));
    agent.api.arrives(ANNA);
    agent.api.leaves();
    agent.delivers();

    // Nonsense where head office should speak.
    let (rogue, key) = (Rogue::appears(&broker), Signer::stolen(&office));
    rogue.says(Message::new(SHARD_HEAD, "nonsense"));
    let health = reported(&office, "a refusal", |health| health["said"]["refused"]["times"]["signature"] == 1);
    assert!(trouble(&health).starts_with("it refused 1 messages"), "{health:#}");
    let said = &health["said"];
    assert_eq!(said["held"], json!({ "epoch": 1, "revision": 0, "rows": 4, "campaigns": 1 }));
    assert_eq!([&said["visits"]["count"], &said["visits"]["unrecorded"]], [1, 0]);
    assert_eq!(said["painted"]["language"], "de", "{said:#}");
    assert_eq!(said["painted"]["checksum"].as_str().unwrap().len(), 16);
    assert_eq!(said["journal"]["recorded"], said["journal"]["confirmed"]);
    assert_eq!(said["journal"]["oldest_unconfirmed_s"], Value::Null);

    // Customers and campaigns that it cannot follow.
    let head = with(&rogue.shard_head, json!({ "epoch": 2, "token_key": "t9" }));
    rogue.says(Message::new(SHARD_HEAD, key.signs(ShardHead::TYPE, &head)));
    let health = reported(&office, "customers", |health| !health["said"]["unfollowed"]["customers"].is_null());
    assert!(trouble(&health).starts_with("customers epoch 2 revision 0 are not followed: "), "{health:#}");
    assert!(trouble(&health).contains("key t9"), "{health:#}");
    let head = with(&rogue.group_head, json!({ "revision": 2, "group": "lobby" }));
    rogue.says(Message::new(CAMPAIGNS, key.signs(GroupHead::TYPE, &head)));
    let health = reported(&office, "campaigns", |health| !health["said"]["unfollowed"]["campaigns"].is_null());
    assert!(trouble(&health).starts_with("campaigns revision 2 are not followed: "), "{health:#}");
    assert!(done(&mut office.command("report")).contains("it is for group lobby of acme"));

    // What is none is counted, and what was said before stays.
    rogue.says(Message::new("touchpoint/v1/acme/devices/kiosk-1/health", "{}"));
    eventually("a health that is none", || {
        let report = office.report();
        let refusals = report["refusals"].as_array().unwrap();
        let counted = refusals.contains(&json!({ "reason": "malformed_health", "times": 1 }));
        if counted && !report["devices"][0]["health"].is_null() { Ok(()) } else { Err(report.to_string()) }
    });

    // It follows again, and says so.
    drop(rogue);
    for _ in 2..=3 {
        office.publish(&workspace::demo_campaigns());
    }
    let health = reported(&office, "campaigns again", |health| health["said"]["unfollowed"]["campaigns"].is_null());
    assert_eq!(health["said"]["held"]["campaigns"], 3, "{health:#}");
}
