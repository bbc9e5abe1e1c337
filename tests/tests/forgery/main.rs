//! Whoever owns the broker, or even head office's key, cannot make a device take what it should not: each lie is refused, counted
//! and named, changes nothing, and the next true word is followed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod guests;
mod lies;

use data_encoding::BASE64;
use serde_json::{Value, json};
use std::{fmt, path::Path};
use tempfile::TempDir;
use touchpoint_link::Message;
use touchpoint_protocol::{
    block::{Packer, Row},
    bundle::Bundle,
    confirmation::Confirmation,
    contacts::ContactPage,
    customer::{CustomerId, Profile},
    delta::Delta,
    digest::Digest,
    group::GroupHead,
    shard::ShardHead,
    signed::Document,
    token::Token,
};
use touchpoint_tests::{
    head_office::{ANNA, HeadOffice, STRANGER},
    kiosk::RunningKiosk,
    mosquitto::Mosquitto,
    rogue::{CAMPAIGNS, CONTACTS, DELTAS, INBOX, Rogue, SHARD_HEAD, Signer, frame, with},
    workspace,
};

/// What a lie is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Customers,
    Changes,
    /// Changes that the device asks for, because a head speaks of them.
    Pulled,
    /// What was said to customers elsewhere.
    Said,
    Campaigns,
    Delivery,
}

use Subject::{Campaigns, Changes, Customers, Delivery, Pulled, Said};

/// What is said, where, and what the refusal must name.
type Lie = (Subject, &'static str, fn(&Scene) -> Vec<u8>, &'static str);

/// A device in step with a head office that has gone; in its place is someone with its key, and with others.
struct Scene {
    rogue: Rogue,
    agent: RunningKiosk,
    key: Signer,
    journal: String,
    bundle: Bundle,
    epoch: u64,
    revision: u64,
    /// Where the contact log ends.
    position: u64,
    _broker: Mosquitto,
    folder: TempDir,
}

impl Scene {
    fn set() -> Scene {
        let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
        let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
        let hub = office.serve();
        let agent = office.kiosk().start();
        agent.holds(1, 1);
        agent.api.arrives(ANNA);
        agent.api.leaves();
        agent.delivers();
        let position = contacts(&agent);
        assert_eq!(hub.terminate().status.code(), Some(0));
        let journal = office.report()["journals"][0]["journal"].as_str().unwrap().to_owned();
        let mut bundle = touchpoint_hub::check(&workspace::demo_campaigns()).unwrap().bundle;
        // In one language, the invitation stays as it is.
        bundle.attract.retain(|language, _| *language == bundle.fallback_language);
        let (key, rogue) = (Signer::stolen(&office), Rogue::appears(&broker));
        let _broker = broker;
        let mut scene = Scene { rogue, agent, key, journal, bundle, epoch: 1, revision: 1, position, _broker, folder };
        // From here on there is an older one of each.
        [Changes, Campaigns].into_iter().for_each(|subject| scene.follows_the_truth(subject));
        scene
    }

    /// Where head office was.
    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything a lie could change.
    fn effect(&self) -> (Value, Vec<u8>) {
        let status = self.agent.api.status();
        let line = &status["line"];
        let told = json!([
            line["connected"],
            line["epoch"],
            line["revision"],
            line["customers"],
            line["contacts"],
            line["campaigns"],
            status["journal"]["confirmed"],
            status["visits"]["phase"],
        ]);
        (told, self.agent.api.get("/v1/screen.png").body)
    }

    /// Says it, and makes sure that it is refused and changes nothing.
    fn refuses(&mut self, (subject, name, lie, named): Lie) {
        if subject == Delivery {
            // Something to confirm.
            self.agent.api.arrives(STRANGER);
            self.agent.api.leaves();
        }
        let refused = |status: &Value| status["line"]["refused"].as_u64().unwrap();
        let (before, count) = (self.effect(), refused(&self.agent.api.status()));
        self.rogue.says(Message::new(topic(subject), lie(self)));
        self.agent.reaches(&format!("{name}: a refusal that names {named:?}"), |status| {
            refused(status) > count && status["line"]["last_refusal"].as_str().is_some_and(|last| last.contains(named))
        });
        let after = self.effect();
        assert_eq!(after.0, before.0, "{name} had an effect");
        assert!(after.1 == before.1, "{name} changed the screen");
        self.follows_the_truth(subject);
        assert_eq!(self.agent.api.status()["line"]["connected"], true, "{name}");
    }

    /// A true document of that kind, newer than every lie: it is followed.
    fn follows_the_truth(&mut self, subject: Subject) {
        match subject {
            Customers => {
                self.epoch += 4;
                let head = self.rogue.snapshot(self.epoch, &[rows(&[1, 2, 3])]);
                self.rogue.says(Message::new(SHARD_HEAD, self.shard_head(&head)).retained());
            }
            Changes | Pulled => {
                self.follows_the_truth(Customers);
                let delta = self.delta(json!({ "from": 0, "to": 1 }));
                self.rogue.says(Message::new(DELTAS, delta));
                self.agent.reaches("a good delta", |status| status["line"]["revision"] == 1);
            }
            Said => {
                let page = self.page(json!({}));
                self.rogue.says(Message::new(CONTACTS, page));
                self.position += 2;
                let position = self.position;
                self.agent.reaches("a good page", |status| status["line"]["contacts"] == position);
            }
            Campaigns => {
                self.revision += 2;
                let head = self.rogue.publication(self.revision, &self.bundle.encode(), &[]);
                self.rogue.says(Message::new(CAMPAIGNS, self.group_head(&head)).retained());
            }
            Delivery => {
                let recorded = self.recorded();
                self.rogue.says(Message::new(INBOX, self.confirmation(json!({ "through": recorded }))));
                self.agent.delivers();
            }
        }
        let status = self.agent.holds(self.epoch, self.revision);
        match subject {
            Customers => assert_eq!(status["line"]["customers"], 3),
            Changes | Pulled => assert_eq!(status["line"]["customers"], 4),
            Said | Campaigns | Delivery => {}
        }
    }

    fn recorded(&self) -> u64 {
        self.agent.api.status()["journal"]["recorded"].as_u64().unwrap()
    }

    fn shard_head(&self, head: &Value) -> Vec<u8> {
        self.key.signs(ShardHead::TYPE, head)
    }

    /// A signed delta that would be good, with something wrong in what it says. The device holds revision 1 of the epoch.
    fn delta(&self, changes: Value) -> Vec<u8> {
        self.key.signs(Delta::TYPE, &self.plain_delta(changes))
    }

    fn plain_delta(&self, changes: Value) -> Value {
        let upserts = BASE64.encode(&rows(&[9]).0);
        let delta =
            json!({ "tenant": "acme", "shard": "all", "epoch": self.epoch, "from": 1, "to": 2, "upserts": upserts });
        with(&with(&delta, json!({ "erased": "" })), changes)
    }

    /// A signed page of contacts that would be good, with something wrong in what it says.
    fn page(&self, changes: Value) -> Vec<u8> {
        self.key.signs(ContactPage::TYPE, &self.plain_page(changes))
    }

    fn plain_page(&self, changes: Value) -> Value {
        // Somebody is erased whom nobody knows.
        let entries = BASE64.encode(&frame(20, &[0x81, 0x18, 99], 0));
        let (from, to) = (self.position, self.position + 2);
        with(&json!({ "tenant": "acme", "shard": "all", "from": from, "to": to, "entries": entries }), changes)
    }

    /// A good page with something missing before it, and this for whoever asks what.
    fn gap(&self, page: Vec<u8>) -> Vec<u8> {
        self.rogue.gives_contacts(self.position, page);
        self.page(json!({ "from": self.position + 1 }))
    }

    /// A signed head that speaks of one more revision, and this for whoever asks what changed.
    fn pulled(&self, delta: Vec<u8>) -> Vec<u8> {
        self.rogue.gives_delta(self.epoch, 1, delta);
        let head = self.rogue.snapshot(self.epoch, &[rows(&[1, 2, 3])]);
        self.shard_head(&with(&head, json!({ "revision": 2 })))
    }

    fn group_head(&self, head: &Value) -> Vec<u8> {
        self.key.signs(GroupHead::TYPE, head)
    }

    fn confirmation(&self, changes: Value) -> Vec<u8> {
        let through = self.recorded();
        let confirmation =
            json!({ "tenant": "acme", "device": "kiosk-1", "journal": self.journal, "through": through });
        self.key.signs(Confirmation::TYPE, &with(&confirmation, changes))
    }

    /// A newer head of the shard that would be good.
    fn good(&self) -> Value {
        self.rogue.snapshot(self.epoch + 1, &[rows(&[7, 8])])
    }

    /// The same, with something wrong in what it says.
    fn head(&self, changes: Value) -> Vec<u8> {
        self.shard_head(&with(&self.good(), changes))
    }

    /// A signed head of one block, whatever that is.
    fn block(&self, bytes: Vec<u8>, rows: u32) -> Vec<u8> {
        self.shard_head(&self.rogue.snapshot(self.epoch + 1, &[(bytes, rows)]))
    }

    /// A good head, and something else in place of its block.
    fn instead(&self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
        let head = self.shard_head(&self.good());
        self.rogue.gives_block(self.epoch + 1, 0, change(rows(&[7, 8]).0));
        head
    }

    /// A signed head of this bundle and these pictures.
    fn bundle(&self, bundle: &[u8], media: &[Vec<u8>]) -> Vec<u8> {
        self.group_head(&self.rogue.publication(self.revision + 1, bundle, media))
    }

    /// A signed head of head office's bundle with something changed.
    fn changed(&self, change: impl FnOnce(&mut Bundle)) -> Vec<u8> {
        let mut bundle = self.bundle.clone();
        change(&mut bundle);
        self.bundle(&bundle.encode(), &[])
    }

    /// A signed head of head office's bundle whose first campaign has this picture.
    fn picture(&self, picture: Vec<u8>) -> Vec<u8> {
        let mut bundle = self.bundle.clone();
        bundle.campaigns[0].picture = Some(Digest::of(&picture));
        self.bundle(&bundle.encode(), &[picture])
    }

    fn header(&self) -> Value {
        json!({ "alg": "EdDSA", "kid": self.key.id, "typ": ShardHead::TYPE })
    }
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scene(epoch {}, revision {})", self.epoch, self.revision)
    }
}

fn topic(subject: Subject) -> &'static str {
    match subject {
        Customers | Pulled => SHARD_HEAD,
        Changes => DELTAS,
        Said => CONTACTS,
        Campaigns => CAMPAIGNS,
        Delivery => INBOX,
    }
}

/// Where the device knows the contact log to end, once it knows of what was said here.
fn contacts(agent: &RunningKiosk) -> u64 {
    let status = agent.reaches("its own contact", |status| status["line"]["contacts"].as_u64() > Some(0));
    status["line"]["contacts"].as_u64().unwrap()
}

/// A block with a row for each of these tokens, which rise.
fn rows(tokens: &[u8]) -> (Vec<u8>, u32) {
    let (mut packer, profile) = (Packer::default(), Profile::default().to_cbor());
    for token in tokens {
        let customer = CustomerId::try_from(i64::from(*token)).unwrap();
        packer.push(Row { token: Token::from_bytes([*token; 16]), customer, profile: &profile }).unwrap();
    }
    let block = packer.finish().unwrap().remove(0);
    (block.bytes, block.rows)
}

/// Plays a table.
fn play(lies: &[Lie]) {
    let mut scene = Scene::set();
    for lie in lies {
        scene.refuses(*lie);
    }
    // And a customer is served as before.
    assert_eq!(scene.agent.api.arrives(STRANGER)["campaign"], "welcome");
}

#[test]
fn what_is_not_signed_as_it_should_be_changes_nothing() {
    play(lies::UNSIGNED);
}

#[test]
fn what_is_signed_for_somebody_else_changes_nothing() {
    play(lies::OUT_OF_PLACE);
}

#[test]
fn a_signed_document_out_of_bounds_changes_nothing() {
    play(lies::MALFORMED);
}

#[test]
fn a_delta_that_is_not_what_it_should_be_changes_nothing() {
    play(lies::DELTAS);
}

#[test]
fn contacts_that_are_not_what_they_should_be_change_nothing() {
    play(lies::CONTACTS);
}

#[test]
fn a_delta_out_of_turn_changes_nothing() {
    let mut scene = Scene::set();
    let before = scene.effect();
    for changes in [
        json!({ "from": 0, "to": 1 }),
        json!({ "from": 0, "to": 2 }),
        json!({ "from": 2, "to": 3 }),
        json!({ "epoch": scene.epoch - 1 }),
        json!({ "epoch": scene.epoch + 1 }),
    ] {
        scene.rogue.says(Message::new(DELTAS, scene.delta(changes)));
    }
    // Deltas are taken in turn: once this one is refused, those before it have been looked at.
    scene.refuses((Changes, "another shard's", |at| at.delta(json!({ "shard": "north" })), "it is for shard north"));
    assert_eq!(scene.agent.api.status()["line"]["revision"], 1);
    assert_eq!(before.0[3], 4, "four tokens before, as after: {}", before.0);
}

#[test]
fn a_block_that_is_not_what_was_signed_or_not_what_it_says_changes_nothing() {
    play(lies::BLOCKS);
}

#[test]
fn a_bundle_or_picture_that_cannot_be_shown_changes_nothing() {
    play(lies::BUNDLES);
}

#[test]
fn a_broker_that_plays_back_what_is_old_changes_nothing() {
    let mut scene = Scene::set();
    for (subject, unfollowed) in [(Customers, "customers"), (Campaigns, "campaigns")] {
        let before = scene.effect();
        let old = match subject {
            Customers => scene.shard_head(&scene.rogue.shard_head),
            _ => scene.group_head(&scene.rogue.group_head),
        };
        // While the device knows of a newer one, and when all it finds on a new connection is the old one.
        let count = |status: &Value| status["line"]["refusals"]["old"].as_u64().unwrap_or(0);
        let times = count(&scene.agent.api.status());
        scene.rogue.says(Message::new(topic(subject), old).retained());
        scene.agent.reaches("one more that is old", |status| count(status) == times + 1);
        assert_eq!(scene.effect(), before);
        scene.rogue.takes_the_place_of("kiosk-1");
        scene.agent.reaches("a refusal of what is old", |status| {
            let why = status["line"]["unfollowed"][unfollowed]["reason"].as_str();
            why.is_some_and(|why| why.contains("it is 1, older than"))
                && count(status) > times + 1
                && status["line"]["connected"] == true
        });
        assert_eq!(scene.effect(), before);
        scene.follows_the_truth(subject);
    }
}

#[test]
fn a_confirmation_of_more_than_was_recorded_confirms_nothing_and_the_journal_begins_a_new_name() {
    let mut scene = Scene::set();
    scene.agent.api.arrives(STRANGER);
    scene.agent.api.leaves();
    let waiting = scene.agent.reaches("something to deliver", |status| status["journal"]["waiting"] != 0);
    let waiting = waiting["journal"]["waiting"].clone();
    let more = scene.recorded() + 1;
    scene.rogue.says(Message::new(INBOX, scene.confirmation(json!({ "through": more }))));
    let status = scene.agent.reaches("the line, under a new name", |status| {
        status["journal"]["confirmed"] == 0 && status["line"]["connected"] == true
    });
    assert_eq!([&status["journal"]["recorded"], &status["journal"]["waiting"]], [&waiting; 2], "{status}");
    let said = status["line"]["last_error"].as_str().unwrap();
    assert!(said.contains(&format!("head office confirms {more}, but")), "{said}");
    // What is said of the old name concerns nobody any more.
    scene.refuses((Campaigns, "no signature", |at| at.rogue.group_head.to_string().into_bytes(), "is not a signed"));
    let old = scene.confirmation(json!({ "through": 1 }));
    scene.rogue.says(Message::new(INBOX, old));
    scene.agent.reaches("a refusal of the old name", |status| {
        status["line"]["last_refusal"].as_str().is_some_and(|last| last.contains("is for journal"))
    });
}
