//! Head office as this device sees it: documents in, typed and verified; documents out, where they belong.
//!
//! One value for one connection. [`Inbox::sort`] takes everything that arrives, verifies it and puts the newest of each kind where
//! `deliver` and `follow` look for it; it never waits for either of them, so the line never stalls behind a slow disk.

use futures_util::{StreamExt, TryStreamExt, stream};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use touchpoint_link::{
    AskError, ConnectError, Connection, Incoming, Limits, Lost, Message, Options, PublishError, Publisher, TlsFileError,
};
use touchpoint_protocol::{
    batch::Batch,
    confirmation::Confirmation,
    contacts::ContactPage,
    delta::Delta,
    digest::ContentRef,
    group::GroupHead,
    health::Health,
    hello::Hello,
    limits,
    name::{BootId, DeviceId},
    presence::Presence,
    request::{Refusal, Request, RequestError},
    shard::ShardHead,
    signed::{self, Document, OpenError, TrustedKeys},
    topic::{Channel, DeviceChannel, Topic, TopicError},
    utc::Utc,
};

mod asking;

use crate::{config::Config, domain::update::Membership, journal::JournalState, status::LineStatus};

/// How often the line is tested. Twice this without a sign of life, and the line counts as lost: within a minute, and with
/// little to pay on a metered line.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Blocks asked for at once: keeps the line busy over a round trip, and holds at most half a megabyte.
const WINDOW: usize = 4;

/// Deltas that wait for `follow` at most: it writes one in milliseconds, and pulls what it missed. Half a megabyte.
const WAITING_DELTAS: usize = 16;

/// Pages of contacts that wait at most: head office tells of a burst in a few, and what does not fit shows as a gap.
const WAITING_PAGES: usize = 16;

/// This device's name on the wire.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Which device.
    pub device: DeviceId,
    /// Whose documents it takes.
    pub membership: Membership,
    /// Which run of the machine this is.
    pub boot: BootId,
}

/// The newest heads that were announced on this connection.
#[derive(Debug, Clone, Default)]
pub struct Heads {
    /// The customers.
    pub shard: Option<Arc<ShardHead>>,
    /// The campaigns.
    pub group: Option<Arc<GroupHead>>,
}

/// What this device sends.
#[derive(Debug, Clone)]
pub struct Upstream {
    identity: Identity,
    publisher: Publisher,
    /// When the last answer came.
    heard: watch::Sender<Instant>,
}

/// What this device receives.
#[derive(Debug)]
pub struct Inbox {
    identity: Identity,
    incoming: Incoming,
}

/// Where what was received is put.
#[derive(Debug)]
pub struct Trays<'a> {
    /// The newest heads.
    pub heads: &'a watch::Sender<Heads>,
    /// Deltas in the order in which they passed by. What does not fit is dropped: a head tells what was missed.
    pub deltas: &'a mpsc::Sender<Delta>,
    /// Pages of contacts in the order in which they passed by. What does not fit is dropped: the next one shows the gap.
    pub contacts: &'a mpsc::Sender<ContactPage>,
    /// The highest sequence number that is safe at head office.
    pub confirmed: &'a watch::Sender<u64>,
    /// What was refused.
    pub status: &'a watch::Sender<LineStatus>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The certificates cannot be read.
    #[error("no certificates")]
    Certificates(#[source] TlsFileError),
    /// The broker cannot be reached, or does not want this device.
    #[error("cannot connect")]
    Connect(#[source] ConnectError),
    /// A document could not be sent.
    #[error("cannot send to head office")]
    Publish(#[source] PublishError),
}

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer.
    #[error("{what}")]
    Ask {
        /// What was asked for.
        what: String,
        /// Why there is none.
        #[source]
        source: AskError,
    },
    /// The answer is none.
    #[error("{what}")]
    Reply {
        /// What was asked for.
        what: String,
        /// What is wrong with the answer.
        #[source]
        source: RequestError,
    },
    /// Head office does not give it.
    #[error("head office does not give {what}: {refusal:?}")]
    Refused {
        /// What was asked for.
        what: String,
        /// Why not.
        refusal: Refusal,
    },
    /// It is not signed as it should be.
    #[error("{what}")]
    Document {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        #[source]
        source: OpenError,
    },
    /// What came is not what was asked or signed for.
    #[error("{what} is not what head office signed for")]
    Digest {
        /// What was asked for.
        what: String,
    },
    /// Head office said it a day or more ago, or will.
    #[error("{what} as head office said at {said}")]
    Expired {
        /// What was asked for.
        what: String,
        /// When it was said.
        said: Utc,
    },
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwelcome {
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error("{0}: not a topic this device listens to")]
    Channel(Topic),
    #[error("{topic}")]
    Document {
        topic: Topic,
        #[source]
        source: OpenError,
    },
    #[error("{topic}: it is {offered}, older than {known}")]
    Old { topic: Topic, offered: u64, known: u64 },
    #[error("{topic}: the document is for {for_whom}")]
    Addressee { topic: Topic, for_whom: String },
}

/// A tray for deltas, and where `follow` takes them from.
pub fn delta_tray() -> (mpsc::Sender<Delta>, mpsc::Receiver<Delta>) {
    mpsc::channel(WAITING_DELTAS)
}

/// A tray for pages of contacts, and where they are taken from.
pub fn contact_tray() -> (mpsc::Sender<ContactPage>, mpsc::Receiver<ContactPage>) {
    mpsc::channel(WAITING_PAGES)
}

/// Connects, announces that this device is there, and leaves the opposite behind as its last will.
///
/// # Errors
/// The broker cannot be reached, or does not want this device.
pub async fn connect(config: &Config, identity: &Identity) -> Result<(Upstream, Inbox), UpstreamError> {
    let Membership { tenant, shard, group } = &identity.membership;
    let inbox = Topic::device(tenant, &identity.device, DeviceChannel::Inbox);
    let options = Options {
        endpoint: config.broker.clone(),
        tls: config.tls.as_ref().map(|files| files.read()).transpose().map_err(UpstreamError::Certificates)?,
        client_id: identity.device.to_string(),
        keep_alive: KEEP_ALIVE,
        last_will: Some(presence(identity, false)),
        subscriptions: vec![
            inbox.to_string(),
            Topic::shard_head(tenant, shard).to_string(),
            Topic::shard_deltas(tenant, shard).to_string(),
            Topic::shard_contacts(tenant, shard).to_string(),
            Topic::group_campaigns(tenant, group).to_string(),
        ],
        limits: Limits { max_in: limits::PACKET_IN, max_out: limits::PACKET_OUT, ..Limits::default() },
    };
    let Connection { outgoing: publisher, incoming } =
        touchpoint_link::connect(&options).await.map_err(UpstreamError::Connect)?;
    publisher.publish(presence(identity, true)).await.map_err(UpstreamError::Publish)?;
    let upstream = Upstream { identity: identity.clone(), publisher, heard: watch::Sender::new(Instant::now()) };
    Ok((upstream, Inbox { identity: identity.clone(), incoming }))
}

impl Upstream {
    /// Says what this device holds.
    ///
    /// # Errors
    /// The line was lost, or the broker refused.
    pub async fn hello(&self, hello: &Hello) -> Result<(), PublishError> {
        self.publisher.publish(Message::new(self.topic(DeviceChannel::Hello), hello.encode())).await
    }

    /// Says how this device is.
    ///
    /// # Errors
    /// The line was lost, or the broker refused.
    pub async fn health(&self, health: &Health) -> Result<(), PublishError> {
        self.publisher.publish(Message::new(self.topic(DeviceChannel::Health), health.encode())).await
    }

    /// Sends interactions. That the broker has them says nothing yet: head office confirms.
    ///
    /// # Errors
    /// The line was lost, or the broker refused.
    pub async fn deliver(&self, batch: &Batch) -> Result<(), PublishError> {
        let payload = batch.encode(&self.identity.membership.tenant, &self.identity.device);
        let message = Message::new(self.topic(DeviceChannel::Interactions), payload);
        self.publisher.publish(message.with_content_type(Batch::CONTENT_TYPE)).await
    }

    /// The blocks of a snapshot from `first` on, in their order, each checked against the signed head.
    pub fn blocks(
        &self,
        head: &ShardHead,
        first: u32,
    ) -> impl futures_util::Stream<Item = Result<(u32, Vec<u8>), FetchError>> {
        let asked = (0..).zip(head.blocks.clone()).skip(first as usize);
        stream::iter(asked.map(|(block, signed)| {
            let request = Request::Rows { shard: head.shard.clone(), epoch: head.epoch, block };
            let what = format!("block {block} of epoch {} of shard {}", head.epoch, head.shard);
            let upstream = self.clone();
            async move {
                let bytes = upstream.ask(request, &what).await?;
                let genuine = touchpoint_protocol::digest::Digest::of(&bytes) == signed.sha256;
                if genuine { Ok((block, bytes)) } else { Err(FetchError::Digest { what }) }
            }
        }))
        .buffered(WINDOW)
    }

    /// The delta that leads on from a revision of a head's epoch.
    ///
    /// # Errors
    /// It could not be fetched, or is another than was asked for.
    pub async fn delta(&self, head: &ShardHead, from: u64, keys: &TrustedKeys) -> Result<Delta, FetchError> {
        let ShardHead { tenant, shard, epoch, .. } = head;
        let what = format!("the delta from revision {from} of epoch {epoch} of shard {shard}");
        let request = Request::Delta { shard: shard.clone(), epoch: *epoch, from };
        let bytes = self.ask(request, &what).await?;
        match signed::open::<Delta>(&bytes, keys) {
            Ok(delta) if (&delta.tenant, &delta.shard, delta.epoch, delta.from) == (tenant, shard, *epoch, from) => {
                Ok(delta)
            }
            Ok(_) => Err(FetchError::Digest { what }),
            Err(source) => Err(FetchError::Document { what, source }),
        }
    }

    /// What follows a position of the contact log of this device's shard.
    ///
    /// # Errors
    /// It could not be fetched, or is another page than was asked for.
    pub async fn contacts(&self, after: u64, keys: &TrustedKeys) -> Result<ContactPage, FetchError> {
        let Membership { tenant, shard, .. } = &self.identity.membership;
        let what = format!("contacts after {after} of shard {shard}");
        let bytes = self.ask(Request::Contacts { shard: shard.clone(), from: after }, &what).await?;
        match signed::open::<ContactPage>(&bytes, keys) {
            Ok(page) if (&page.tenant, &page.shard, page.from) == (tenant, shard, after) => Ok(page),
            Ok(_) => Err(FetchError::Digest { what }),
            Err(source) => Err(FetchError::Document { what, source }),
        }
    }

    /// A bundle or a medium, checked against the signed head.
    ///
    /// # Errors
    /// It could not be fetched, or is not what was signed for.
    pub async fn content(&self, content: ContentRef) -> Result<Vec<u8>, FetchError> {
        let what = |block| format!("block {block} of content {}", content.sha256);
        let blocks = stream::iter((0..content.blocks()).map(|block| {
            let request = Request::Content { sha256: content.sha256, block };
            async move { self.ask(request, &what(block)).await }
        }));
        let bytes = blocks.buffered(WINDOW).try_concat().await?;
        match content.matches(&bytes) {
            true => Ok(bytes),
            false => Err(FetchError::Digest { what: format!("content {}", content.sha256) }),
        }
    }

    /// Says goodbye, so that the last will stays unsaid.
    pub async fn hang_up(self) {
        if let Err(error) = self.publisher.publish(presence(&self.identity, false)).await {
            tracing::debug!(%error, "no goodbye");
        }
        self.publisher.disconnect().await;
    }

    /// This device's name on the wire.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    fn topic(&self, channel: DeviceChannel) -> String {
        Topic::device(&self.identity.membership.tenant, &self.identity.device, channel).to_string()
    }
}

impl Inbox {
    /// Sorts everything that arrives until the line is lost. What is unwelcome is counted, named and dropped; the rest goes on.
    pub async fn sort(mut self, keys: &TrustedKeys, journal: &watch::Receiver<JournalState>, trays: Trays<'_>) -> Lost {
        loop {
            let message = match self.incoming.next().await {
                Ok(message) => message,
                Err(lost) => return lost,
            };
            if let Err(error) = self.take(&message, keys, journal, &trays) {
                let text = crate::chain(&error);
                tracing::warn!(error = text, bytes = message.payload.len(), "refused a message");
                trays.status.send_modify(|status| status.refuse(error.reason(), &text));
            }
        }
    }

    fn take(
        &self,
        message: &Message,
        keys: &TrustedKeys,
        journal: &watch::Receiver<JournalState>,
        trays: &Trays<'_>,
    ) -> Result<(), Unwelcome> {
        let topic = Topic::parse(&message.topic)?;
        match &topic.channel {
            Channel::ShardHead(_) => {
                let head: ShardHead = open(&topic, message, keys)?;
                if let Some(known) = newer(&trays.heads.borrow().shard, |known| known.is_newer_than(&head)) {
                    let (offered, known) = if head.epoch < known.epoch {
                        (head.epoch, known.epoch)
                    } else {
                        (head.revision, known.revision)
                    };
                    return Err(Unwelcome::Old { topic, offered, known });
                }
                trays.heads.send_if_modified(|heads| replace_if(&mut heads.shard, head, ShardHead::is_newer_than));
            }
            Channel::ShardDeltas(_) => {
                // A full tray: the head that comes after it tells `follow` what to pull.
                if trays.deltas.try_send(open(&topic, message, keys)?).is_err() {
                    tracing::debug!("a delta passed by");
                }
            }
            Channel::ShardContacts(_) => {
                if trays.contacts.try_send(open(&topic, message, keys)?).is_err() {
                    tracing::debug!("contacts passed by");
                }
            }
            Channel::GroupCampaigns(_) => {
                let head: GroupHead = open(&topic, message, keys)?;
                if let Some(known) = newer(&trays.heads.borrow().group, |known| known.revision > head.revision) {
                    return Err(Unwelcome::Old { topic, offered: head.revision, known: known.revision });
                }
                trays.heads.send_if_modified(|heads| {
                    replace_if(&mut heads.group, head, |new, held| new.revision > held.revision)
                });
            }
            Channel::Device(device, DeviceChannel::Inbox) if *device == self.identity.device => {
                if message.correlation.is_some() {
                    // Only answers have that: one that was there already, or came too late.
                    tracing::debug!("an answer that nobody waits for");
                    return Ok(());
                }
                let confirmation: Confirmation = open(&topic, message, keys)?;
                let Confirmation { tenant, device, journal: of, through } = confirmation;
                let id = journal.borrow().id.clone();
                if (&tenant, &device, &of) != (&self.identity.membership.tenant, &self.identity.device, &id) {
                    let for_whom = format!("journal {of} of device {device} of {tenant}");
                    return Err(Unwelcome::Addressee { topic, for_whom });
                }
                trays.confirmed.send_if_modified(|confirmed| {
                    let more = through > *confirmed;
                    *confirmed = through.max(*confirmed);
                    more
                });
            }
            Channel::Device(..) => return Err(Unwelcome::Channel(topic)),
        }
        Ok(())
    }
}

fn open<D: Document>(topic: &Topic, message: &Message, keys: &TrustedKeys) -> Result<D, Unwelcome> {
    signed::open(&message.payload, keys).map_err(|source| Unwelcome::Document { topic: topic.clone(), source })
}

/// What is known, if it is newer than what came.
fn newer<T>(known: &Option<Arc<T>>, is_newer: impl FnOnce(&T) -> bool) -> Option<Arc<T>> {
    known.clone().filter(|known| is_newer(known))
}

/// An older head that comes after a newer one never takes its place.
fn replace_if<T>(held: &mut Option<Arc<T>>, new: T, newer: impl FnOnce(&T, &T) -> bool) -> bool {
    let take = held.as_ref().is_none_or(|held| newer(&new, held));
    if take {
        *held = Some(Arc::new(new));
    }
    take
}

fn presence(identity: &Identity, online: bool) -> Message {
    let presence = Presence { online, version: env!("CARGO_PKG_VERSION").to_owned(), boot: identity.boot.clone() };
    let topic = Topic::device(&identity.membership.tenant, &identity.device, DeviceChannel::Presence);
    Message::new(topic.to_string(), presence.encode()).retained()
}
