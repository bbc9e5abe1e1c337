//! From options to a usable connection, or the reason why there is none.

use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;

use crate::exchange::{self, Exchange};
use crate::wire::{self, Event, Wire, WireError, WireSender};
use crate::{Endpoint, Incoming, Limits, Lost, Options, Publisher, TlsError};

/// A connection with all its subscriptions granted. Dropping both parts closes it the hard way, so that the broker
/// publishes the last will; [`Publisher::disconnect`] is the polite way.
#[derive(Debug)]
pub struct Connection {
    /// To publish and to ask.
    pub outgoing: Publisher,
    /// What arrives.
    pub incoming: Incoming,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// An option is outside what MQTT or this package allows; nothing was sent.
    #[error("{part} cannot be used for {endpoint}")]
    Invalid {
        /// The broker.
        endpoint: Endpoint,
        /// The option.
        part: &'static str,
    },
    /// The credentials cannot be used; nothing was sent.
    #[error("the credentials for {endpoint} cannot be used")]
    Tls {
        /// The broker.
        endpoint: Endpoint,
        /// Why not.
        #[source]
        source: TlsError,
    },
    /// The broker was not reached, TLS failed on either side, or the line broke before all was agreed.
    #[error("no connection to {endpoint}")]
    Unreachable {
        /// The broker.
        endpoint: Endpoint,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The broker answered, and said no.
    #[error("{endpoint} refuses the connection: {reason}")]
    Refused {
        /// The broker.
        endpoint: Endpoint,
        /// The reason code of its CONNACK, in words.
        reason: String,
    },
    /// The broker does not grant a subscription, or not at QoS 1.
    #[error("{endpoint} refuses the subscription to {filter}: {reason}")]
    Subscription {
        /// The broker.
        endpoint: Endpoint,
        /// The topic filter.
        filter: String,
        /// The reason code of its SUBACK, in words.
        reason: String,
    },
    /// [`Limits::connect_timeout`] ran out.
    #[error("no connection to {endpoint} within {} s", after.as_secs_f32())]
    TimedOut {
        /// The broker.
        endpoint: Endpoint,
        /// The time allowed.
        after: Duration,
    },
}

/// Connects with a clean start and a session that ends with the connection. Resolves once the broker has accepted the
/// connection and granted every subscription. Dropping the future gives the attempt up.
///
/// # Errors
/// Any [`ConnectError`]. Nothing is retried here; see [`Backoff`](crate::Backoff).
pub async fn connect(options: &Options) -> Result<Connection, ConnectError> {
    let after = options.limits.connect_timeout;
    match timeout(after, establish(options)).await {
        Ok(result) => result,
        Err(_) => Err(ConnectError::TimedOut { endpoint: options.endpoint.clone(), after }),
    }
}

async fn establish(options: &Options) -> Result<Connection, ConnectError> {
    check(&options.limits).map_err(|part| ConnectError::Invalid { endpoint: options.endpoint.clone(), part })?;
    let (mut wire, sender) = wire::open(options)?;
    let terms = loop {
        if let Event::Connected(terms) = next(&mut wire, options).await? {
            break terms;
        }
    };
    let (mut exchange, task_ends, connection) = exchange::assemble(&options.limits, &terms, sender.clone());
    if !options.subscriptions.is_empty() {
        subscribe(options, &mut wire, &sender, &mut exchange).await?;
    }
    tracing::debug!(endpoint = %options.endpoint, client_id = options.client_id, "connected");
    tokio::spawn(exchange.run(wire, task_ends));
    Ok(connection)
}

/// Subscribes and waits for the verdicts. Retained messages may arrive before them, so everything else goes its
/// normal way already.
async fn subscribe(
    options: &Options,
    wire: &mut Wire,
    sender: &WireSender,
    exchange: &mut Exchange,
) -> Result<(), ConnectError> {
    let endpoint = || options.endpoint.clone();
    sender
        .subscribe(&options.subscriptions)
        .map_err(|_| ConnectError::Invalid { endpoint: endpoint(), part: "a subscription" })?;
    let verdicts = loop {
        match next(wire, options).await? {
            Event::Subscribed(verdicts) => break verdicts,
            event => exchange
                .settle(event)
                .map_err(|lost| ConnectError::Unreachable { endpoint: endpoint(), source: cause(lost) })?,
        }
    };
    // A broker that forgets a verdict has not granted that subscription.
    let verdicts = verdicts.into_iter().map(Some).chain(std::iter::repeat(None));
    for (filter, verdict) in options.subscriptions.iter().zip(verdicts) {
        if let Some(reason) = verdict.map_or(Some("no answer".to_owned()), Result::err) {
            return Err(ConnectError::Subscription { endpoint: endpoint(), filter: filter.clone(), reason });
        }
    }
    Ok(())
}

async fn next(wire: &mut Wire, options: &Options) -> Result<Event, ConnectError> {
    let endpoint = || options.endpoint.clone();
    wire.next().await.map_err(|error| match error {
        WireError::Refused(reason) => ConnectError::Refused { endpoint: endpoint(), reason },
        WireError::Lost(lost) => ConnectError::Unreachable { endpoint: endpoint(), source: cause(lost) },
    })
}

/// What broke the attempt, without saying that a connection broke which there never was.
fn cause(lost: Lost) -> Box<dyn std::error::Error + Send + Sync> {
    match lost {
        Lost::Broken(source) => source,
        lost => lost.into(),
    }
}

/// Most messages in flight either way. Memory is this times the packet limit, and 16 is already plenty.
const MOST_IN_FLIGHT: u16 = 1024;

/// The longest packet MQTT knows: its length has four digits of seven bits (MQTT 5.0, section 1.5.5).
const LONGEST_PACKET: usize = 268_435_455;

fn check(limits: &Limits) -> Result<(), &'static str> {
    let in_flight = 1..=MOST_IN_FLIGHT;
    let packet = 1..=LONGEST_PACKET;
    if !in_flight.contains(&limits.window) {
        Err("the window")
    } else if !in_flight.contains(&limits.receive) {
        Err("the receive limit")
    } else if !packet.contains(&limits.max_in) || !packet.contains(&limits.max_out) {
        Err("the packet limit")
    } else {
        Ok(())
    }
}
