//! One message from the line, and what head office does about it: commits it, answers it, or says why it takes no notice.

use crate::{
    office::{Office, now},
    store::{Enrolment, Found, Standing},
};
use std::time::Instant;
use touchpoint_link::Message;
use touchpoint_protocol::{
    batch::{Batch, BatchError},
    block::PackError,
    confirmation::Confirmation,
    health::HealthError,
    hello::{Hello, HelloError},
    name::{DeviceId, JournalId},
    presence::{Presence, PresenceError},
    request::{Refusal, Reply, Request},
    signed::{SealError, seal},
    topic::{Channel, DeviceChannel, Topic, TopicError},
};
use tracing::{debug, info, warn};

/// The content type of a signed document (RFC 7515, section 9.2.1: the compact form).
pub(crate) const SIGNED: &str = "application/jose";

/// Why a message had no effect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("not a topic of ours")]
    Topic(#[source] TopicError),
    #[error("not a topic that devices publish to")]
    Direction,
    #[error("another tenant's")]
    Tenant,
    #[error("the device is not enrolled")]
    NotEnrolled,
    #[error("not a presence")]
    Presence(#[source] PresenceError),
    #[error("not a hello")]
    Hello(#[source] HelloError),
    #[error("not a device's health")]
    Health(#[source] HealthError),
    #[error("not a batch of this device")]
    Batch(#[source] BatchError),
    #[error("journal {0} belongs to another device: was a disk copied?")]
    ForeignJournal(JournalId),
    #[error("the request wants its answer somewhere else than in the device's inbox")]
    ResponseTopic,
    #[error("the database failed")]
    Store(#[source] touchpoint_vault::Error),
    #[error("the document could not be signed")]
    Seal(#[source] SealError),
    #[error("contacts could not be packed")]
    Pack(#[source] PackError),
}

impl Unanswered {
    /// The word under which it is counted; `None` for what is head office's own trouble and no refusal.
    pub(crate) fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Unanswered::Topic(_) | Unanswered::Direction => "topic",
            Unanswered::Tenant => "tenant",
            Unanswered::NotEnrolled => "not_enrolled",
            Unanswered::Presence(_) => "malformed_presence",
            Unanswered::Hello(_) => "malformed_hello",
            Unanswered::Health(_) => "malformed_health",
            Unanswered::Batch(_) => "malformed_batch",
            Unanswered::ForeignJournal(_) => "foreign_journal",
            Unanswered::ResponseTopic => "response_topic",
            Unanswered::Store(_) | Unanswered::Seal(_) | Unanswered::Pack(_) => return None,
        })
    }
}

impl Office {
    /// Does what a message asks for, and returns what is to be published about it.
    pub(crate) async fn answer(&self, message: Message) -> Result<Option<Message>, Unanswered> {
        let topic = Topic::parse(&message.topic).map_err(Unanswered::Topic)?;
        if topic.tenant != self.config.tenant {
            return Err(Unanswered::Tenant);
        }
        let Channel::Device(device, channel) = topic.channel else { return Err(Unanswered::Direction) };
        let enrolment = self.store.enrolment(&device).await.map_err(Unanswered::Store)?;
        let enrolment = enrolment.ok_or(Unanswered::NotEnrolled)?;
        match channel {
            DeviceChannel::Presence => self.presence(&device, &message).await,
            DeviceChannel::Hello => self.hello(&device, &enrolment, &message).await.map(Some),
            DeviceChannel::Interactions => self.interactions_of(&device, &message).await.map(Some),
            DeviceChannel::Requests => self.request(&device, &enrolment, &message).await.map(Some),
            DeviceChannel::Health => self.health(&device, &message).await,
            DeviceChannel::Inbox => Err(Unanswered::Direction),
        }
    }

    async fn presence(&self, device: &DeviceId, message: &Message) -> Result<Option<Message>, Unanswered> {
        let presence = Presence::decode(&message.payload).map_err(Unanswered::Presence)?;
        info!(%device, online = presence.online, version = presence.version, "presence");
        self.store.record_presence(device, presence, now()).await.map_err(Unanswered::Store)?;
        Ok(None)
    }

    async fn hello(&self, device: &DeviceId, at: &Enrolment, message: &Message) -> Result<Message, Unanswered> {
        let hello = Hello::decode(&message.payload).map_err(Unanswered::Hello)?;
        if hello.group != at.group || hello.shard != at.shard {
            let Enrolment { group, shard } = at;
            warn!(%device, %group, %shard, says = %hello.group, and = %hello.shard, "says it belongs elsewhere");
        }
        let through = self.store.through(device, &hello.journal).await.map_err(Unanswered::Store)?;
        let Standing::Own(through) = through else { return Err(Unanswered::ForeignJournal(hello.journal)) };
        if hello.confirmed > through {
            // Only a database brought back from a backup knows less than it once confirmed.
            warn!(%device, journal = %hello.journal, confirmed = hello.confirmed, through, "was confirmed more than is here");
        }
        let Hello { epoch, revision, contacts, campaigns, recorded, .. } = hello;
        debug!(%device, epoch, revision, contacts, campaigns, recorded, through, "hello");
        self.confirmation(device, hello.journal, through)
    }

    async fn interactions_of(&self, device: &DeviceId, message: &Message) -> Result<Message, Unanswered> {
        let batch = Batch::decode(&message.payload, &self.config.tenant, device).map_err(Unanswered::Batch)?;
        let journal = batch.journal.clone();
        let ingested = self.store.ingest(device, batch, now()).await.map_err(Unanswered::Store)?;
        let Standing::Own(ingested) = ingested else { return Err(Unanswered::ForeignJournal(journal)) };
        if ingested.contradicted > 0 {
            warn!(%device, %journal, facts = ingested.contradicted, "says something else than before; the first word stays");
        }
        if ingested.contacts {
            self.grown.notify_one();
        }
        debug!(%device, %journal, new = ingested.new, repeated = ingested.repeated, through = ingested.through, "batch");
        self.confirmation(device, journal, ingested.through)
    }

    async fn request(&self, device: &DeviceId, at: &Enrolment, message: &Message) -> Result<Message, Unanswered> {
        let inbox = Topic::device(&self.config.tenant, device, DeviceChannel::Inbox).to_string();
        if message.response_topic.as_ref() != Some(&inbox) {
            // Otherwise a device could have head office speak to any other.
            return Err(Unanswered::ResponseTopic);
        }
        let reply = self.reply(device, at, message).await;
        let (content_type, payload) = reply.encode();
        let answer = message.answer(payload).ok_or(Unanswered::ResponseTopic)?;
        Ok(answer.with_content_type(content_type))
    }

    async fn reply(&self, device: &DeviceId, at: &Enrolment, message: &Message) -> Reply {
        let request = match Request::decode(&message.payload) {
            Ok(request) => request,
            Err(error) => {
                warn!(%device, error = crate::problem::chain(&error), "malformed request");
                return Reply::Refused(Refusal::Malformed);
            }
        };
        if matches!(request, Request::Customer { .. }) && !self.lookups.may_ask(device, Instant::now()) {
            return Reply::Refused(Refusal::Busy);
        }
        match self.look_for(device, request, at).await {
            Ok(Found::Here(bytes)) => Reply::Data(bytes),
            Ok(Found::Superseded) => Reply::Refused(Refusal::Superseded),
            Ok(Found::Nothing) => Reply::Refused(Refusal::Unknown),
            Err(error) => {
                tracing::error!(%device, error = crate::problem::chain(&error), "a request could not be served");
                Reply::Refused(Refusal::Unavailable)
            }
        }
    }

    /// What a device asks for, if it is its own group's or shard's; or one customer, of any shard.
    async fn look_for(
        &self,
        device: &DeviceId,
        request: Request,
        at: &Enrolment,
    ) -> Result<Found<Vec<u8>>, Unanswered> {
        match request {
            Request::Rows { shard, .. } | Request::Delta { shard, .. } | Request::Contacts { shard, .. }
                if shard != at.shard =>
            {
                Ok(Found::Nothing)
            }
            Request::Rows { shard, epoch, block } => {
                self.store.block(&shard, epoch, block).await.map_err(Unanswered::Store)
            }
            Request::Delta { shard, epoch, from } => {
                let found = self.store.delta(&shard, epoch, from).await.map_err(Unanswered::Store)?;
                let sealed = found.try_map(|delta| seal(&delta, &self.keys.signing).map(String::into_bytes));
                sealed.map_err(Unanswered::Seal)
            }
            Request::Contacts { shard, from } => {
                self.contact_page(&shard, from).await.map(|page| Found::Here(page.document))
            }
            Request::Content { sha256, block } => {
                let content = self.store.content(&at.group, sha256, block).await.map_err(Unanswered::Store)?;
                Ok(content.map_or(Found::Nothing, Found::Here))
            }
            Request::Customer { tokens } => self.customer(device, tokens).await,
        }
    }

    fn confirmation(&self, device: &DeviceId, journal: JournalId, through: u64) -> Result<Message, Unanswered> {
        let tenant = self.config.tenant.clone();
        let inbox = Topic::device(&tenant, device, DeviceChannel::Inbox).to_string();
        let confirmation = Confirmation { tenant, device: device.clone(), journal, through };
        let document = seal(&confirmation, &self.keys.signing).map_err(Unanswered::Seal)?;
        Ok(Message::new(inbox, document).with_content_type(SIGNED))
    }
}
