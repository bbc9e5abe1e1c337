//! The three loops. Each reads from top to bottom; none calls another, and they share no lock.
//!
//! ```text
//! visit     card -> token -> look up -> decide -> show -> record      local; no parameter of it can reach the network
//! deliver   journal -> MQTT -> head office confirms -> mark delivered when online
//! follow    MQTT -> verify -> plan -> one transaction -> acknowledge  when online
//! ```
//!
//! Invariants, stated as absences:
//! - No network call is reachable from a visit: a [`Desk`] holds nothing that could make one. For whom the cache does not know it leaves a
//!   wish in a tray ([`WishTray`](crate::guests::WishTray)), which takes it or not, at once, and gives nothing back: whether somebody on
//!   the line empties that tray, and when, no visit can see.
//! - No card number is written, logged, sent or kept: [`TokenKeys::tokens`](touchpoint_protocol::token::TokenKeys::tokens) consumes the card
//!   in the visit's first step.
//! - No interaction is forgotten before head office has confirmed it; a broker's acknowledgement moves nothing.
//! - Nothing unsigned changes what is shown: `follow` sees heads and deltas only, and those were verified before they were decoded.
//! - Nothing is drawn while PIN entry may be active, and no visit lasts longer than [`VISIT_SECONDS`].

use std::{sync::Arc, time::Duration};
use tokio::{
    select,
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};
use touchpoint_display::View;
use touchpoint_protocol::{
    batch::Batch,
    campaign::PanelSize,
    customer::CustomerId,
    delta::Delta,
    interaction::{Ending, Fact, Interaction, Reason, Trigger},
    limits,
    name::VisitId,
};

use crate::{
    campaigns::{Campaigns, Message},
    chain,
    clock::Clock,
    config::VISIT_SECONDS,
    desk::{Desk, new_visit},
    domain::{
        customer::Customer,
        decide::{Choice, Decision, decide},
        moment::{Moment, VisitAttributes},
    },
    following::Following,
    identify::{Arrival, Busy, Caller, Event, Events},
    journal::{Journal, JournalError},
    status::{Phase, VisitStatus},
    upstream::{Heads, Upstream},
};

/// How long thanks are shown: read in two seconds, and gone before the card is.
const THANKS: Duration = Duration::from_secs(4);

/// Interactions that may be sent and not yet confirmed: 16 batches, so that a long line is busy and a broken one repeats little.
const UNCONFIRMED: u64 = 16 * limits::BATCH as u64;

/// How long to wait for head office's confirmation before sending again what it should have had: longer than it takes over a poor
/// line, and as long as head office takes to start again.
const SEND_AGAIN: Duration = Duration::from_secs(15);

/// How long to wait after something could not be fetched. Mostly head office was away, and is back soon.
const FETCH_AGAIN: Duration = Duration::from_secs(5);

/// Who is served.
struct Visit {
    id: VisitId,
    customer: Option<Customer>,
    received: std::time::Instant,
    ends: Duration,
}

impl Visit {
    fn customer_id(&self) -> Option<CustomerId> {
        self.customer.as_ref().map(|customer| customer.id)
    }
}

/// The first loop: one visit after the other, until the agent is to stop.
pub async fn visit<C: Clock>(mut desk: Desk<C>, mut events: Events) {
    desk.invite();
    loop {
        select! {
            event = events.next() => match event {
                None => return,
                Some(Event::Arrived(arrival)) => {
                    serve(&mut desk, &mut events, arrival).await;
                    desk.invite();
                }
                Some(Event::PinEntry(active)) => {
                    desk.pin_entry = active;
                    desk.invite();
                }
                Some(Event::Picture(reply)) => desk.picture(reply),
                // Nobody is there to whom it could belong.
                Some(Event::Answered(_) | Event::Left) => {}
            },
            Ok(()) = desk.campaigns.changed() => desk.invite(),
        }
    }
}

/// One visit: card, token, look-up, decision, showing, record.
async fn serve<C: Clock>(desk: &mut Desk<C>, events: &mut Events, arrival: Arrival) {
    let Arrival { card, seconds, received, decided } = arrival;
    let seconds = seconds.unwrap_or(desk.visit_seconds).min(VISIT_SECONDS);
    let ends = desk.clock.since_boot() + Duration::from_secs(seconds.into());
    let id = match new_visit() {
        Ok(id) => id,
        Err(error) => return tracing::error!(%error, "a visit has no name, and is not served"),
    };

    // Card -> token. The card is gone after this line.
    let tokens = desk.tokens.tokens(card);

    // Look up. Whoever cannot be looked up is shown nothing, rather than something they may have objected to.
    let (customer, contacts) = match desk.look_up(tokens).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(error = chain(&error), "a customer could not be looked up");
            let fact = Fact::NotShown { reason: Reason::CacheFailed, campaign: None, trigger: Trigger::Arrival };
            return desk.record(&id, None, fact).await;
        }
    };
    let visit = Visit { id, customer, received, ends };

    // Decide.
    let campaigns = desk.campaigns.borrow().clone();
    let panel = desk.screen.frame().size();
    let moment = Moment {
        utc: desk.clock.now().utc,
        trigger: Trigger::Arrival,
        seconds_left: seconds,
        visit: VisitAttributes::default(),
        panel: PanelSize { width: panel.width, height: panel.height },
        site: None,
        shown_today: 0,
    };
    let decision = match &campaigns {
        Some(campaigns) => decide(&campaigns.bundle, visit.customer.as_ref(), &contacts, &moment),
        None => Decision::none(),
    };
    desk.begin(VisitStatus::of(&visit.id, visit.customer.as_ref(), &decision));

    // Show and record, or record why not.
    for campaign in &decision.held_out {
        let segment = visit.customer.as_ref().and_then(Customer::segment).cloned();
        let fact = Fact::HeldOut { campaign: (*campaign).clone(), segment, trigger: moment.trigger };
        desk.record(&visit.id, visit.customer_id(), fact).await;
    }
    match (&decision.choice, &campaigns) {
        (Some(choice), Some(campaigns)) => {
            let ended = present(desk, events, &visit, choice, campaigns, decided).await;
            if let Some(Ending::Answered(_)) = ended {
                thank(desk, events, &campaigns.thanks(choice.language)).await;
            }
        }
        _ => {
            desk.tell_caller(&mut Some(decided));
            let (campaign, reason) = decision.nearest();
            let fact = Fact::NotShown { reason, campaign: campaign.cloned(), trigger: moment.trigger };
            desk.record(&visit.id, visit.customer_id(), fact).await;
        }
    }
}

/// Puts the chosen message on the glass, once more after PIN entry if there is still time. Returns how the last showing ended,
/// if there was one.
async fn present<C: Clock>(
    desk: &mut Desk<C>,
    events: &mut Events,
    visit: &Visit,
    choice: &Choice<'_>,
    campaigns: &Campaigns,
    decided: Caller,
) -> Option<Ending> {
    let Choice { campaign, variant, language, seconds: needed, .. } = *choice;
    let (campaign, variant, trigger) = (&campaign.id, variant.map(|variant| &variant.id), Trigger::Arrival);
    let mut caller = Some(decided);
    let mut last = None;
    loop {
        let mut free = true;
        if desk.pin_entry {
            // Whoever waits for the decision need not wait for the PIN.
            desk.tell_caller(&mut caller);
            free = pin_entry_over(desk, events, visit.ends).await;
        }
        let left = desk.seconds_until(visit.ends);
        let message = (free && left >= needed).then(|| campaigns.message(choice, visit.customer.as_ref(), left));
        let presented = match &message {
            Some(message) => desk.show(&message.view, Phase::Showing).map_err(|error| {
                tracing::error!(error = chain(&error), %campaign, "the panel refused a message");
                Reason::PanelFailed
            }),
            None => Err(Reason::NoTime),
        };
        let (Some(message), Ok(_)) = (message, &presented) else {
            // One that was on the glass before an interruption has been recorded already.
            if last.is_none() {
                let reason = presented.err().unwrap_or(Reason::NoTime);
                desk.tell(|told| told.reason = Some(reason));
                let fact = Fact::NotShown { reason, campaign: Some(campaign.clone()), trigger };
                desk.record(&visit.id, visit.customer_id(), fact).await;
            }
            desk.tell_caller(&mut caller);
            return last;
        };
        let began = desk.clock.since_boot();
        desk.tell(|told| told.shown(&message.answers, visit.received.elapsed()));
        desk.tell_caller(&mut caller);
        desk.painted(campaign, language);
        let shown = Fact::Shown {
            campaign: campaign.clone(),
            variant: variant.cloned(),
            language: language.clone(),
            segment: visit.customer.as_ref().and_then(Customer::segment).cloned(),
            trigger,
        };
        desk.record(&visit.id, visit.customer_id(), shown).await;

        let ending = until_ended(desk, events, &message, visit.ends).await;
        let dwell_ms = millis(desk.clock.since_boot().saturating_sub(began));
        let ended = Fact::Ended { campaign: campaign.clone(), variant: variant.cloned(), ending, dwell_ms };
        desk.record(&visit.id, visit.customer_id(), ended).await;
        desk.tell(|told| told.ending = Some(ending));
        last = Some(ending);
        if ending != Ending::Interrupted || !desk.pin_entry {
            return last;
        }
    }
}

/// Waits for what ends a showing, and counts its seconds down meanwhile.
async fn until_ended<C: Clock>(desk: &mut Desk<C>, events: &mut Events, message: &Message, ends: Duration) -> Ending {
    let mut left = desk.seconds_until(ends);
    loop {
        let tick = ends.saturating_sub(Duration::from_secs(u64::from(left.saturating_sub(1))));
        let clock = Arc::clone(&desk.clock);
        select! {
            // What a customer did in the last moment counts before the end of time.
            biased;
            event = events.next() => match event {
                None => return Ending::Interrupted,
                Some(Event::Answered(kind)) if message.answers.contains(&kind) => return Ending::Answered(kind),
                Some(Event::Left) => return Ending::CustomerLeft,
                Some(Event::PinEntry(true)) => {
                    desk.pin_entry = true;
                    desk.put(&View::Blank, Phase::PinEntry);
                    return Ending::Interrupted;
                }
                Some(event) => aside(desk, event),
            },
            () = clock.reach(tick) => match desk.seconds_until(ends) {
                0 => return Ending::TimeUp,
                now => {
                    left = now;
                    if let Err(error) = desk.screen.tick(left) {
                        tracing::warn!(error = chain(&error), "the panel refused a tick");
                    }
                }
            },
        }
    }
}

/// Waits until PIN entry is over; false if the visit is over first.
async fn pin_entry_over<C: Clock>(desk: &mut Desk<C>, events: &mut Events, ends: Duration) -> bool {
    loop {
        let clock = Arc::clone(&desk.clock);
        select! {
            biased;
            event = events.next() => match event {
                None | Some(Event::Left) => return false,
                Some(Event::PinEntry(active)) => {
                    desk.pin_entry = active;
                    if !active {
                        return true;
                    }
                }
                Some(event) => aside(desk, event),
            },
            () = clock.reach(ends) => return false,
        }
    }
}

/// Thanks for an answer, until the customer leaves or has read it.
async fn thank<C: Clock>(desk: &mut Desk<C>, events: &mut Events, thanks: &View) {
    desk.put(thanks, Phase::Thanks);
    let ends = desk.clock.since_boot() + THANKS;
    loop {
        let clock = Arc::clone(&desk.clock);
        select! {
            biased;
            event = events.next() => match event {
                None | Some(Event::Left) => return,
                Some(Event::PinEntry(active)) => {
                    desk.pin_entry = active;
                    return;
                }
                Some(event) => aside(desk, event),
            },
            () = clock.reach(ends) => return,
        }
    }
}

/// What happens during a visit and changes nothing about it.
fn aside<C: Clock>(desk: &Desk<C>, event: Event) {
    match event {
        Event::Arrived(arrival) => drop(arrival.decided.send(Err(Busy))),
        Event::Picture(reply) => desk.picture(reply),
        // An answer that is not on the glass, or the end of a PIN entry that nobody announced.
        Event::Answered(_) | Event::PinEntry(_) | Event::Left => {}
    }
}

/// Why a loop on the line ended.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The journal failed.
    #[error("the journal failed")]
    Journal(#[source] JournalError),
    /// Interactions could not be sent.
    #[error("cannot send interactions")]
    Send(#[source] touchpoint_link::PublishError),
    /// Nothing more can arrive.
    #[error("nothing more can arrive")]
    Deaf,
}

/// The second loop: the journal to head office, for one connection. Sends ahead of confirmations, and marks as delivered only
/// what was confirmed.
///
/// Returns why it ended; the next connection begins again at what was confirmed.
pub async fn deliver<C: Clock>(
    journal: &Journal,
    upstream: &Upstream,
    clock: &C,
    mut confirmed: watch::Receiver<u64>,
) -> LineError {
    let mut state = journal.state();
    // What was confirmed and not erased yet when the power failed.
    if let Err(error) = journal.go_on_erasing(clock.now()).await {
        return LineError::Journal(error);
    }
    let mut sent = state.borrow().confirmed;
    let mut progress = Instant::now();
    loop {
        // Mark as delivered what head office has committed.
        let through = *confirmed.borrow_and_update();
        if through > state.borrow().confirmed {
            if let Err(error) = confirm(journal, through, clock).await {
                return LineError::Journal(error);
            }
            progress = Instant::now();
            journal.tidy().await;
        }

        // Send what it does not have, a bounded number of batches ahead.
        let now = state.borrow_and_update().clone();
        sent = sent.max(now.confirmed);
        if sent < now.recorded && sent - now.confirmed < UNCONFIRMED {
            let interactions = match journal.after(sent, limits::BATCH).await {
                Ok(interactions) => interactions,
                Err(error) => return LineError::Journal(error),
            };
            if let Some(last) = interactions.last().map(Interaction::through) {
                if sent == now.confirmed {
                    progress = Instant::now();
                }
                sent = last;
                if let Err(error) = upstream.deliver(&Batch { journal: now.id, interactions }).await {
                    return LineError::Send(error);
                }
                continue;
            }
        }

        // Wait for more of either, or for a confirmation that does not come.
        select! {
            Ok(()) = state.changed() => {}
            changed = confirmed.changed() => if changed.is_err() { return LineError::Deaf },
            () = sleep_until(progress + SEND_AGAIN), if sent > now.confirmed => {
                tracing::warn!(from = now.confirmed, to = sent, "no confirmation; sending again");
                sent = now.confirmed;
                progress = Instant::now();
            }
        }
    }
}

/// Marks as delivered what head office has committed, and erases what waited for that.
async fn confirm<C: Clock>(journal: &Journal, through: u64, clock: &C) -> Result<(), JournalError> {
    match journal.confirm(through).await {
        Ok(()) => journal.go_on_erasing(clock.now()).await,
        // Head office has more than was recorded here. The next connection says hello under the new name.
        Err(ahead @ JournalError::Ahead { .. }) => journal.begin_anew().await.and(Err(ahead)),
        Err(error) => Err(error),
    }
}

/// The third loop: head office's customers and campaigns into the cache, for one connection. Takes heads and deltas that were
/// verified, pulls what the device lacks, and puts it in place at once when it is whole.
pub async fn follow(
    following: &Following<'_>,
    upstream: &Upstream,
    mut heads: watch::Receiver<Heads>,
    mut deltas: mpsc::Receiver<Delta>,
) -> LineError {
    let mut again = false;
    // Some may have come before anybody looked.
    heads.mark_changed();
    loop {
        select! {
            // Deltas before the head that speaks of them: what passed by need not be asked for.
            biased;
            Some(delta) = deltas.recv() => {
                again |= following.outcome(following.apply(delta).await);
                continue;
            }
            changed = heads.changed() => if changed.is_err() { return LineError::Deaf },
            () = sleep(FETCH_AGAIN), if again => {}
        }
        let Heads { shard, group } = heads.borrow_and_update().clone();
        again = false;
        // Campaigns first: they are small, and strangers can be served by them alone.
        if let Some(head) = group {
            let outcome = following.campaigns(upstream, &head).await;
            following.unfollowed_campaigns(&head, &outcome);
            again |= following.outcome(outcome);
        }
        if let Some(head) = shard {
            let outcome = following.customers(upstream, &head).await;
            following.unfollowed_customers(&head, &outcome);
            again |= following.outcome(outcome);
        }
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
