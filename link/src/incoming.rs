//! What arrives, in order, and how the connection ended.

use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::Message;
use crate::exchange::{Arrival, Request};

/// The receiving half of a connection. While it exists and nobody takes from it, the broker holds back what is more
/// than [`Limits::receive`](crate::Limits::receive) messages; once it is dropped, what arrives is acknowledged and
/// discarded.
#[derive(Debug)]
pub struct Incoming {
    pub(crate) arrivals: mpsc::Receiver<Arrival>,
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) lost: oneshot::Receiver<Lost>,
}

/// How a connection ended.
#[derive(Debug, Error)]
pub enum Lost {
    /// The line broke, or the broker closed it.
    #[error("the connection to the broker broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The line is half open: nothing was heard for twice the keep-alive interval.
    #[error("nothing heard from the broker for {} s", after.as_secs_f32())]
    Silent {
        /// The silence allowed.
        after: Duration,
    },
    /// The broker sent so much more than it was told to that there is no room for it; see
    /// [`Limits::receive`](crate::Limits::receive).
    #[error("the broker sent {count} messages of {bytes} bytes together without waiting for acknowledgements")]
    Flooded {
        /// Messages that are not acknowledged.
        count: usize,
        /// The size of their payloads together, in bytes.
        bytes: usize,
    },
    /// [`Publisher::disconnect`](crate::Publisher::disconnect) ended it.
    #[error("disconnected on request")]
    Disconnected,
    /// It had ended before, or the runtime was shut down.
    #[error("the connection has ended")]
    Ended,
}

impl Incoming {
    /// The next message that answers no pending [`ask`](crate::Publisher::ask); waits for one. It is acknowledged to
    /// the broker when it is handed over. The same message may come twice, and an answer that came too late for its
    /// asker comes here. Safe to cancel: no message is lost.
    ///
    /// # Errors
    /// [`Lost`] once the connection has ended and all that arrived before was taken; [`Lost::Ended`] from then on.
    pub async fn next(&mut self) -> Result<Message, Lost> {
        match self.arrivals.recv().await {
            Some(Arrival { message, receipt }) => {
                if let Some(receipt) = receipt {
                    // Every unacknowledged message and every publish of the window has a place in this queue. So it
                    // is full only of requests to disconnect, and closed only after the end: no use for it then.
                    let _ = self.requests.try_send(Request::Acknowledge(receipt));
                }
                Ok(message)
            }
            // The reason is there before the arrivals end; after that, and if the task was killed, there is none.
            None => Err(self.lost.try_recv().unwrap_or(Lost::Ended)),
        }
    }
}
