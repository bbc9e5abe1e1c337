//! Publish and know that it arrived; ask and be answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::exchange::{Publish, Request};
use crate::wire::Delivered;
use crate::{Message, random, wire};

/// Asks that may wait for their answer at once. Four times the publish window: nobody pulls more blocks in parallel.
const MOST_ASKS: usize = 64;

/// How long [`Publisher::disconnect`] waits in all. A service that stops has 90 s under systemd by default, and this
/// is not its only work.
const DISCONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// The sending half of a connection. Clones share one connection and one window.
#[derive(Debug, Clone)]
pub struct Publisher {
    pub(crate) requests: mpsc::Sender<Request>,
    /// One permit for each publish that may be unacknowledged; closed when the connection ends.
    pub(crate) window: Arc<Semaphore>,
    /// Permits of a window in which nothing is unacknowledged.
    pub(crate) window_size: u16,
    /// Largest packet that we want to send and the broker wants to have, in bytes.
    pub(crate) max_packet: usize,
    pub(crate) asks: Arc<Asks>,
}

/// What all clones of a publisher share to ask.
#[derive(Debug)]
pub(crate) struct Asks {
    /// Different for each connection, so that an answer to a former one is never taken for an answer to this one.
    connection: u64,
    count: AtomicU64,
    permits: Semaphore,
}

/// Why a publish is not known to have arrived.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishError {
    /// A part of the message is not allowed in MQTT; nothing was sent.
    #[error("cannot publish to {topic:?}: malformed {part}")]
    Malformed {
        /// Where to.
        topic: String,
        /// The part.
        part: &'static str,
    },
    /// Too large for our own limit or the broker's; nothing was sent.
    #[error("cannot publish to {topic}: {size} bytes, at most {limit} allowed")]
    TooLarge {
        /// Where to.
        topic: String,
        /// The size of the whole packet, in bytes.
        size: usize,
        /// The smaller of the two limits, in bytes.
        limit: usize,
    },
    /// The broker got it and does not want it.
    #[error("the broker refuses a publish to {topic}: {reason}")]
    Refused {
        /// Where to.
        topic: String,
        /// The reason code of its PUBACK, in words.
        reason: String,
    },
    /// The connection ended before the acknowledgement. The broker may have it or not.
    #[error("connection lost before a publish to {topic} was acknowledged")]
    Lost {
        /// Where to.
        topic: String,
    },
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AskError {
    /// The message says not where it wants its answer; nothing was sent.
    #[error("a question to {topic} has no response topic")]
    NoResponseTopic {
        /// Where to.
        topic: String,
    },
    /// The question itself could not be delivered to the broker.
    #[error("a question could not be asked")]
    Publish(#[from] PublishError),
    /// Nobody has subscribed to the topic, so no answer will come: not worth waiting for.
    #[error("nobody listens to a question to {topic}")]
    NobodyListens {
        /// Where to.
        topic: String,
    },
    /// The time is over. Whoever answers may still do so.
    #[error("no answer to a question to {topic} within {} s", patience.as_secs_f32())]
    NoAnswer {
        /// Where to.
        topic: String,
        /// The time allowed.
        patience: Duration,
    },
    /// The connection ended before the answer came.
    #[error("connection lost before a question to {topic} was answered")]
    Lost {
        /// Where to.
        topic: String,
    },
}

impl Publisher {
    /// Publishes at QoS 1 and resolves when the broker has acknowledged it, subscribers or not. Waits for a place in
    /// the window. If the future is dropped after that, the message is sent all the same.
    ///
    /// # Errors
    /// Any [`PublishError`]; each names the topic.
    pub async fn publish(&self, message: Message) -> Result<(), PublishError> {
        self.send(message, None).await.map(drop)
    }

    /// Publishes with a fresh correlation id, and waits for the message on its response topic that carries the same.
    /// The response topic must be among the subscriptions. `patience` counts from the call.
    ///
    /// The broker sends answers in line with everything else: if [`Limits::receive`](crate::Limits::receive) messages
    /// wait to be taken, the answer waits behind them. So do not stop taking from
    /// [`Incoming`](crate::Incoming) while asking.
    ///
    /// # Errors
    /// Any [`AskError`]; each names the topic.
    pub async fn ask(&self, message: Message, patience: Duration) -> Result<Message, AskError> {
        let topic = message.topic.clone();
        match timeout(patience, self.question(message)).await {
            Ok(result) => result,
            Err(_) => Err(AskError::NoAnswer { topic, patience }),
        }
    }

    /// Ends the connection politely, for all clones: waits until what was published is acknowledged, then tells the
    /// broker, which so publishes no last will. Takes at most five seconds; if that is not enough, the connection
    /// ends without the message when [`Incoming`](crate::Incoming) and all clones are dropped.
    pub async fn disconnect(self) {
        let farewell = async {
            // All permits: nothing is in flight, and nothing new can be while this holds them.
            let Ok(_whole) = self.window.acquire_many(u32::from(self.window_size)).await else { return };
            if self.requests.send(Request::Disconnect).await.is_ok() {
                self.requests.closed().await;
            }
        };
        if timeout(DISCONNECT_PATIENCE, farewell).await.is_err() {
            tracing::debug!("no clean disconnect in time");
        }
    }

    async fn question(&self, mut message: Message) -> Result<Message, AskError> {
        let topic = message.topic.clone();
        if message.response_topic.is_none() {
            return Err(AskError::NoResponseTopic { topic });
        }
        let Ok(_place) = self.asks.permits.acquire().await else { return Err(AskError::Lost { topic }) };
        message.correlation = Some(self.asks.correlation());
        let (answer, answered) = oneshot::channel();
        if let Delivered::NobodyListens = self.send(message, Some(answer)).await? {
            return Err(AskError::NobodyListens { topic });
        }
        answered.await.map_err(|_| AskError::Lost { topic })
    }

    async fn send(
        &self,
        message: Message,
        answer: Option<oneshot::Sender<Message>>,
    ) -> Result<Delivered, PublishError> {
        let topic = message.topic.clone();
        if let Err(part) = message.check() {
            return Err(PublishError::Malformed { topic, part });
        }
        let (size, limit) = (wire::packet_size(&message), self.max_packet);
        if size > limit {
            return Err(PublishError::TooLarge { topic, size, limit });
        }
        let Ok(permit) = Arc::clone(&self.window).acquire_owned().await else {
            return Err(PublishError::Lost { topic });
        };
        let (verdict, acknowledged) = oneshot::channel();
        let publish = Publish { message, answer, verdict, permit };
        if self.requests.send(Request::Publish(publish)).await.is_err() {
            return Err(PublishError::Lost { topic });
        }
        match acknowledged.await {
            Ok(Ok(delivered)) => Ok(delivered),
            Ok(Err(reason)) => Err(PublishError::Refused { topic, reason }),
            Err(_) => Err(PublishError::Lost { topic }),
        }
    }
}

impl Asks {
    pub(crate) fn new() -> Self {
        Self { connection: random::number(), count: AtomicU64::new(0), permits: Semaphore::new(MOST_ASKS) }
    }

    fn correlation(&self) -> Bytes {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        Bytes::copy_from_slice(&[self.connection.to_be_bytes(), count.to_be_bytes()].concat())
    }
}
