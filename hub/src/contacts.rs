//! What was said to customers, on its way to every device of their shard: at once when they are on the line, and whenever they ask.

use crate::{
    answer::{SIGNED, Unanswered},
    office::Office,
    problem::chain,
    store,
};
use std::{convert::Infallible, time::Duration};
use tokio::time::{sleep, timeout};
use touchpoint_link::{Message, Publisher};
use touchpoint_protocol::{
    contacts::{ContactPage, Entry},
    name::ShardId,
    signed::seal,
    topic::Topic,
};
use tracing::{debug, error, warn};

/// How long to wait for more after the first contact: a burst is a few pages then, and nobody walks to the next machine as fast.
const COALESCE: Duration = Duration::from_millis(50);

/// How often the database is looked at for what another process has appended: an import, or one that ended before it could publish.
const POLL: Duration = Duration::from_secs(1);

/// A page that is ready to be sent.
pub(crate) struct Sealed {
    /// The signed document.
    pub(crate) document: Vec<u8>,
    /// The position it leads to.
    to: u64,
}

impl Office {
    /// What follows a position of a shard's contact log.
    pub(crate) async fn contact_page(&self, shard: &ShardId, after: u64) -> Result<Sealed, Unanswered> {
        let (entries, end) = self.store.contacts_after(shard, after).await.map_err(Unanswered::Store)?;
        let (tenant, shard) = (self.config.tenant.clone(), shard.clone());
        let page = ContactPage::pack(tenant, shard, after, &entries, end).map_err(Unanswered::Pack)?;
        let document = seal(&page, &self.keys.signing).map_err(Unanswered::Seal)?.into_bytes();
        Ok(Sealed { document, to: page.to })
    }

    /// Everything in a shard's contact log, each entry with its position.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn contacts(&self, shard: &ShardId) -> Result<Vec<(u64, Entry)>, store::Error> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let (entries, end) = self.store.contacts_after(shard, after).await?;
            all.extend(entries);
            if end <= after {
                return Ok(all);
            }
            after = end;
        }
    }

    /// Publishes what the contact logs grow by, for one connection. Whatever is lost of it, devices pull.
    pub(crate) async fn pass_contacts(&self, outgoing: Publisher) -> Infallible {
        self.say_ends(&outgoing).await;
        loop {
            if timeout(POLL, self.grown.notified()).await.is_ok() {
                sleep(COALESCE).await;
            }
            let claims = match self.store.claim_contacts().await {
                Ok(claims) => claims,
                Err(error) => {
                    error!(error = chain(&error), "contacts cannot be read");
                    continue;
                }
            };
            for (shard, claim) in claims {
                let mut at = claim.start;
                while at < claim.end {
                    match self.pass(&shard, at, &outgoing).await {
                        Some(to) if to > at => at = to,
                        _ => break,
                    }
                }
            }
        }
    }

    /// Says where each log ends: what another process claimed and could not publish shows as a gap, and is pulled.
    async fn say_ends(&self, outgoing: &Publisher) {
        match self.store.contact_ends().await {
            Ok(ends) => {
                for (shard, end) in ends {
                    self.pass(&shard, end, outgoing).await;
                }
            }
            Err(error) => error!(error = chain(&error), "contacts cannot be read"),
        }
    }

    /// Publishes what follows a position; returns the position that leads to.
    async fn pass(&self, shard: &ShardId, after: u64, outgoing: &Publisher) -> Option<u64> {
        let page = match self.contact_page(shard, after).await {
            Ok(page) => page,
            Err(error) => {
                error!(%shard, after, error = chain(&error), "contacts cannot be told");
                return None;
            }
        };
        let topic = Topic::shard_contacts(&self.config.tenant, shard).to_string();
        debug!(topic, after, to = page.to, "passing on what was said");
        if let Err(error) = outgoing.publish(Message::new(topic, page.document).with_content_type(SIGNED)).await {
            warn!(error = chain(&error), "not published");
        }
        Some(page.to)
    }
}
