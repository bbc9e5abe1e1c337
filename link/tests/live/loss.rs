//! However a connection ends, both halves learn of it, and soon.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use touchpoint_link::{AskError, ConnectError, Limits, Lost, Message, Options, PublishError, connect};

use crate::broker::{Broker, free_port};
use crate::script::{self, Script};
use crate::{PATIENCE, connected, options, within};

/// CONNACK property "server keep alive", 1 s: shorter than a client may choose, so that tests need not wait for long.
const KEEP_ALIVE_1_S: &[u8] = &[0x13, 0, 1];

#[tokio::test]
async fn a_killed_broker_resolves_what_is_pending_as_lost_and_ends_what_arrives() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(&[]));
    let mut near = connected(endpoint, "near", &["t"]).await;
    let line = broker.await.unwrap();
    // More than the window: some are sent and unacknowledged, some still wait for a place.
    let mut pending = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let outgoing = near.outgoing.clone();
        pending.spawn(async move { outgoing.publish(Message::new("t", "x")).await });
    }
    let asking = near.outgoing.clone();
    let asking =
        tokio::spawn(async move { asking.ask(Message::new("t", "x").with_response_topic("t"), PATIENCE).await });
    // The first publish is on the line, so the others are pending.
    line.readable().await.unwrap();

    drop(line);

    while let Some(result) = within(pending.join_next()).await {
        assert_eq!(result.unwrap(), Err(PublishError::Lost { topic: "t".into() }));
    }
    assert!(matches!(asking.await.unwrap(), Err(AskError::Lost { .. } | AskError::Publish(_))));
    assert!(matches!(within(near.incoming.next()).await, Err(Lost::Broken(_))));
    assert!(matches!(within(near.incoming.next()).await, Err(Lost::Ended)));
}

#[tokio::test]
async fn an_acknowledgement_that_came_before_the_end_of_the_line_counts() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(&[]));
    let near = connected(endpoint, "near", &["t"]).await;
    let mut line = broker.await.unwrap();
    let publishing = tokio::spawn(async move { near.outgoing.publish(Message::new("t", "x")).await });
    let (_, publish) = within(script::packet(&mut line)).await;
    // After the topic `t` and its length.
    line.write_all(&[0x40, 2, publish[3], publish[4]]).await.unwrap();
    line.shutdown().await.unwrap();
    assert_eq!(within(publishing).await.unwrap(), Ok(()));
}

#[tokio::test]
async fn kill_9_of_the_broker_ends_the_connection() {
    let mut broker = Broker::open().await;
    let mut near = connected(broker.endpoint(), "near", &["t"]).await;
    let outgoing = near.outgoing.clone();
    let publishing = tokio::spawn(async move {
        loop {
            if let Err(error) = outgoing.publish(Message::new("t", "x")).await {
                break error;
            }
        }
    });
    within(near.incoming.next()).await.unwrap();

    broker.kill();

    assert_eq!(within(publishing).await.unwrap(), PublishError::Lost { topic: "t".into() });
    let lost = within(async {
        loop {
            if let Err(lost) = near.incoming.next().await {
                break lost;
            }
        }
    });
    assert!(matches!(lost.await, Lost::Broken(_)));
    let after = near.outgoing.publish(Message::new("t", "x")).await;
    assert_eq!(after, Err(PublishError::Lost { topic: "t".into() }));
}

#[tokio::test]
async fn a_second_connection_with_the_same_client_id_ends_the_first() {
    let broker = Broker::open().await;
    let mut first = connected(broker.endpoint(), "same", &[]).await;
    let _second = connected(broker.endpoint(), "same", &[]).await;
    assert!(matches!(within(first.incoming.next()).await, Err(Lost::Broken(_))));
}

#[tokio::test]
async fn a_disconnect_ends_both_halves() {
    let broker = Broker::open().await;
    let mut near = connected(broker.endpoint(), "near", &[]).await;
    let other = near.outgoing.clone();
    within(near.outgoing.disconnect()).await;
    assert!(matches!(within(near.incoming.next()).await, Err(Lost::Disconnected)));
    assert!(matches!(within(other.publish(Message::new("t", "x"))).await, Err(PublishError::Lost { .. })));
}

#[tokio::test]
async fn a_closed_port_is_an_error_that_names_the_endpoint() {
    let endpoint = format!("mqtt://127.0.0.1:{}", free_port());
    let error = connect(&options(endpoint.parse().unwrap(), "near", &[])).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }));
    assert!(error.to_string().contains(&endpoint), "{error}");
}

#[tokio::test]
async fn a_broker_that_accepts_and_says_nothing_runs_into_the_time_limit() {
    let (_script, endpoint) = Script::listen().await;
    let limits = Limits { connect_timeout: Duration::from_millis(200), ..Limits::default() };
    let error = within(connect(&Options { limits, ..options(endpoint, "near", &[]) })).await.unwrap_err();
    assert!(matches!(error, ConnectError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_half_open_line_is_noticed_within_two_keep_alives() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(KEEP_ALIVE_1_S));
    let mut near = connected(endpoint, "near", &["t"]).await;
    let _line = broker.await.unwrap();
    let began = Instant::now();

    let lost = within(near.incoming.next()).await;

    assert!(matches!(lost, Err(Lost::Silent { after }) if after == Duration::from_secs(2)), "{lost:?}");
    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_line_that_takes_no_more_bytes_is_noticed_in_the_middle_of_a_write() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(KEEP_ALIVE_1_S));
    // More than the kernel buffers at both ends.
    let limits = Limits { max_out: 64 << 20, ..Limits::default() };
    let mut near = connect(&Options { limits, ..options(endpoint, "near", &["t"]) }).await.unwrap();
    let _line = broker.await.unwrap();
    let began = Instant::now();

    let result = within(near.outgoing.publish(Message::new("t", vec![0; 60 << 20]))).await;

    assert_eq!(result, Err(PublishError::Lost { topic: "t".into() }));
    assert!(matches!(within(near.incoming.next()).await, Err(Lost::Silent { .. })));
    assert!(began.elapsed() < Duration::from_millis(3000), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_broker_that_needs_no_keep_alive_is_still_tested_at_our_own_interval() {
    let (script, endpoint) = Script::listen().await;
    let broker = tokio::spawn(script.welcome(&[0x13, 0, 0]));
    let mut near = connected(endpoint, "near", &["t"]).await;
    let _line = broker.await.unwrap();
    let soon = tokio::time::timeout(Duration::from_millis(500), near.incoming.next()).await;
    assert!(soon.is_err(), "lost at once: {soon:?}");
}

#[tokio::test]
async fn a_keep_alive_out_of_range_is_an_error_and_no_panic() {
    for seconds in [0, 4, 65_536] {
        let keep_alive = Duration::from_secs(seconds);
        let options = options("mqtt://127.0.0.1:1883".parse().unwrap(), "near", &[]);
        let error = connect(&Options { keep_alive, ..options }).await.unwrap_err();
        assert!(matches!(error, ConnectError::Invalid { part: "the keep-alive interval", .. }), "{error}");
    }
}
