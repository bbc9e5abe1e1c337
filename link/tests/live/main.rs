//! The link against a real Mosquitto, and against scripted brokers for what no real broker does on demand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broker;
mod script;

mod asking;
mod delivery;
mod flow;
mod loss;
mod security;
mod unruly;

use std::time::Duration;

use touchpoint_link::{Connection, Endpoint, Limits, Options, connect};

/// Longer than anything here takes, so that a deadlock fails a test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(30);

fn options(endpoint: Endpoint, client_id: &str, subscriptions: &[&str]) -> Options {
    Options {
        endpoint,
        tls: None,
        client_id: client_id.to_owned(),
        keep_alive: Duration::from_secs(5),
        last_will: None,
        subscriptions: subscriptions.iter().map(|&filter| filter.to_owned()).collect(),
        limits: Limits::default(),
    }
}

async fn connected(endpoint: Endpoint, client_id: &str, subscriptions: &[&str]) -> Connection {
    connect(&options(endpoint, client_id, subscriptions)).await.unwrap()
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("not done in time")
}
