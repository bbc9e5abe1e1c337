//! The line: connected, announcing heads, answering devices, and connected again when it breaks.

use crate::{
    answer::SIGNED,
    office::Office,
    problem::chain,
    store::{Found, HeadName},
};
use data_encoding::HEXLOWER;
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
use touchpoint_link::{
    Backoff, ConnectError, Connection, Limits, Lost, Message, Options, Publisher, TlsFileError, connect,
};
use touchpoint_protocol::{
    name::{ShardId, Tenant},
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

/// What devices say and one process of head office is to answer, whichever.
const ANSWERED: [DeviceChannel; 4] =
    [DeviceChannel::Hello, DeviceChannel::Interactions, DeviceChannel::Requests, DeviceChannel::Health];

/// Why head office does not serve. A line that breaks is no reason: it is connected again.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The files of the credentials cannot be read.
    #[error("no credentials for the broker")]
    Credentials(#[source] TlsFileError),
    /// There is no name for this process.
    #[error("the system gives no random numbers")]
    Random,
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
                () = sleep(backoff.failed(usable)) => {}
            }
        }
    }

    /// One connection, from its first head to its end.
    async fn converse(&self, connection: Connection, mut stop: Pin<&mut impl Future<Output = ()>>) -> Over {
        let Connection { outgoing, mut incoming } = connection;
        let mut announced = HashMap::new();
        let mut refusals = Refusals::new();
        let mut answers = JoinSet::new();
        let mut passing = pin!(self.pass_contacts(outgoing.clone()));
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
                never = &mut passing => match never {},
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
    async fn announce(
        &self,
        outgoing: &Publisher,
        announced: &mut HashMap<HeadName, (u64, u64)>,
        answers: &mut JoinSet<()>,
    ) {
        let heads = match self.store.heads().await {
            Ok(heads) => heads,
            Err(error) => return error!(error = chain(&error), "the heads cannot be read"),
        };
        for (name, newest) in heads {
            if announced.get(&name) == Some(&newest) {
                continue;
            }
            match self.head(&name).await {
                Ok(Some(head)) => {
                    announced.insert(name.clone(), newest);
                    let (office, outgoing) = (self.clone(), outgoing.clone());
                    answers.spawn(async move {
                        // Deltas first: a device that has applied them need not ask for what the head speaks of.
                        if let HeadName::Shard(shard) = name {
                            office.pass_deltas(&shard, &outgoing).await;
                        }
                        let topic = head.topic.clone();
                        send(&outgoing, head).await;
                        info!(topic, ?newest, "announced");
                    });
                }
                Ok(None) => {}
                Err(error) => error!(?name, ?newest, error = chain(&*error), "cannot be announced"),
            }
        }
    }

    /// Publishes what changed in a shard and has not passed by yet. Whatever is lost of it, devices pull.
    async fn pass_deltas(&self, shard: &ShardId, outgoing: &Publisher) {
        let (epoch, revisions) = match self.store.claim_deltas(shard).await {
            Ok(Some(claim)) => claim,
            Ok(None) => return,
            Err(error) => return error!(%shard, error = chain(&error), "deltas cannot be read"),
        };
        let topic = Topic::shard_deltas(&self.config.tenant, shard).to_string();
        info!(topic, epoch, ?revisions, "passing on what changed");
        for from in revisions {
            let found = match self.store.delta(shard, epoch, from).await {
                Ok(found) => found,
                Err(error) => return error!(%shard, from, error = chain(&error), "a delta cannot be read"),
            };
            // Superseded by now: the next head is about another epoch.
            let Found::Here(delta) = found else { return };
            match seal(&delta, &self.keys.signing) {
                Ok(document) => {
                    send(outgoing, Message::new(topic.clone(), document).with_content_type(SIGNED)).await;
                }
                Err(error) => return error!(%shard, from, error = chain(&error), "a delta cannot be signed"),
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
        let busy = self.lookups.take_refused();
        if busy > 0 {
            *refusals.entry("busy").or_default() += busy;
        }
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
        let tls = line.tls.as_ref().map(|files| files.read()).transpose().map_err(ServeError::Credentials)?;
        // Presence goes to all of them: a shared subscription brings nothing of what the broker keeps (MQTT 5, section 4.8.2).
        let mut subscriptions = vec![Topic::every_device(tenant, DeviceChannel::Presence, None)];
        let share = self.keys.share();
        subscriptions.extend(ANSWERED.map(|channel| Topic::every_device(tenant, channel, Some(&share))));
        Ok(Options {
            endpoint: line.endpoint.clone(),
            tls,
            client_id: client_id(tenant)?,
            keep_alive: KEEP_ALIVE,
            last_will: None,
            subscriptions,
            limits: Limits::default(),
        })
    }
}

/// Sends a message without waiting for the broker. If it does not arrive, the device asks again or hears it on its next hello.
fn publish(outgoing: &Publisher, message: Message, answers: &mut JoinSet<()>) {
    let outgoing = outgoing.clone();
    answers.spawn(async move { send(&outgoing, message).await });
}

async fn send(outgoing: &Publisher, message: Message) {
    if let Err(error) = outgoing.publish(message).await {
        warn!(error = chain(&error), "not published");
    }
}

/// A name of this process's own: a broker ends a connection when another comes by the same name.
fn client_id(tenant: &Tenant) -> Result<String, ServeError> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ServeError::Random)?;
    Ok(format!("touchpoint-hub-{tenant}-{}", HEXLOWER.encode(&bytes)))
}
