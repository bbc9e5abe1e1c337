//! A question finds its answer, and nobody else does.

use std::time::Duration;

use touchpoint_link::{AskError, Connection, Message};

use crate::broker::Broker;
use crate::{PATIENCE, connected, within};

#[tokio::test]
async fn a_question_is_answered_by_another_connection() {
    let broker = Broker::open().await;
    let office = connected(broker.endpoint(), "office", &["requests"]).await;
    let mut device = connected(broker.endpoint(), "device", &["inbox"]).await;
    tokio::spawn(answer_all(office));

    let answer = within(device.outgoing.ask(question("block 3"), PATIENCE)).await.unwrap();
    assert_eq!((answer.topic.as_str(), &answer.payload[..]), ("inbox", &b"answer to block 3"[..]));

    // The answer itself is not among what arrives.
    within(device.outgoing.publish(Message::new("inbox", "other"))).await.unwrap();
    assert_eq!(within(device.incoming.next()).await.unwrap().payload, "other");
}

#[tokio::test]
async fn many_questions_at_once_each_get_their_own_answer() {
    let broker = Broker::open().await;
    tokio::spawn(answer_all(connected(broker.endpoint(), "office", &["requests"]).await));
    let device = connected(broker.endpoint(), "device", &["inbox"]).await;
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..200 {
        let outgoing = device.outgoing.clone();
        asking.spawn(async move { (number, outgoing.ask(question(&number.to_string()), PATIENCE).await) });
    }
    while let Some(result) = within(asking.join_next()).await {
        let (number, answer) = result.unwrap();
        assert_eq!(answer.unwrap().payload, format!("answer to {number}"));
    }
}

#[tokio::test]
async fn questions_are_answered_though_nobody_wants_the_other_messages() {
    let broker = Broker::open().await;
    tokio::spawn(answer_all(connected(broker.endpoint(), "office", &["requests"]).await));
    let Connection { outgoing, incoming } = connected(broker.endpoint(), "device", &["inbox"]).await;
    drop(incoming);
    for _ in 0..50 {
        within(outgoing.publish(Message::new("inbox", "unwanted"))).await.unwrap();
    }
    assert!(within(outgoing.ask(question("x"), PATIENCE)).await.is_ok());
}

#[tokio::test]
async fn a_question_to_which_nobody_listens_does_not_wait() {
    let broker = Broker::open().await;
    let device = connected(broker.endpoint(), "device", &["inbox"]).await;
    let error = within(device.outgoing.ask(question("x"), PATIENCE)).await.unwrap_err();
    assert_eq!(error, AskError::NobodyListens { topic: "requests".into() });
}

#[tokio::test]
async fn a_question_that_nobody_answers_ends_with_its_patience() {
    let broker = Broker::open().await;
    let _mute = connected(broker.endpoint(), "office", &["requests"]).await;
    let device = connected(broker.endpoint(), "device", &["inbox"]).await;
    let patience = Duration::from_millis(200);
    let error = within(device.outgoing.ask(question("x"), patience)).await.unwrap_err();
    assert_eq!(error, AskError::NoAnswer { topic: "requests".into(), patience });
}

#[tokio::test]
async fn a_question_that_comes_back_is_not_its_own_answer() {
    let broker = Broker::open().await;
    let mut device = connected(broker.endpoint(), "device", &["inbox", "requests"]).await;
    let patience = Duration::from_millis(200);
    assert!(within(device.outgoing.ask(question("x"), patience)).await.is_err());
    assert_eq!(within(device.incoming.next()).await.unwrap().topic, "requests");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_arrives_like_any_other_message() {
    let broker = Broker::open().await;
    let mut office = connected(broker.endpoint(), "office", &["requests"]).await;
    let mut device = connected(broker.endpoint(), "device", &["inbox"]).await;
    assert!(within(device.outgoing.ask(question("x"), Duration::from_millis(200))).await.is_err());

    let answer = within(office.incoming.next()).await.unwrap().answer("late").unwrap();
    within(office.outgoing.publish(answer)).await.unwrap();

    assert_eq!(within(device.incoming.next()).await.unwrap().payload, "late");
}

fn question(text: &str) -> Message {
    Message::new("requests", text.to_owned()).with_response_topic("inbox")
}

async fn answer_all(mut office: Connection) {
    while let Ok(question) = office.incoming.next().await {
        let text = [b"answer to ", &question.payload[..]].concat();
        office.outgoing.publish(question.answer(text).unwrap()).await.unwrap();
    }
}
