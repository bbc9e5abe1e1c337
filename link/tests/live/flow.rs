//! Whoever is slow slows the broker down, and nothing else.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use touchpoint_link::{Connection, Endpoint, Limits, Lost, Message, Options, Publisher, connect};

use crate::broker::Broker;
use crate::script::{self, Script};
use crate::{connected, options, within};

const MANY: u32 = 1000;

#[tokio::test]
async fn a_thousand_messages_reach_a_slow_consumer_in_order() {
    let broker = Broker::open().await;
    let mut far = connected(broker.endpoint(), "far", &["t"]).await;
    let near = connected(broker.endpoint(), "near", &[]).await;
    let publishing = publish_many(&near.outgoing, "t");
    for number in 0..MANY {
        assert_eq!(within(far.incoming.next()).await.unwrap().payload, number.to_string());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    all_arrived(publishing).await;
}

#[tokio::test]
async fn publishes_are_acknowledged_while_nobody_takes_what_arrives() {
    let broker = Broker::open().await;
    let mut near = connected(broker.endpoint(), "near", &["t"]).await;
    all_arrived(publish_many(&near.outgoing, "t")).await;
    for number in 0..MANY {
        assert_eq!(within(near.incoming.next()).await.unwrap().payload, number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_may_publish_for_every_message_it_takes() {
    let broker = Broker::open().await;
    let limits = Limits { window: 1, receive: 1, ..Limits::default() };
    let narrow = Options { limits, ..options(broker.endpoint(), "echo", &["there"]) };
    let Connection { outgoing, mut incoming } = connect(&narrow).await.unwrap();
    let mut far = connected(broker.endpoint(), "far", &["back"]).await;
    // The same window is also kept full by others.
    let noise = publish_many(&outgoing, "noise");
    let publishing = publish_many(&far.outgoing, "there");
    tokio::spawn(async move {
        while let Ok(message) = incoming.next().await {
            outgoing.publish(Message::new("back", message.payload)).await.unwrap();
        }
    });
    for _ in 0..MANY {
        within(far.incoming.next()).await.unwrap();
    }
    all_arrived(publishing).await;
    all_arrived(noise).await;
}

#[tokio::test]
async fn the_window_respects_what_the_broker_allows() {
    let broker = Broker::start(|_| "allow_anonymous true\nmax_inflight_messages 1\n".to_owned()).await;
    let mut near = connected(broker.endpoint(), "near", &["t"]).await;
    let publishing = publish_many(&near.outgoing, "t");
    for number in 0..MANY {
        assert_eq!(within(near.incoming.next()).await.unwrap().payload, number.to_string());
    }
    all_arrived(publishing).await;
}

#[tokio::test]
async fn a_message_is_acknowledged_when_it_is_taken_and_not_before() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(&[]));
    let mut near = connected(endpoint, "near", &["t"]).await;
    let mut line = broker.await.unwrap();
    line.write_all(&[script::publish(Some(1), b'a'), script::publish(Some(2), b'b')].concat()).await.unwrap();

    assert_eq!(within(near.incoming.next()).await.unwrap().payload, "a");
    assert_eq!(within(script::packet(&mut line)).await, (script::PUBACK, vec![0, 1]));
    let early = tokio::time::timeout(Duration::from_millis(100), script::packet(&mut line)).await;
    assert!(early.is_err(), "the second message is acknowledged before it was taken");

    assert_eq!(within(near.incoming.next()).await.unwrap().payload, "b");
    assert_eq!(within(script::packet(&mut line)).await, (script::PUBACK, vec![0, 2]));
}

#[tokio::test]
async fn a_broker_that_sends_more_than_there_is_room_for_loses_the_connection() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(&[]));
    let mut near = connect(&room_for_20_bytes(endpoint)).await.unwrap();
    let mut line = broker.await.unwrap();
    let flood: Vec<u8> = (1..=21).flat_map(|id| script::publish(Some(id), id)).collect();
    line.write_all(&flood).await.unwrap();

    // What had arrived before is not lost with it.
    for number in 1..=20 {
        assert_eq!(within(near.incoming.next()).await.unwrap().payload[..], [number]);
    }
    let lost = within(near.incoming.next()).await;
    assert!(matches!(lost, Err(Lost::Flooded { count: 21, bytes: 21 })), "{lost:?}");
}

#[tokio::test]
async fn a_flood_at_qos_0_is_dropped_and_takes_no_place_of_others() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(&[]));
    let mut near = connect(&room_for_20_bytes(endpoint)).await.unwrap();
    let mut line = broker.await.unwrap();
    let mut flood: Vec<u8> = (0..200).flat_map(|_| script::publish(None, 0)).collect();
    flood.extend((1..=20).flat_map(|id| script::publish(Some(id), id)));
    line.write_all(&flood).await.unwrap();
    // What was received before the end of the line still counts.
    line.shutdown().await.unwrap();

    let mut taken = Vec::new();
    while let Ok(message) = within(near.incoming.next()).await {
        taken.extend_from_slice(&message.payload);
    }
    let (strangers, others) = taken.split_at(taken.len() - 20);
    assert_eq!(others, (1..=20).collect::<Vec<u8>>());
    assert!(strangers.len() < 200, "{} messages at QoS 0 kept", strangers.len());
}

fn room_for_20_bytes(endpoint: Endpoint) -> Options {
    let limits = Limits { receive: 1, max_in: 20, ..Limits::default() };
    Options { limits, ..options(endpoint, "near", &["t"]) }
}

/// Publishes numbers at once; the window keeps them in the order in which they began to wait.
fn publish_many(outgoing: &Publisher, topic: &'static str) -> JoinSet<()> {
    let mut publishing = JoinSet::new();
    for number in 0..MANY {
        let outgoing = outgoing.clone();
        publishing.spawn(async move { outgoing.publish(Message::new(topic, number.to_string())).await.unwrap() });
    }
    publishing
}

async fn all_arrived(mut publishing: JoinSet<()>) {
    while let Some(result) = within(publishing.join_next()).await {
        result.unwrap();
    }
}
