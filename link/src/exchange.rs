//! The one task of a connection: it alone polls the wire, knows what is unacknowledged, and decides that all is lost.
//!
//! It never waits for a publisher or a taker. Every queue to and from it has room for all that permits (publishes)
//! and limits (arrivals) let exist at once, so a slow consumer slows the broker down and nobody else.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, warn};

use crate::publisher::Asks;
use crate::wire::{Delivered, Event, Receipt, Terms, Wire, WireError, WireSender};
use crate::{Connection, Incoming, Limits, Lost, Message, Publisher};

/// Places for QoS 0 messages among the arrivals. We subscribe at QoS 1 and our own programs publish at QoS 1, so
/// these are strangers: a few may wait, the rest are dropped, and none takes the place of a QoS 1 message.
const STRANGERS: usize = 4;

/// How long the broker may take to close the line after our DISCONNECT. Closing it first could destroy the packet on
/// its way (a TCP reset, if unread data waits here), and then the broker would publish the last will.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// What the two halves of a connection want from its task.
#[derive(Debug)]
pub(crate) enum Request {
    /// Publish it.
    Publish(Publish),
    /// A message was handed over: tell the broker.
    Acknowledge(Receipt),
    /// Say goodbye and end.
    Disconnect,
}

/// A publish on its way to its acknowledgement.
#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) message: Message,
    /// Where the answer goes, for a question.
    pub(crate) answer: Option<oneshot::Sender<Message>>,
    /// Where the broker's verdict goes, a refusal in words; dropped when the connection is lost.
    pub(crate) verdict: oneshot::Sender<Result<Delivered, String>>,
    /// A place in the window, held until the verdict.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// A message that waits to be taken, with the receipt that is due for it.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) message: Message,
    pub(crate) receipt: Option<Receipt>,
}

/// The task's end of the channels, until it runs.
pub(crate) struct TaskEnds {
    requests: mpsc::Receiver<Request>,
    lost: oneshot::Sender<Lost>,
}

/// What the task knows.
pub(crate) struct Exchange {
    sender: WireSender,
    /// Handed to the wire, which has not yet given it a packet id. First in, first out, as the wire works.
    queued: VecDeque<Unacknowledged>,
    /// Sent under this packet id.
    sent: HashMap<u16, Unacknowledged>,
    /// Questions without an answer, by correlation id.
    questions: HashMap<Bytes, Question>,
    arrivals: mpsc::Sender<Arrival>,
    /// QoS 1 messages received and not acknowledged yet: the size of their payloads by packet id, and together.
    unacknowledged: HashMap<u16, usize>,
    unacknowledged_bytes: usize,
    limits: Limits,
    /// QoS 0 messages dropped.
    dropped: u64,
    window: Arc<Semaphore>,
}

struct Unacknowledged {
    verdict: oneshot::Sender<Result<Delivered, String>>,
    _permit: OwnedSemaphorePermit,
}

struct Question {
    response_topic: String,
    answer: oneshot::Sender<Message>,
}

/// Wires a task and the two halves of a connection together, within our limits and the broker's terms.
pub(crate) fn assemble(limits: &Limits, terms: &Terms, sender: WireSender) -> (Exchange, TaskEnds, Connection) {
    // Below what the broker allows, if it can be: the client holds acknowledgements back while the window is full.
    let window_size = limits.window.min(terms.receive_max.saturating_sub(1)).max(1);
    let window = Arc::new(Semaphore::new(usize::from(window_size)));
    let receive = limits.most_unacknowledged();
    // The one more is for a disconnect.
    let (request, requests) = mpsc::channel(usize::from(window_size) + receive + 1);
    let (arrival, arrivals) = mpsc::channel(receive + STRANGERS);
    let (end, lost) = oneshot::channel();
    let exchange = Exchange {
        sender,
        queued: VecDeque::new(),
        sent: HashMap::new(),
        questions: HashMap::new(),
        arrivals: arrival,
        unacknowledged: HashMap::new(),
        unacknowledged_bytes: 0,
        limits: limits.clone(),
        dropped: 0,
        window: Arc::clone(&window),
    };
    let outgoing = Publisher {
        requests: request.clone(),
        window,
        window_size,
        max_packet: limits.max_out.min(terms.max_packet),
        asks: Arc::new(Asks::new()),
    };
    let incoming = Incoming { arrivals, requests: request, lost };
    (exchange, TaskEnds { requests, lost: end }, Connection { outgoing, incoming })
}

impl Exchange {
    /// Serves until the connection is lost, the broker was told goodbye, or nobody holds the other ends any more.
    pub(crate) async fn run(mut self, mut wire: Wire, ends: TaskEnds) {
        let TaskEnds { mut requests, lost } = ends;
        let Err(why) = self.serve(&mut wire, &mut requests).await;
        debug!(%why, dropped = self.dropped, "connection ended");
        if let Lost::Disconnected = why {
            let _ = timeout(CLOSE_PATIENCE, async { while wire.next().await.is_ok() {} }).await;
        }
        drop(wire);
        // Before the arrivals end with `self`, so that whoever sees their end finds the reason.
        let _ = lost.send(why);
    }

    async fn serve(&mut self, wire: &mut Wire, requests: &mut mpsc::Receiver<Request>) -> Result<Infallible, Lost> {
        let silence = wire.keep_alive() * 2;
        let mut heard = Instant::now();
        loop {
            let event = {
                // Polled to its end, never dropped half-way: the client loses packets when that happens.
                let mut event = pin!(wire.next());
                loop {
                    select! {
                        event = &mut event => break event,
                        request = requests.recv() => self.accept(request.ok_or(Lost::Ended)?)?,
                        // The client also tests the line, but not while it is stuck in a write.
                        () = sleep_until(heard + silence) => return Err(Lost::Silent { after: silence }),
                    }
                }
            };
            let event = event.map_err(|error| match error {
                WireError::Lost(lost) => lost,
                WireError::Refused(reason) => Lost::Broken(reason.into()),
            })?;
            if event.is_from_broker() {
                heard = Instant::now();
            }
            self.settle(event)?;
        }
    }

    fn accept(&mut self, request: Request) -> Result<(), Lost> {
        match request {
            Request::Publish(publish) => self.publish(publish),
            Request::Acknowledge(receipt) => self.sender.acknowledge(receipt),
            Request::Disconnect => self.sender.disconnect(),
        }
    }

    fn publish(&mut self, publish: Publish) -> Result<(), Lost> {
        let Publish { message, answer, verdict, permit } = publish;
        debug!(topic = message.topic, size = message.payload.len(), "publish");
        if let (Some(answer), Some(response_topic), Some(correlation)) =
            (answer, message.response_topic.clone(), message.correlation.clone())
        {
            // Those whose patience ran out leave here, so there are never more than may be asked at once.
            self.questions.retain(|_, question| !question.answer.is_closed());
            self.questions.insert(correlation, Question { response_topic, answer });
        }
        self.sender.publish(message)?;
        self.queued.push_back(Unacknowledged { verdict, _permit: permit });
        Ok(())
    }

    /// Draws the consequences of one event.
    pub(crate) fn settle(&mut self, event: Event) -> Result<(), Lost> {
        match event {
            Event::Sent(id) => {
                if let Some(publish) = self.queued.pop_front() {
                    self.sent.insert(id, publish);
                }
            }
            Event::Acknowledged(id, verdict) => {
                if let Some(publish) = self.sent.remove(&id) {
                    // A publisher that no longer waits for it is no error.
                    let _ = publish.verdict.send(verdict);
                }
            }
            Event::Arrived(message, receipt) => self.arrived(Arrival { message, receipt })?,
            Event::AcknowledgementSent(id) => self.acknowledged(id),
            Event::DisconnectSent => return Err(Lost::Disconnected),
            // The client would take over its terms, which may leave no place for what is in flight (MQTT 5.0, section 3.2).
            Event::Connected(_) => return Err(Lost::Broken("a second CONNACK".into())),
            Event::Subscribed(_) | Event::Heard | Event::Spoke => {}
        }
        Ok(())
    }

    fn arrived(&mut self, arrival: Arrival) -> Result<(), Lost> {
        debug!(topic = arrival.message.topic, size = arrival.message.payload.len(), "arrived");
        if let Some(Receipt(id)) = arrival.receipt {
            // An id that is used again before its receipt is the broker's mistake; it counts once.
            self.acknowledged(id);
            self.unacknowledged.insert(id, arrival.message.payload.len());
            self.unacknowledged_bytes += arrival.message.payload.len();
            let (count, bytes) = (self.unacknowledged.len(), self.unacknowledged_bytes);
            if count > self.limits.most_unacknowledged() || bytes > self.limits.most_unacknowledged_bytes() {
                return Err(Lost::Flooded { count, bytes });
            }
        }
        if let Some(answer) = self.take_question(&arrival.message) {
            let _ = answer.send(arrival.message);
            return arrival.receipt.map_or(Ok(()), |receipt| self.sender.acknowledge(receipt));
        }
        let reserved = self.limits.most_unacknowledged() - self.unacknowledged.len();
        if arrival.receipt.is_none() && self.arrivals.capacity() <= reserved && !self.arrivals.is_closed() {
            self.dropped += 1;
            warn!(topic = arrival.message.topic, dropped = self.dropped, "dropped a QoS 0 message nobody took in time");
            return Ok(());
        }
        match self.arrivals.try_send(arrival) {
            Ok(()) => Ok(()),
            // Nobody will take it. Unacknowledged, it would block the answers behind it.
            Err(mpsc::error::TrySendError::Closed(arrival)) => {
                arrival.receipt.map_or(Ok(()), |receipt| self.sender.acknowledge(receipt))
            }
            Err(mpsc::error::TrySendError::Full(_)) => {
                Err(Lost::Flooded { count: self.unacknowledged.len(), bytes: self.unacknowledged_bytes })
            }
        }
    }

    fn acknowledged(&mut self, id: u16) {
        self.unacknowledged_bytes -= self.unacknowledged.remove(&id).unwrap_or(0);
    }

    /// Who waits for this message as an answer. The topic counts too: a question that comes back to its asker,
    /// because it also subscribes there, carries the same correlation id.
    fn take_question(&mut self, message: &Message) -> Option<oneshot::Sender<Message>> {
        let correlation = message.correlation.as_ref()?;
        if self.questions.get(correlation)?.response_topic != message.topic {
            return None;
        }
        let question = self.questions.remove(correlation)?;
        // Nobody waits for it any more: then it is a message like any other.
        (!question.answer.is_closed()).then_some(question.answer)
    }
}

impl Drop for Exchange {
    /// However the task ends, publishers that wait for a place in the window learn of it.
    fn drop(&mut self) {
        self.window.close();
    }
}
