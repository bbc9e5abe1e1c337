//! The other half of `follow`: what was said to customers at other machines, and who is erased.
//!
//! It does not wait for customers and campaigns, as a snapshot takes minutes on a slow line and a decline must be known when the
//! customer has walked to the next machine. Pages that pass by are taken where they lead on; a gap is pulled.

use std::{path::Path, time::Duration};
use tokio::{
    select,
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use touchpoint_protocol::{
    block::UnpackError,
    contacts::{ContactPage, Entry},
    customer::CustomerId,
    signed::TrustedKeys,
};

use crate::{
    cache::{Cache, CacheError},
    chain,
    clock::Clock,
    disk::{self, DiskError},
    domain::update::{ContactsPlan, Membership, Refusal, plan_contacts},
    flow::LineError,
    journal::{Journal, JournalError},
    status::LineStatus,
    upstream::{FetchError, Upstream},
};

/// How often head office is asked although nothing seems to be missing: whatever was lost and noticed by nobody is known then.
const CHECK: Duration = Duration::from_secs(600);

/// How long to wait after it could not be asked.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What contacts are kept in, and with what.
#[derive(Debug)]
pub struct Hearing<'a, C> {
    /// Where contacts are kept.
    pub cache: &'a Cache,
    /// Where this device's own are, from which customers are erased.
    pub journal: &'a Journal,
    /// Whose signature counts.
    pub head_office: &'a TrustedKeys,
    /// Whose documents it takes.
    pub here: &'a Membership,
    /// Where the databases are: what is fetched must leave room there.
    pub folder: &'a Path,
    /// The time.
    pub clock: &'a C,
    /// What is told about it.
    pub status: &'a watch::Sender<LineStatus>,
}

/// Why contacts were not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HearError {
    #[error("refused contacts")]
    Refused(#[from] Refusal),
    #[error("refused contacts")]
    Entries(#[from] UnpackError),
    #[error("cannot fetch")]
    Fetch(#[from] FetchError),
    #[error("cannot keep contacts")]
    Cache(#[from] CacheError),
    #[error("cannot keep contacts")]
    Disk(#[from] DiskError),
    #[error("cannot erase customers")]
    Journal(#[from] JournalError),
}

/// Keeps up with the contact log, for one connection.
pub async fn hear<C: Clock>(
    hearing: Hearing<'_, C>,
    upstream: &Upstream,
    mut pages: mpsc::Receiver<ContactPage>,
) -> LineError {
    // On every connection first of all: nobody knows what was said meanwhile.
    let mut next = Instant::now();
    loop {
        select! {
            biased;
            page = pages.recv() => {
                let Some(page) = page else { return LineError::Deaf };
                match hearing.take(page).await {
                    Ok(ContactsPlan::Pull) => next = Instant::now(),
                    Ok(ContactsPlan::Apply | ContactsPlan::Nothing) => {}
                    Err(error) => hearing.report(&error),
                }
            }
            () = sleep_until(next) => {
                next = Instant::now() + match hearing.pull(upstream, &mut pages).await {
                    Ok(()) => CHECK,
                    Err(error) => {
                        hearing.report(&error);
                        ASK_AGAIN
                    }
                };
            }
        }
    }
}

impl<C: Clock> Hearing<'_, C> {
    /// Takes a page that passed by, if it leads on from what the device holds.
    async fn take(&self, page: ContactPage) -> Result<ContactsPlan, HearError> {
        let plan = plan_contacts(self.cache.held().await?.contacts, &page, self.here)?;
        if plan == ContactsPlan::Apply {
            self.keep(&page).await?;
        }
        Ok(plan)
    }

    /// Asks for what the device lacks until there is nothing more.
    async fn pull(&self, upstream: &Upstream, pages: &mut mpsc::Receiver<ContactPage>) -> Result<(), HearError> {
        loop {
            // Whatever waits here was committed before it was told, so the answer holds it.
            while pages.try_recv().is_ok() {}
            let held = self.cache.held().await?.contacts;
            let page = upstream.contacts(held, self.head_office).await?;
            if page.to == held {
                // A connection that broke in the middle of a page may have kept it without telling.
                self.tell(held);
                return Ok(());
            }
            if page.to < held {
                tracing::warn!(
                    held,
                    ends = page.to,
                    "head office forgot what was said: it was brought back from a backup"
                );
            }
            self.keep(&page).await?;
        }
    }

    /// Keeps a page. Who is erased goes from the journal first: if the power fails between the two, the page comes again.
    async fn keep(&self, page: &ContactPage) -> Result<(), HearError> {
        let entries = page.entries()?;
        disk::require(self.folder, disk::SYNC_ROOM)?;
        let erased: Vec<CustomerId> = entries.iter().filter_map(Entry::erased).collect();
        if !erased.is_empty() {
            tracing::info!(customers = erased.len(), "customers are erased");
            self.journal.erase(erased, page.to, self.clock.now()).await?;
        }
        self.cache.keep_contacts(entries, page.to, self.clock.now()).await?;
        self.tell(page.to);
        Ok(())
    }

    fn tell(&self, position: u64) {
        self.status.send_if_modified(|status| std::mem::replace(&mut status.contacts, position) != position);
    }

    fn report(&self, error: &HearError) {
        let (reason, text) = (error.reason(), chain(error));
        tracing::warn!(error = text, ?reason, "contacts were not taken");
        self.status.send_modify(|status| status.refuse(reason, &text));
    }
}
