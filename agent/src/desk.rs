//! What a visit works with: everything it may touch, and nothing that could reach the network.

use std::{sync::Arc, time::Duration};
use tokio::sync::{oneshot, watch};
use touchpoint_display::{Frame, Mode, Point, Screen, ShowError, Shown, Side, Size, View};
use touchpoint_protocol::{
    customer::CustomerId,
    health::Painted,
    interaction::{Ending, Fact, Reason, Trigger},
    name::{CampaignId, Language, VisitId},
    token::{Token, TokenKeys},
    utc::Utc,
    zone::Weekday,
};

use crate::{
    cache::{Cache, CacheError},
    campaigns::{Campaigns, Invitation},
    chain,
    clock::Clock,
    config::VISIT_SECONDS,
    domain::{
        contact::{self, Contact},
        customer::Customer,
        decide::{Choice, Decision},
        moment::{Moment, Place, VisitAttributes},
    },
    guests::WishTray,
    identify::Caller,
    journal::{Entry, Journal, JournalError},
    lot::{self, NoRandomness},
    panels::{Condition, PanelStatus},
    press::{Press, Presses},
    status::{LineStatus, Phase, VisitLoop, VisitStatus},
    stopped,
    visit::{Ends, Showing, Visit},
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
    /// Where the device stands.
    pub place: Place,
    /// How much was shown today.
    pub today: Today,
    /// The language in which people are invited.
    pub turn: LanguageTurn,
    /// What the next customer is likely to get, and in which revision of the campaigns.
    pub likely: Option<(u64, View)>,
    /// How long a visit lasts if nobody says.
    pub visit_seconds: u32,
    /// How customers read, unless one of them needs it otherwise.
    pub mode: Mode,
    /// What is pressed.
    pub presses: Presses,
    /// Whether PIN entry may be active.
    pub pin_entry: bool,
    /// Whether the machine serves nobody.
    pub out_of_order: bool,
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
    /// Blocks, because there is nothing else that the visit loop could do meanwhile, and the line and the local API have threads of
    /// their own: to wake others for it, and to be woken by them, took longer than the look-up.
    ///
    /// # Errors
    /// The cache or the journal cannot be read. A decision without the past could break a cap or an objection.
    pub fn look_up(&mut self, tokens: Vec<Token>) -> Result<(Option<Customer>, Vec<Contact>), LookUpError> {
        let known = look_up(&self.cache, &self.journal, &tokens, self.clock.now().utc)?;
        if known.0.is_none() && self.line.borrow().connected {
            self.wishes.leave(tokens);
        }
        Ok(known)
    }

    /// The circumstances of a visit's next decision.
    pub fn moment(&mut self, visit: &mut Visit, trigger: Trigger, campaigns: Option<&Campaigns>) -> Moment {
        let utc = self.clock.now().utc;
        let shown_today = campaigns.map_or(0, |campaigns| self.today.shown(campaigns.bundle.zone.local(utc).weekday));
        visit.moment(&self.place, utc, trigger, self.seconds_until(visit.ends.at()), shown_today)
    }

    /// Puts a message on the glass and records that it is there, or why it is not. Returns it, if it is.
    pub async fn present(
        &mut self,
        visit: &mut Visit,
        showing: Showing,
        trigger: Trigger,
        caller: &mut Option<Caller>,
    ) -> Option<Showing> {
        if let Err(error) = self.show(&showing.message.view, Phase::Showing) {
            tracing::error!(error = chain(&error), campaign = %showing.campaign, "the panel refused a message");
            self.not_shown(visit, Reason::PanelFailed, Some(&showing.campaign), trigger).await;
            self.tell_caller(caller);
            return None;
        }
        let showing = Showing { began: self.clock.since_boot(), ..showing };
        visit.shown();
        self.today.count(showing.marketing);
        self.tell(|told| told.shown(&showing, visit.received.elapsed()));
        self.tell_caller(caller);
        self.painted(&showing.campaign, &showing.language);
        self.record(&visit.id, visit.customer_id(), showing.fact(visit.segment(), trigger)).await;
        Some(showing)
    }

    /// Takes what is on the glass away for something else, or for nothing.
    pub async fn make_way(&mut self, visit: &mut Visit, showing: Option<Showing>, choice: Option<&Choice<'_>>) {
        if let Some(showing) = showing {
            let goes_on = choice.is_some_and(|choice| choice.campaign.id == showing.campaign);
            self.end(visit, &showing, Ending::Interrupted, !goes_on).await;
        }
    }

    /// Records how a showing ended, and whether it counts as one in what is decided next.
    pub async fn end(&mut self, visit: &mut Visit, showing: &Showing, ending: Ending, counts: bool) {
        let (fact, at) = (showing.end(ending, self.clock.since_boot()), self.clock.now().utc);
        self.record(&visit.id, visit.customer_id(), fact).await;
        visit.over(showing, ending, counts, &self.journal.state().borrow().id, at);
        self.tell(|told| told.ending = Some(ending));
    }

    /// Records that nothing is shown, and why.
    pub async fn not_shown(&mut self, visit: &Visit, reason: Reason, campaign: Option<&CampaignId>, trigger: Trigger) {
        self.tell(|told| told.reason = Some(reason));
        let fact = Fact::NotShown { reason, campaign: campaign.cloned(), trigger };
        self.record(&visit.id, visit.customer_id(), fact).await;
    }

    /// Shows what follows the way this customer reads, until the next invitation.
    pub fn read_as(&mut self, visit: &Visit) {
        let VisitAttributes { large_text, high_contrast, .. } = visit.attributes;
        let Mode { large_text: large, high_contrast: contrast } = self.mode;
        self.screen.set_mode(Mode {
            large_text: large_text.unwrap_or(large),
            high_contrast: high_contrast.unwrap_or(contrast),
        });
    }

    /// Puts the invitation on the glass, or that the machine is out of order; or nothing while PIN entry may be active.
    pub fn invite(&mut self) {
        self.invite_in(0);
    }

    /// The same in the next language.
    pub fn invite_next(&mut self) {
        self.invite_in(self.turn.number + 1);
    }

    fn invite_in(&mut self, number: usize) {
        let campaigns = self.campaigns.borrow_and_update().clone();
        if let Some(campaigns) = &campaigns {
            self.screen.set_theme(campaigns.theme());
        }
        self.screen.set_mode(self.mode);
        let still = |view| Invitation { view, lasts: None };
        let (Invitation { view, lasts }, phase) = match campaigns {
            _ if self.pin_entry => (still(View::Blank), Phase::PinEntry),
            None if self.out_of_order => (still(stopped::view(None)), Phase::OutOfOrder),
            Some(campaigns) if self.out_of_order => (campaigns.out_of_order(number), Phase::OutOfOrder),
            None => (still(View::Blank), Phase::Attract),
            Some(campaigns) => (campaigns.attract(number), Phase::Attract),
        };
        // What nobody sees has no turns: a panel that is there again is painted anew.
        let seen = self.put(&view, phase);
        self.prepare();
        let lasts = lasts.filter(|_| seen);
        self.turn = LanguageTurn { number, ends: lasts.map(|lasts| self.clock.since_boot() + lasts) };
    }

    /// Takes note of what the next customer is likely to get: the same, in words that are nobody's.
    pub fn expect(&mut self, choice: &Choice<'_>, campaigns: &Campaigns) {
        self.likely = Some((campaigns.revision, campaigns.message(choice, None, choice.seconds).view));
    }

    /// Gets that ready, if it is still in force.
    fn prepare(&mut self) {
        let revision = self.campaigns.borrow().as_ref().map(|campaigns| campaigns.revision);
        self.likely.take_if(|(of, _)| Some(*of) != revision);
        if let Some((_, view)) = &self.likely {
            self.screen.prepare(view);
        }
    }

    /// Puts a view on the glass that no customer waits for; a panel that refuses is reported, and the visits go on. Whether it is there.
    pub fn put(&mut self, view: &View, phase: Phase) -> bool {
        let shown = self.show(view, phase);
        if let Err(error) = &shown {
            tracing::error!(error = chain(error), ?phase, "the panel refused a view");
        }
        shown.is_ok()
    }

    /// Takes note of how the panel is. Returns whether it has to be painted, having forgotten what it showed.
    pub fn panel(&mut self, panel: PanelStatus) -> bool {
        let open = panel.condition == Condition::Open;
        // A size in the configuration was taken over at the start, and is what the panel's thread says too.
        if let Some([width, height]) = panel.facts.as_ref().and_then(|facts| facts.millimetres) {
            self.screen.set_millimetres(Size::new(width, height));
        }
        self.status.send_modify(|status| status.panel = Some(panel));
        open
    }

    /// Paints what should be on the glass, for a panel that has forgotten it.
    pub fn repaint(&mut self) {
        if let Err(error) = self.screen.repaint() {
            tracing::warn!(error = chain(&error), "the panel refused to be painted again");
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
        self.presses.shown(self.clock.since_boot());
        shown
    }

    /// Shows how much time is left of the message on the glass until it ends, after boot. Whether the panel took it.
    pub fn tick(&mut self, ends: Duration) -> bool {
        let ticked = self.screen.tick(ends.saturating_sub(self.clock.since_boot()));
        if let Err(error) = &ticked {
            tracing::warn!(error = chain(error), "the panel refused a tick");
        }
        ticked.is_ok()
    }

    /// The position of the answer that is touched, if there is one on that spot; nothing at all, if the touch was not meant so.
    pub fn touched(&mut self, at: Point) -> Option<Option<usize>> {
        let answer = self.screen.answer_at(at);
        self.counts(Press::Touch(at)).then_some(answer)
    }

    /// The same of a function key.
    pub fn key_pressed(&mut self, side: Side, number: usize) -> Option<Option<usize>> {
        let answer = self.screen.answer_of_key(side, number);
        self.counts(Press::Key(side, number)).then_some(answer)
    }

    /// Whether a press counts that comes now.
    pub fn counts(&mut self, press: Press) -> bool {
        self.presses.counts(press, self.clock.since_boot())
    }

    /// Tells which message is on the glass.
    pub fn painted(&mut self, campaign: &CampaignId, language: &Language) {
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

    /// Tells what was decided.
    pub fn decided(&self, visit: &Visit, moment: &Moment, decision: &Decision<'_>) {
        self.status.send_modify(|status| status.decided(visit, moment, decision));
    }

    /// Tells whoever announced the customer what was decided, once; whoever no longer listens does not matter.
    pub fn tell_caller(&self, caller: &mut Option<Caller>) {
        if let (Some(caller), Some(visit)) = (caller.take(), self.status.borrow().visit.clone()) {
            let _ = caller.send(Ok(Box::new(visit)));
        }
    }

    /// Answers somebody who asks what is on the glass; whoever no longer listens does not matter.
    pub fn picture(&mut self, reply: oneshot::Sender<Frame>) {
        let _ = reply.send(self.screen.frame().clone());
        self.prepare();
    }

    /// When a visit ends that begins now: after the seconds that somebody said the customer will wait, and not later; if nobody said,
    /// after the configured ones.
    pub fn ends(&self, said: Option<u32>) -> Ends {
        let now = self.clock.since_boot();
        let window = Duration::from_secs(said.unwrap_or(self.visit_seconds).min(VISIT_SECONDS).into());
        let longest = match said {
            Some(_) => window,
            None => Duration::from_secs(VISIT_SECONDS.into()),
        };
        Ends::new(now, window, longest)
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

/// Who has one of these tokens, and what was said to them before, here or elsewhere. Blocks.
///
/// # Errors
/// The cache or the journal cannot be read.
pub fn look_up(
    cache: &Cache,
    journal: &Journal,
    tokens: &[Token],
    now: Utc,
) -> Result<(Option<Customer>, Vec<Contact>), LookUpError> {
    let customer = match cache.customer(tokens)? {
        None => cache.guest(tokens, now)?,
        known => known,
    };
    let Some(customer) = customer else { return Ok((None, Vec::new())) };
    let (here, elsewhere) = (journal.contacts(customer.id)?, cache.contacts(customer.id)?);
    Ok((Some(customer), contact::union(here, elsewhere)))
}

/// Which of its languages the invitation is in.
#[derive(Debug, Default)]
pub struct LanguageTurn {
    /// How many had their turn before since it is there.
    number: usize,
    /// When the next one has its turn, after boot; never, if there is no other.
    pub ends: Option<Duration>,
}

/// How many showings of marketing the device has made today.
#[derive(Debug, Default)]
pub struct Today {
    day: Option<Weekday>,
    shown: u32,
}

impl Today {
    /// What the journal knows of, so that a device that was started again does not begin its day anew.
    pub async fn so_far(journal: &Journal, campaigns: Option<&Campaigns>, now: Utc) -> Today {
        // Without campaigns nothing is shown, and no clock on the wall says when the day began.
        let Some(Campaigns { bundle, .. }) = campaigns else { return Today::default() };
        let local = bundle.zone.local(now);
        let midnight = now.plus_millis(-i64::from(local.minute) * 60_000);
        let shown = journal.shown_since(midnight).await.unwrap_or_else(|error| {
            tracing::error!(error = chain(&error), "what was shown today is not known");
            Vec::new()
        });
        let marketing = |id: &CampaignId| {
            // One that is no longer there took its part of the day all the same.
            bundle
                .campaigns
                .iter()
                .find(|campaign| campaign.id == *id)
                .is_none_or(|campaign| campaign.kind.is_marketing())
        };
        let count = shown.iter().filter(|id| marketing(id)).count();
        Today { day: Some(local.weekday), shown: u32::try_from(count).unwrap_or(u32::MAX) }
    }

    /// How many there were by now, on this day of the week.
    pub fn shown(&mut self, day: Weekday) -> u32 {
        // A visit a week later finds the same day of the week, and a budget that is as good as used up: nobody was there to use it.
        if self.day.replace(day) != Some(day) {
            self.shown = 0;
        }
        self.shown
    }

    fn count(&mut self, marketing: bool) {
        self.shown += u32::from(marketing);
    }
}

/// A name no other visit has, as far as 64 random bits on top of the journal's name can promise it.
///
/// # Errors
/// The system has no randomness to give.
pub fn new_visit() -> Result<VisitId, NoRandomness> {
    lot::hex(8)?.parse().map_err(|_| NoRandomness)
}
