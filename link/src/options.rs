//! What a caller decides about a connection before there is one.

use std::time::Duration;

use crate::{Endpoint, Message, Tls};

/// Where and how to connect.
#[derive(Debug, Clone)]
pub struct Options {
    /// The broker.
    pub endpoint: Endpoint,
    /// Credentials; present exactly when the endpoint is `mqtts`.
    pub tls: Option<Tls>,
    /// The MQTT client identifier. A second connection with the same one ends the first.
    pub client_id: String,
    /// How often the line is tested, 5 s to 65,535 s, unless the broker demands another interval. Twice this without
    /// a packet from the broker is a lost connection, so the largest packet must pass the line in less than once.
    pub keep_alive: Duration,
    /// What the broker publishes if this connection ends without [`disconnect`](crate::Publisher::disconnect).
    /// Its payload is at most 65,535 bytes.
    pub last_will: Option<Message>,
    /// Topic filters to subscribe to, at QoS 1.
    pub subscriptions: Vec<String>,
    /// Bounds of the connection.
    pub limits: Limits,
}

/// The bounds of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest packet the broker may send, in bytes; announced to it. Default 320 KiB: a block of 128 KiB in base64
    /// inside a signed document is 234 KiB, and there is room for a third more.
    pub max_in: usize,
    /// Largest packet to send, in bytes; the broker may announce less. Default 256 KiB: such a signed block, or 100
    /// interactions of 2.5 KiB.
    pub max_out: usize,
    /// Publishes that may be unacknowledged at once, 1 to 1,024. Default 16: with batches of 100 this keeps a line
    /// of 500 ms round trip busy, and loses little work when it breaks.
    pub window: u16,
    /// Messages the broker may send before the first of them was taken, 1 to 1,024; announced as receive maximum.
    /// Default 16: the broker then holds the rest, which is cheaper there than here. Answers to
    /// [`ask`](crate::Publisher::ask) wait behind untaken messages, so whoever asks must not stop taking.
    ///
    /// Mosquitto 2.0 ignores the maximum once it has a backlog, so 1,024 more are tolerated as long as all untaken
    /// messages together need no more memory than this many of the largest: with the defaults 5 MiB.
    pub receive: u16,
    /// Time for the whole way to a usable connection. Default 20 s: three TCP attempts (1, 2, 4 s apart), a TLS
    /// handshake and two MQTT round trips on a poor mobile line.
    pub connect_timeout: Duration,
}

/// Untaken messages beyond the receive maximum that are tolerated. Mosquitto 2.0.11 sends up to its whole backlog:
/// after an acknowledgement in order it takes its window for empty and refills it. Its backlog is at most 1,000
/// messages by default, and the standard's answer, to end the connection, would end it again and again.
const TOLERATED: usize = 1024;

impl Limits {
    /// Received messages that may be unacknowledged at once.
    pub(crate) fn most_unacknowledged(&self) -> usize {
        usize::from(self.receive) + TOLERATED
    }

    /// The size of their payloads together, in bytes.
    pub(crate) fn most_unacknowledged_bytes(&self) -> usize {
        usize::from(self.receive).saturating_mul(self.max_in)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in: 320 * 1024,
            max_out: 256 * 1024,
            window: 16,
            receive: 16,
            connect_timeout: Duration::from_secs(20),
        }
    }
}
