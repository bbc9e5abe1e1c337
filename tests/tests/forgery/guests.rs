//! Answers about one customer that are not head office's to this device's question: none makes anybody known.

use crate::{Scene, rows};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};
use touchpoint_link::Message;
use touchpoint_protocol::{
    card::Card, customer::Profile, found::FoundCustomer, shard::ShardHead, signed::Document, token::TokenKey, utc::Utc,
};
use touchpoint_tests::{
    head_office::STRANGER,
    rogue::{INBOX, SHARD_HEAD, Signer, with},
};

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is answered, how it is made, what the refusal must name, and the word for it.
type Answer = (&'static str, fn(&Scene) -> Vec<u8>, &'static str, &'static str);

/// A device asks four times in a row, and then seldom: three lies and the truth are one test.
const UNSIGNED: [Answer; 3] = [
    ("no signature", |at| found(at, json!({})).to_string().into(), "is not a signed document", "signature"),
    (
        "another key of the same name",
        |at| Signer::invented(&at.key.id).signs(FoundCustomer::TYPE, &found(at, json!({}))),
        "is wrong",
        "signature",
    ),
    ("a head", |at| at.key.signs(ShardHead::TYPE, &found(at, json!({}))), "does not say EdDSA", "signature"),
];

const FOREIGN: [Answer; 3] = [
    ("another device's", |at| signed(at, json!({ "device": "kiosk-2" })), "is not what head office signed", "mismatch"),
    ("another tenant's", |at| signed(at, json!({ "tenant": "other" })), "is not what head office signed", "mismatch"),
    (
        "another card's",
        |at| signed(at, json!({ "token": BASE64.encode(&[7; 16]) })),
        "is not what head office signed",
        "mismatch",
    ),
];

const OUT_OF_BOUNDS: [Answer; 3] = [
    ("no profile", |at| signed(at, json!({ "profile": BASE64.encode(b"x") })), "profile: ", "malformed"),
    ("of yesterday", |at| signed(at, json!({ "at": utc(-DAY_MS) })), "a customer as head office said at", "old"),
    ("of tomorrow", |at| signed(at, json!({ "at": utc(2 * DAY_MS) })), "a customer as head office said at", "old"),
];

/// A true answer about the stranger, with something changed in it.
fn found(at: &Scene, changes: Value) -> Value {
    let line = fs::read_to_string(at.folder().join("office/keys/token.key")).unwrap();
    let token = TokenKey::parse(line.lines().next().unwrap()).unwrap().token(Card::payment(STRANGER).unwrap());
    let profile = Profile { segments: vec!["gold".parse().unwrap()], ..Profile::default() }.to_cbor();
    let (token, profile) = (BASE64.encode(token.as_bytes()), BASE64.encode(&profile));
    let found = json!({ "tenant": "acme", "device": "kiosk-1", "token": token, "customer": 77, "profile": profile });
    with(&with(&found, json!({ "at": utc(0) })), changes)
}

fn signed(at: &Scene, changes: Value) -> Vec<u8> {
    at.key.signs(FoundCustomer::TYPE, &found(at, changes))
}

/// So long after now.
fn utc(millis: i64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let now = Utc::from_millis(i64::try_from(now).unwrap());
    json!(now.plus_millis(millis))
}

fn play(answers: &[Answer]) {
    let scene = Scene::set();
    for (name, answer, named, reason) in answers {
        scene.rogue.gives_customer(answer(&scene));
        let times = |status: &Value| status["line"]["refusals"][reason].as_u64().unwrap_or(0);
        let before = times(&scene.agent.api.status());
        assert_eq!(comes(&scene), json!([false, "welcome"]), "before: {name}");
        scene.agent.reaches(&format!("{name}: a refusal that names {named:?}"), |status| {
            times(status) == before + 1
                && status["line"]["last_refusal"].as_str().is_some_and(|last| last.contains(named))
        });
    }
    scene.rogue.gives_customer(signed(&scene, json!({})));
    assert_eq!(comes(&scene)[0], false, "after all lies");
    scene.agent.reaches("the truth", |_| scene.agent.service.stderr().contains("a guest was looked up"));
    assert_eq!(comes(&scene)[0], true);
}

/// The stranger comes, and goes: whether the device knows them, and what it shows.
fn comes(scene: &Scene) -> Value {
    let decided = scene.agent.api.arrives(STRANGER);
    scene.agent.api.leaves();
    json!([decided["known"], decided["campaign"]])
}

#[test]
fn an_answer_that_is_not_signed_as_it_should_be_makes_nobody_known() {
    play(&UNSIGNED);
}

#[test]
fn an_answer_to_somebody_elses_question_makes_nobody_known() {
    play(&FOREIGN);
}

#[test]
fn an_answer_out_of_bounds_or_played_back_makes_nobody_known() {
    play(&OUT_OF_BOUNDS);
}

#[test]
fn an_answer_that_comes_too_late_is_no_refusal() {
    let scene = Scene::set();
    let refused = |status: &Value| status["line"]["refused"].as_u64().unwrap();
    let before = refused(&scene.agent.api.status());
    let mut question = Message::new("anywhere", "").with_response_topic(INBOX);
    question.correlation = Some(vec![7; 16].into());
    scene.rogue.says(question.answer(rows(&[7]).0).unwrap());
    // Messages are taken in turn: once this is refused, the one before it has been looked at.
    scene.rogue.says(Message::new(SHARD_HEAD, "nothing"));
    scene.agent.reaches("one refusal", |status| refused(status) > before);
    assert_eq!(refused(&scene.agent.api.status()), before + 1);
}
