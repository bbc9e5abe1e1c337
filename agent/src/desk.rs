//! What a visit works with: everything it may touch, and nothing that could reach the network.

use std::{sync::Arc, time::Duration};
use tokio::sync::{oneshot, watch};
use touchpoint_display::{Frame, Screen, ShowError, Shown, View};
use touchpoint_protocol::{
    customer::CustomerId,
    health::Painted,
    interaction::Fact,
    name::{CampaignId, Language, VisitId},
    token::{Token, TokenKeys},
};

use crate::{
    cache::{Cache, CacheError},
    campaigns::Campaigns,
    chain,
    clock::Clock,
    domain::{
        contact::{self, Contact},
        customer::Customer,
    },
    guests::WishTray,
    identify::Caller,
    journal::{Entry, Journal, JournalError},
    lot::{self, NoRandomness},
    status::{LineStatus, Phase, VisitLoop, VisitStatus},
};

/// Everything the visit loop owns or reads.
pub struct Desk<C> {
    /// Who is who.
    pub cache: Cache,
    /// What was said, and what is to be recorded.
    pub journal: Journal,
    /// Where it is left that somebody is not known: a bounded tray that is never waited for.
    pub wishes: WishTray,
    /// The campaigns in force.
    pub campaigns: watch::Receiver<Option<Arc<Campaigns>>>,
    /// What turns cards into tokens.
    pub tokens: Arc<TokenKeys>,
    /// The glass.
    pub screen: Screen,
    /// The time.
    pub clock: Arc<C>,
    /// How the line was when last heard of: told with each record, and asked for nothing.
    pub line: watch::Receiver<LineStatus>,
    /// What is told about all this.
    pub status: watch::Sender<VisitLoop>,
    /// How long a visit lasts if nobody says.
    pub visit_seconds: u32,
    /// Whether PIN entry may be active.
    pub pin_entry: bool,
}

impl<C> std::fmt::Debug for Desk<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl<C: Clock> Desk<C> {
    /// Who has one of these tokens, and what was said to them before, here or elsewhere. For whom nobody knows, head office may be
    /// asked, for the next time.
    ///
    /// # Errors
    /// The cache or the journal cannot be read. A decision without the past could break a cap or an objection.
    pub async fn look_up(&mut self, tokens: Vec<Token>) -> Result<(Option<Customer>, Vec<Contact>), LookUpError> {
        let customer = match self.cache.customer(tokens.clone()).await? {
            None => self.cache.guest(tokens.clone(), self.clock.now().utc).await?,
            known => known,
        };
        let Some(customer) = customer else {
            if self.line.borrow().connected {
                self.wishes.leave(tokens);
            }
            return Ok((None, Vec::new()));
        };
        let here = self.journal.contacts(customer.id).await?;
        let elsewhere = self.cache.contacts(customer.id).await?;
        Ok((Some(customer), contact::union(here, elsewhere)))
    }

    /// Puts the invitation on the glass, or nothing while PIN entry may be active.
    pub fn invite(&mut self) {
        let campaigns = self.campaigns.borrow_and_update().clone();
        if let Some(campaigns) = &campaigns {
            self.screen.set_theme(campaigns.theme());
        }
        let invitation = campaigns.map_or(View::Blank, |campaigns| campaigns.attract());
        match self.pin_entry {
            true => self.put(&View::Blank, Phase::PinEntry),
            false => self.put(&invitation, Phase::Attract),
        }
    }

    /// Puts a view on the glass that no customer waits for; a panel that refuses is reported, and the visits go on.
    pub fn put(&mut self, view: &View, phase: Phase) {
        if let Err(error) = self.show(view, phase) {
            tracing::error!(error = chain(&error), ?phase, "the panel refused a view");
        }
    }

    /// Puts a view on the glass.
    ///
    /// # Errors
    /// The panel refused it.
    pub fn show(&mut self, view: &View, phase: Phase) -> Result<Shown, ShowError> {
        let shown = self.screen.show(view);
        self.status.send_modify(|status| match &shown {
            Ok(_) => status.phase = phase,
            Err(_) => status.unpresented += 1,
        });
        shown
    }

    /// Tells which message is on the glass.
    pub fn painted(&self, campaign: &CampaignId, language: &Language) {
        let checksum = self.screen.checksum();
        let (campaign, language, at) = (campaign.clone(), language.clone(), self.clock.now().utc);
        self.status.send_modify(|status| status.painted = Some(Painted { campaign, language, at, checksum }));
    }

    /// Records one step of a visit. A journal that fails is an alarm, and no reason to keep the customer waiting.
    pub async fn record(&mut self, visit: &VisitId, customer: Option<CustomerId>, fact: Fact) {
        let backfill = !self.line.borrow().connected;
        let entry = Entry { visit: visit.clone(), at: self.clock.now(), customer, backfill, fact };
        if let Err(error) = self.journal.record(entry).await {
            tracing::error!(error = chain(&error), "an interaction was not recorded");
            self.status.send_modify(|status| status.unrecorded += 1);
        }
    }

    /// Changes what is told about the visit that is going on.
    pub fn tell(&self, change: impl FnOnce(&mut VisitStatus)) {
        self.status.send_modify(|status| {
            if let Some(visit) = &mut status.visit {
                change(visit);
            }
        });
    }

    /// Tells of a new visit.
    pub fn begin(&self, visit: VisitStatus) {
        self.status.send_modify(|status| {
            status.visits += 1;
            status.visit = Some(visit);
        });
    }

    /// Tells whoever announced the customer what was decided, once; whoever no longer listens does not matter.
    pub fn tell_caller(&self, caller: &mut Option<Caller>) {
        if let (Some(caller), Some(visit)) = (caller.take(), self.status.borrow().visit.clone()) {
            let _ = caller.send(Ok(Box::new(visit)));
        }
    }

    /// Answers somebody who asks what is on the glass; whoever no longer listens does not matter.
    pub fn picture(&self, reply: oneshot::Sender<Frame>) {
        let _ = reply.send(self.screen.frame().clone());
    }

    /// Whole seconds until a moment after boot.
    pub fn seconds_until(&self, since_boot: Duration) -> u32 {
        let left = since_boot.saturating_sub(self.clock.since_boot());
        // Rounded up: a customer who was promised 25 seconds has 25 at the first look, not 24.
        u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
    }
}

/// Why nobody knows who stands there.
#[derive(Debug, thiserror::Error)]
pub enum LookUpError {
    /// The cache cannot be read.
    #[error("the cache")]
    Cache(#[from] CacheError),
    /// The journal cannot be read.
    #[error("the journal")]
    Journal(#[from] JournalError),
}

/// A name no other visit has, as far as 64 random bits on top of the journal's name can promise it.
///
/// # Errors
/// The system has no randomness to give.
pub fn new_visit() -> Result<VisitId, NoRandomness> {
    lot::hex(8)?.parse().map_err(|_| NoRandomness)
}
