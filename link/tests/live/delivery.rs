//! A message arrives as it was sent, or its sender learns why not.

use std::collections::HashMap;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use touchpoint_link::{Limits, Message, Options, PublishError, connect};

use crate::broker::Broker;
use crate::script::{self, Script};
use crate::{connected, options, within};

#[tokio::test]
async fn a_publish_is_acknowledged_and_arrives_with_all_its_properties() {
    let broker = Broker::open().await;
    let mut far = connected(broker.endpoint(), "far", &["a/+"]).await;
    let near = connected(broker.endpoint(), "near", &[]).await;
    let mut sent = Message::new("a/b", "hello").with_content_type("text/plain").with_response_topic("a/c");
    sent.correlation = Some(Bytes::from_static(b"\0\xff"));

    within(near.outgoing.publish(sent.clone())).await.unwrap();

    assert_eq!(within(far.incoming.next()).await.unwrap(), sent);
}

#[tokio::test]
async fn every_publish_gets_its_own_verdict_in_whatever_order_they_come() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(&[]));
    let near = connected(endpoint, "near", &["t"]).await;
    let mut line = broker.await.unwrap();
    let publishing = ["a", "b", "c"].map(|topic| {
        let outgoing = near.outgoing.clone();
        tokio::spawn(async move { outgoing.publish(Message::new(topic, "x")).await })
    });
    let mut ids = HashMap::new();
    for _ in 0..3 {
        let (_, publish) = within(script::packet(&mut line)).await;
        // The topic of one letter and its length, then the packet id.
        ids.insert(publish[2], [publish[3], publish[4]]);
    }
    let quota_exceeded = 0x97;
    for (topic, reason) in [(b'c', 0), (b'b', quota_exceeded), (b'a', 0)] {
        let [high, low] = ids[&topic];
        line.write_all(&[0x40, 3, high, low, reason]).await.unwrap();
    }
    let [a, b, c] = publishing;
    assert_eq!(within(a).await.unwrap(), Ok(()));
    let refused = PublishError::Refused { topic: "b".into(), reason: "quota exceeded".into() };
    assert_eq!(within(b).await.unwrap(), Err(refused));
    assert_eq!(within(c).await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_publish_without_any_subscriber_counts_as_arrived() {
    let broker = Broker::open().await;
    let near = connected(broker.endpoint(), "near", &[]).await;
    within(near.outgoing.publish(Message::new("nobody/listens", "x"))).await.unwrap();
}

#[tokio::test]
async fn a_packet_of_the_largest_allowed_size_arrives() {
    let broker = Broker::open().await;
    let Limits { max_out, .. } = Limits::default();
    let mut near = connected(broker.endpoint(), "near", &["t"]).await;
    // One byte of type, three of length, three of topic, two of packet id, one of properties.
    let largest = Message::new("t", vec![7; max_out - 10]);
    within(near.outgoing.publish(largest.clone())).await.unwrap();
    assert_eq!(within(near.incoming.next()).await.unwrap(), largest);

    let larger = near.outgoing.publish(Message::new("t", vec![7; max_out - 9])).await.unwrap_err();
    assert_eq!(larger, PublishError::TooLarge { topic: "t".into(), size: max_out + 1, limit: max_out });
}

#[tokio::test]
async fn a_message_too_large_for_the_broker_is_refused_before_it_is_sent() {
    let broker = Broker::start(|_| "allow_anonymous true\nmax_packet_size 1000\n".to_owned()).await;
    let mut near = connected(broker.endpoint(), "near", &["t"]).await;
    let error = near.outgoing.publish(Message::new("t", vec![0; 2000])).await.unwrap_err();
    assert_eq!(error, PublishError::TooLarge { topic: "t".into(), size: 2009, limit: 1000 });
    // The connection is none the worse for it.
    within(near.outgoing.publish(Message::new("t", "small"))).await.unwrap();
    assert_eq!(within(near.incoming.next()).await.unwrap().payload, "small");
}

#[tokio::test]
async fn a_malformed_message_is_refused_before_it_is_sent() {
    let broker = Broker::open().await;
    let near = connected(broker.endpoint(), "near", &[]).await;
    let error = near.outgoing.publish(Message::new("a/#", "x")).await.unwrap_err();
    assert_eq!(error, PublishError::Malformed { topic: "a/#".into(), part: "topic" });
}

#[tokio::test]
async fn a_retained_message_waits_for_later_subscribers() {
    let broker = Broker::open().await;
    let near = connected(broker.endpoint(), "near", &[]).await;
    within(near.outgoing.publish(Message::new("head", "7").retained())).await.unwrap();

    let mut later = connected(broker.endpoint(), "later", &["head"]).await;

    assert_eq!(within(later.incoming.next()).await.unwrap(), Message::new("head", "7").retained());
}

#[tokio::test]
async fn the_last_will_is_published_when_the_connection_is_dropped() {
    let broker = Broker::open().await;
    let mut watcher = connected(broker.endpoint(), "watcher", &["presence"]).await;
    let doomed = connect(&doomed(&broker)).await.unwrap();

    drop(doomed);

    assert_eq!(within(watcher.incoming.next()).await.unwrap(), Message::new("presence", "offline"));
}

#[tokio::test]
async fn a_clean_disconnect_publishes_no_last_will() {
    let broker = Broker::open().await;
    let mut watcher = connected(broker.endpoint(), "watcher", &["presence"]).await;
    let leaving = connect(&doomed(&broker)).await.unwrap();
    let last_words = leaving.outgoing.clone();
    let last_words = tokio::spawn(async move { last_words.publish(Message::new("presence", "leaving")).await });
    tokio::task::yield_now().await;

    within(leaving.outgoing.disconnect()).await;

    assert_eq!(last_words.await.unwrap(), Ok(()));
    within(watcher.outgoing.publish(Message::new("presence", "marker"))).await.unwrap();
    assert_eq!(within(watcher.incoming.next()).await.unwrap().payload, "leaving");
    assert_eq!(within(watcher.incoming.next()).await.unwrap().payload, "marker");
}

fn doomed(broker: &Broker) -> Options {
    Options { last_will: Some(Message::new("presence", "offline")), ..options(broker.endpoint(), "doomed", &[]) }
}
