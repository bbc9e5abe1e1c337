//! One MQTT connection: publish and know it arrived, subscribe, ask and be answered, notice loss.
//!
//! The broker is a wire, not a store. A [`Connection`] lives exactly as long as one network connection: on the first
//! error everything unconfirmed is reported as lost, [`Incoming`] ends, and nothing is retried. Whoever connects again
//! starts clean and sends again what its own journal says is unconfirmed; [`Backoff`] says when.
//!
//! ```text
//! Publisher --Request--> Exchange (one task) --> Wire (the MQTT client) --> broker
//! Incoming  <--Arrival--     |
//! ```
//!
//! Invariants: only `wire.rs` names the MQTT client; only the exchange task polls it, and that task never waits for
//! anybody but the network; what one connection did not finish is never carried into the next.

// What a caller says.
mod endpoint;
mod message;
mod options;
mod tls;

// What it gets.
mod connection;
mod incoming;
mod publisher;

// How it works: the task that does it, and the only file that knows the MQTT client.
mod exchange;
mod wire;

// When to try again.
mod backoff;
// What both connections and waits are told apart by.
mod random;

pub use backoff::Backoff;
pub use connection::{ConnectError, Connection, connect};
pub use endpoint::{Endpoint, EndpointError};
pub use incoming::{Incoming, Lost};
pub use message::Message;
pub use options::{Limits, Options};
pub use publisher::{AskError, PublishError, Publisher};
pub use tls::{Tls, TlsError, TlsFileError, TlsFiles};
