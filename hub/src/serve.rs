//! The line: connected, announcing heads, answering devices, and connected again when it breaks.

use crate::{answer::SIGNED, config::ReadError, office::Office, problem::chain, store::HeadName};
use ring::rand::{SecureRandom, SystemRandom};
use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    pin::{Pin, pin},
    time::{Duration, Instant},
};
use tokio::{
    select,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use touchpoint_link::{Backoff, ConnectError, Connection, Limits, Lost, Message, Options, Publisher, connect};
use touchpoint_protocol::{
    signed::seal,
    topic::{DeviceChannel, Topic},
};
use tracing::{error, info, warn};

/// How often the database is looked at for a newer head: as long as a person waits for what they just published.
const POLL: Duration = Duration::from_secs(1);

/// How often the line is tested. Head office is on a good one, and devices wait for it.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Answers on their way to the broker at once: the link's window, so that a slow broker is felt here and not in memory.
const MOST_ANSWERS: usize = 16;

/// How long a stop may take in all. A service that stops is given longer, and people who press Ctrl-C wait less.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// What devices say, and head office hears.
const CHANNELS: [DeviceChannel; 4] =
    [DeviceChannel::Presence, DeviceChannel::Hello, DeviceChannel::Interactions, DeviceChannel::Requests];

/// Why head office does not serve. A line that breaks is no reason: it is connected again.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The files of the credentials cannot be read.
    #[error("no credentials for the broker")]
    Credentials(#[source] ReadError),
    /// The settings can never give a connection.
    #[error("the line cannot be used")]
    Line(#[source] ConnectError),
}

/// Why a connection is over.
enum Over {
    Stopped,
    Lost(Lost),
}

/// What was refused since it was last written down, by reason.
type Refusals = BTreeMap<&'static str, u64>;

impl Office {
    /// Serves devices until `stop` resolves; then finishes what is in hand and disconnects, within a few seconds.
    ///
    /// # Errors
    /// The settings or credentials can never give a connection.
    pub async fn serve(&self, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
        let options = self.options()?;
        let mut stop = pin!(stop);
        let mut backoff = Backoff::default();
        loop {
            let connected = select! {
                biased;
                () = &mut stop => return Ok(()),
                connected = connect(&options) => connected,
            };
            let since = Instant::now();
            let usable = match connected {
                Ok(connection) => {
                    info!(broker = %options.endpoint, "connected");
                    match self.converse(connection, stop.as_mut()).await {
                        Over::Stopped => return Ok(()),
                        Over::Lost(lost) => warn!(error = chain(&lost), "the line is lost"),
                    }
                    since.elapsed()
                }
                Err(error @ (ConnectError::Invalid { .. } | ConnectError::Tls { .. })) => {
                    return Err(ServeError::Line(error));
                }
                Err(error) => {
                    warn!(error = chain(&error), "no line");
                    Duration::ZERO
                }
            };
            select! {
                biased;
                () = &mut stop => return Ok(()),
                () = sleep(backoff.failed(usable, random())) => {}
            }
        }
    }

    /// One connection, from its first head to its end.
    async fn converse(&self, connection: Connection, mut stop: Pin<&mut impl Future<Output = ()>>) -> Over {
        let Connection { outgoing, mut incoming } = connection;
        let mut announced = HashMap::new();
        let mut refusals = Refusals::new();
        let mut answers = JoinSet::new();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let over = loop {
            select! {
                biased;
                () = &mut stop => break Over::Stopped,
                _ = poll.tick() => {
                    self.announce(&outgoing, &mut announced, &mut answers).await;
                    self.count(&mut refusals).await;
                }
                Some(_) = answers.join_next() => {}
                message = incoming.next(), if answers.len() < MOST_ANSWERS => match message {
                    Ok(message) => {
                        if let Some(answer) = self.take(message, &mut refusals).await {
                            publish(&outgoing, answer, &mut answers);
                        }
                    }
                    Err(lost) => break Over::Lost(lost),
                },
            }
        };
        self.count(&mut refusals).await;
        if matches!(over, Over::Stopped) {
            let farewell = async {
                while answers.join_next().await.is_some() {}
                outgoing.disconnect().await;
            };
            if timeout(STOP_PATIENCE, farewell).await.is_err() {
                warn!("stopped without a farewell: the broker does not answer");
            }
        }
        over
    }

    /// What is to be answered to a message; whatever is wrong with it ends here.
    async fn take(&self, message: Message, refusals: &mut Refusals) -> Option<Message> {
        let topic = message.topic.clone();
        match self.answer(message).await {
            Ok(answer) => answer,
            Err(unanswered) => {
                match unanswered.reason() {
                    Some(reason) => {
                        *refusals.entry(reason).or_default() += 1;
                        warn!(topic, reason, error = chain(&unanswered), "refused");
                    }
                    None => {
                        error!(topic, error = chain(&unanswered), "could not be taken; the device will send it again")
                    }
                }
                None
            }
        }
    }

    /// Publishes every head that is newer than what this connection has announced.
    async fn announce(&self, outgoing: &Publisher, announced: &mut HashMap<HeadName, u64>, answers: &mut JoinSet<()>) {
        let heads = match self.store.heads().await {
            Ok(heads) => heads,
            Err(error) => return error!(error = chain(&error), "the heads cannot be read"),
        };
        for (name, newest) in heads {
            if announced.get(&name) == Some(&newest) {
                continue;
            }
            match self.head(&name).await {
                Ok(Some(message)) => {
                    info!(topic = message.topic, newest, "announced");
                    publish(outgoing, message, answers);
                    announced.insert(name, newest);
                }
                Ok(None) => {}
                Err(error) => error!(?name, newest, error = chain(&*error), "cannot be announced"),
            }
        }
    }

    /// A head, signed, to be kept by the broker.
    async fn head(&self, name: &HeadName) -> Result<Option<Message>, Box<dyn std::error::Error + Send + Sync>> {
        let tenant = &self.config.tenant;
        let sealed = match name {
            HeadName::Shard(shard) => {
                let head = self.store.shard_head(tenant, shard).await?;
                head.map(|head| seal(&head, &self.keys.signing))
                    .transpose()?
                    .map(|document| (Topic::shard_head(tenant, shard), document))
            }
            HeadName::Group(group) => {
                let head = self.store.group_head(tenant, group).await?;
                head.map(|head| seal(&head, &self.keys.signing))
                    .transpose()?
                    .map(|document| (Topic::group_campaigns(tenant, group), document))
            }
        };
        let message = |(topic, document): (Topic, String)| {
            Message::new(topic.to_string(), document).retained().with_content_type(SIGNED)
        };
        Ok(sealed.map(message))
    }

    /// Writes down what was refused.
    async fn count(&self, refusals: &mut Refusals) {
        if refusals.is_empty() {
            return;
        }
        let counts = std::mem::take(refusals).into_iter().collect();
        if let Err(error) = self.store.count_refusals(counts).await {
            error!(error = chain(&error), "refusals could not be counted");
        }
    }

    fn options(&self) -> Result<Options, ServeError> {
        let (line, tenant) = (&self.config.line, &self.config.tenant);
        let tls = line.tls.as_ref().map(|files| files.load()).transpose().map_err(ServeError::Credentials)?;
        Ok(Options {
            endpoint: line.endpoint.clone(),
            tls,
            client_id: format!("touchpoint-hub-{tenant}"),
            keep_alive: KEEP_ALIVE,
            last_will: None,
            subscriptions: CHANNELS.map(|channel| Topic::every_device(tenant, channel, None)).to_vec(),
            limits: Limits::default(),
        })
    }
}

/// Sends a message without waiting for the broker. If it does not arrive, the device asks again or hears it on its next hello.
fn publish(outgoing: &Publisher, message: Message, answers: &mut JoinSet<()>) {
    let outgoing = outgoing.clone();
    answers.spawn(async move {
        if let Err(error) = outgoing.publish(message).await {
            warn!(error = chain(&error), "not published");
        }
    });
}

/// Evenly from 0 to 1. Without randomness, 1: to wait too long is the safe mistake.
fn random() -> f64 {
    let mut bytes = [0; 4];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}
