//! A broker that does what no real broker does on demand: it forgets, repeats, contradicts itself, stops in the middle. No such thing
//! may leave a caller waiting for ever.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use touchpoint_link::{Connection, Limits, Lost, Message, Options, PublishError, connect};

use crate::script::{self, Script};
use crate::{options, within};

/// CONNACK property "server keep alive", 1 s: shorter than a client may choose, so that tests need not wait for long.
const KEEP_ALIVE_1_S: &[u8] = &[0x13, 0, 1];

/// CONNACK property "receive maximum", 1.
const RECEIVE_MAXIMUM_1: &[u8] = &[0x21, 0, 1];

const PINGRESP: &[u8] = &[0xd0, 0];

/// A connection and the broker's end of its line.
async fn welcomed(properties: &'static [u8], limits: Limits) -> (Connection, TcpStream) {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(properties));
    let near = connect(&Options { limits, ..options(endpoint, "near", &["t"]) }).await.unwrap();
    (near, broker.await.unwrap())
}

fn publishing(near: &Connection, topic: &str) -> tokio::task::JoinHandle<Result<(), PublishError>> {
    let (outgoing, message) = (near.outgoing.clone(), Message::new(topic, "x"));
    tokio::spawn(async move { outgoing.publish(message).await })
}

/// The packet id of a publish to a topic of one letter.
fn id(publish: &[u8]) -> [u8; 2] {
    [publish[3], publish[4]]
}

fn puback([high, low]: [u8; 2], reason: u8) -> [u8; 5] {
    [0x40, 3, high, low, reason]
}

#[tokio::test]
async fn each_negative_acknowledgement_reaches_its_publisher_in_words_and_the_connection_goes_on() {
    let (near, mut line) = welcomed(&[], Limits::default()).await;
    for (reason, words) in [
        (0x80, "unspecified error"),
        (0x83, "implementation specific error"),
        (0x87, "not authorized"),
        (0x90, "topic name invalid"),
        (0x91, "packet identifier in use"),
        (0x97, "quota exceeded"),
        (0x99, "payload format invalid"),
    ] {
        let publishing = publishing(&near, "a");
        let (_, publish) = within(script::packet(&mut line)).await;
        line.write_all(&puback(id(&publish), reason)).await.unwrap();
        let refused = PublishError::Refused { topic: "a".into(), reason: words.into() };
        assert_eq!(within(publishing).await.unwrap(), Err(refused));
    }
    let publishing = publishing(&near, "a");
    let (_, publish) = within(script::packet(&mut line)).await;
    line.write_all(&puback(id(&publish), 0)).await.unwrap();
    assert_eq!(within(publishing).await.unwrap(), Ok(()));
}

#[tokio::test]
async fn an_acknowledgement_with_a_reason_that_does_not_exist_ends_the_connection() {
    let (mut near, mut line) = welcomed(&[], Limits::default()).await;
    let publishing = publishing(&near, "a");
    let (_, publish) = within(script::packet(&mut line)).await;
    line.write_all(&puback(id(&publish), 0x42)).await.unwrap();
    assert_eq!(within(publishing).await.unwrap(), Err(PublishError::Lost { topic: "a".into() }));
    assert!(matches!(within(near.incoming.next()).await, Err(Lost::Broken(_))));
}

#[tokio::test]
async fn an_acknowledgement_of_nothing_ends_the_connection() {
    let (mut near, mut line) = welcomed(&[], Limits::default()).await;
    line.write_all(&puback([0, 1], 0)).await.unwrap();
    assert!(matches!(within(near.incoming.next()).await, Err(Lost::Broken(_))));
}

/// The one publish is never known to have arrived; the others are, and so do not wait for it.
#[tokio::test]
async fn a_swallowed_acknowledgement_costs_its_own_publish_and_in_the_end_the_connection() {
    let limits = Limits { window: 4, ..Limits::default() };
    let (mut near, mut line) = welcomed(KEEP_ALIVE_1_S, limits).await;
    let swallowed = publishing(&near, "a");
    let (_, first) = within(script::packet(&mut line)).await;
    let broker = tokio::spawn(async move {
        loop {
            let answer = match script::packet(&mut line).await {
                (script::PUBLISH, publish) => puback(id(&publish), 0).to_vec(),
                (script::PINGREQ, _) => PINGRESP.to_vec(),
                _ => return,
            };
            if line.write_all(&answer).await.is_err() {
                return;
            }
        }
    });
    let mut arrived = 0;
    // Until the client comes to the packet id that it may not use again.
    while within(near.outgoing.publish(Message::new("b", "x"))).await.is_ok() {
        arrived += 1;
    }
    assert!(arrived >= 3, "{arrived} arrived, and the first had id {:?}", id(&first));
    assert_eq!(within(swallowed).await.unwrap(), Err(PublishError::Lost { topic: "a".into() }));
    assert!(matches!(within(near.incoming.next()).await, Err(Lost::Broken(_) | Lost::Silent { .. })));
    broker.abort();
}

#[tokio::test]
async fn a_message_that_comes_twice_is_handed_over_and_acknowledged_twice() {
    let (mut near, mut line) = welcomed(&[], Limits::default()).await;
    let again = {
        let mut again = script::publish(Some(1), b'a');
        // DUP (MQTT 5.0, section 3.3.1.1).
        again[0] |= 0x08;
        again
    };
    for packet in [script::publish(Some(1), b'a'), again] {
        line.write_all(&packet).await.unwrap();
        assert_eq!(within(near.incoming.next()).await.unwrap().payload, "a");
        assert_eq!(within(script::packet(&mut line)).await, (script::PUBACK, vec![0, 1]));
    }
}

#[tokio::test]
async fn a_message_larger_than_announced_ends_the_connection_and_not_what_came_before() {
    let limits = Limits { max_in: 100, ..Limits::default() };
    let (mut near, mut line) = welcomed(&[], limits).await;
    line.write_all(&script::publish(Some(1), b'a')).await.unwrap();
    // A remaining length of 200, which says enough: none of its bytes has to come.
    line.write_all(&[0x32, 0xc8, 0x01, 0, 1, b't']).await.unwrap();
    assert_eq!(within(near.incoming.next()).await.unwrap().payload, "a");
    let lost = within(near.incoming.next()).await;
    assert!(matches!(lost, Err(Lost::Broken(_))), "{lost:?}");
}

#[tokio::test]
async fn a_second_welcome_ends_the_connection() {
    let (mut near, mut line) = welcomed(&[], Limits::default()).await;
    // With a receive maximum that would leave no place for any publish.
    line.write_all(&[0x20, 6, 0, 0, 3, 0x21, 0, 0]).await.unwrap();
    let lost = within(near.incoming.next()).await;
    assert!(matches!(lost, Err(Lost::Broken(_))), "{lost:?}");
}

#[tokio::test]
async fn a_message_that_comes_in_pieces_arrives_whole() {
    let (mut near, mut line) = welcomed(&[], Limits::default()).await;
    line.set_nodelay(true).unwrap();
    for byte in script::publish(Some(1), b'a') {
        line.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(within(near.incoming.next()).await.unwrap().payload, "a");
}

#[tokio::test]
async fn a_message_cut_in_the_middle_is_no_message_and_the_line_is_lost() {
    let whole = script::publish(Some(2), b'b');
    for cut in 1..whole.len() {
        let (mut near, mut line) = welcomed(&[], Limits::default()).await;
        line.write_all(&[&script::publish(Some(1), b'a'), &whole[..cut]].concat()).await.unwrap();
        line.shutdown().await.unwrap();
        assert_eq!(within(near.incoming.next()).await.unwrap().payload, "a");
        let lost = within(near.incoming.next()).await;
        assert!(matches!(lost, Err(Lost::Broken(_))), "cut after {cut}: {lost:?}");
    }
}

#[tokio::test]
async fn a_broker_that_stops_reading_ends_everyone_who_waits_for_the_window() {
    let limits = Limits { window: 4, ..Limits::default() };
    let (mut near, line) = welcomed(KEEP_ALIVE_1_S, limits).await;
    let mut pending = JoinSet::new();
    for _ in 0..40 {
        let outgoing = near.outgoing.clone();
        pending.spawn(async move { outgoing.publish(Message::new("t", vec![0; 200_000])).await });
    }
    while let Some(result) = within(pending.join_next()).await {
        assert_eq!(result.unwrap(), Err(PublishError::Lost { topic: "t".into() }));
    }
    assert!(matches!(within(near.incoming.next()).await, Err(Lost::Silent { .. } | Lost::Broken(_))));
    drop(line);
}

#[tokio::test]
async fn each_reason_to_disconnect_ends_the_connection_and_is_told() {
    for (reason, name) in [
        (0x00, "NormalDisconnection"),
        (0x80, "UnspecifiedError"),
        (0x81, "MalformedPacket"),
        (0x82, "ProtocolError"),
        (0x83, "ImplementationSpecificError"),
        (0x87, "NotAuthorized"),
        (0x89, "ServerBusy"),
        (0x8b, "ServerShuttingDown"),
        (0x8d, "KeepAliveTimeout"),
        (0x8e, "SessionTakenOver"),
        (0x93, "ReceiveMaximumExceeded"),
        (0x95, "PacketTooLarge"),
        (0x96, "MessageRateTooHigh"),
        (0x97, "QuotaExceeded"),
        (0x98, "AdministrativeAction"),
        (0x9c, "UseAnotherServer"),
        (0x9d, "ServerMoved"),
        (0x9f, "ConnectionRateExceeded"),
        (0xa0, "MaximumConnectTime"),
    ] {
        let (mut near, mut line) = welcomed(&[], Limits::default()).await;
        let publishing = publishing(&near, "a");
        within(script::packet(&mut line)).await;
        line.write_all(&[0xe0, 2, reason, 0]).await.unwrap();
        assert_eq!(within(publishing).await.unwrap(), Err(PublishError::Lost { topic: "a".into() }));
        let lost = within(near.incoming.next()).await;
        let Err(Lost::Broken(source)) = lost else { panic!("{reason:#x}: {lost:?}") };
        assert!(source.to_string().contains(name), "{reason:#x}: {source}");
    }
}

#[tokio::test]
async fn with_a_receive_maximum_of_one_each_publish_waits_for_the_last_and_none_for_what_arrives() {
    let (mut near, mut line) = welcomed(RECEIVE_MAXIMUM_1, Limits::default()).await;

    let mut pending = JoinSet::new();
    for _ in 0..20 {
        let outgoing = near.outgoing.clone();
        pending.spawn(async move { outgoing.publish(Message::new("a", "x")).await });
    }
    for round in 1..=20 {
        let (kind, publish) = within(script::packet(&mut line)).await;
        assert_eq!(kind, script::PUBLISH);
        let early = tokio::time::timeout(Duration::from_millis(5), script::packet(&mut line)).await;
        assert!(early.is_err(), "{early:?} before the acknowledgement");
        // A message comes while the only place is taken.
        line.write_all(&script::publish(Some(round), round)).await.unwrap();
        assert_eq!(within(near.incoming.next()).await.unwrap().payload[..], [round]);
        line.write_all(&puback(id(&publish), 0)).await.unwrap();
        assert_eq!(within(pending.join_next()).await.unwrap().unwrap(), Ok(()));
        assert_eq!(within(script::packet(&mut line)).await, (script::PUBACK, vec![0, round]));
    }
}
