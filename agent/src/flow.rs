//! The three loops. Each reads from top to bottom; none calls another, and all they share is the two databases.
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
//! - Nothing is drawn while PIN entry may be active, and no visit lasts longer than
//!   [`VISIT_SECONDS`](crate::config::VISIT_SECONDS).

use std::{sync::Arc, time::Duration};
use tokio::{
    select,
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};
use touchpoint_display::View;
use touchpoint_protocol::{
    batch::Batch,
    campaign::{AnswerKind, Text},
    delta::Delta,
    interaction::{Ending, Fact, Interaction, Reason, Trigger},
    limits,
};

use crate::{
    campaigns::Campaigns,
    chain,
    clock::Clock,
    desk::{Desk, new_visit},
    domain::decide::{Decision, decide},
    following::Following,
    happening::{Step, step},
    identify::{Arrival, Caller, Event, Events},
    journal::{Journal, JournalError},
    status::Phase,
    upstream::{Heads, Upstream},
    visit::{Showing, Visit},
};

/// How long thanks are shown: read in two seconds, and gone before the card is.
const THANKS: Duration = Duration::from_secs(4);

/// How often the countdown moves: ten times a second it is seen to run, and a step costs next to nothing.
const TICK: Duration = Duration::from_millis(100);

/// How often it moves on a panel that refuses: what is said of that ten times a second is not read.
const REFUSED_TICK: Duration = Duration::from_secs(1);

/// Interactions that may be sent and not yet confirmed: 16 batches, so that a long line is busy and a broken one repeats little.
const UNCONFIRMED: u64 = 16 * limits::BATCH as u64;

/// How long to wait for head office's confirmation before sending again what it should have had: longer than it takes over a poor
/// line, and as long as head office takes to start again.
const SEND_AGAIN: Duration = Duration::from_secs(15);

/// How long to wait after something could not be fetched. Mostly head office was away, and is back soon.
const FETCH_AGAIN: Duration = Duration::from_secs(5);

/// The first loop: one visit after the other, until the agent is to stop.
pub async fn visit<C: Clock>(mut desk: Desk<C>, mut events: Events) {
    // Who is still there, as far as anybody knows, though nothing more is on the glass for them.
    let mut here: Option<Visit> = None;
    desk.invite();
    loop {
        let (clock, turn_ends) = (Arc::clone(&desk.clock), desk.turn.ends);
        select! {
            event = events.next() => match event {
                None => return,
                Some(Event::Arrived(_)) if desk.out_of_order => tracing::info!("nobody is served: the machine is out of order"),
                Some(Event::Arrived(arrival)) => {
                    here = serve(&mut desk, &mut events, arrival).await;
                    desk.invite();
                }
                Some(Event::Turned(turn)) => {
                    if let Some(mut visit) = here.take().filter(|visit| visit.may_show() && desk.seconds_until(visit.ends.at()) > 0) {
                        let trigger = visit.turn(turn);
                        here = attend(&mut desk, &mut events, visit, trigger, None).await;
                        desk.invite();
                    }
                }
                Some(Event::PinEntry(active)) => {
                    desk.pin_entry = active;
                    desk.invite();
                }
                Some(Event::OutOfOrder(stopped)) => {
                    desk.out_of_order = stopped;
                    here = None;
                    desk.invite();
                }
                Some(Event::Cancelled | Event::Left) => here = None,
                Some(Event::Picture(reply)) => desk.picture(reply),
                Some(Event::Panel(panel)) => if desk.panel(panel) { desk.invite() },
                // Nothing is on the glass that could be answered.
                Some(Event::Answered(_) | Event::Touched(_) | Event::Pressed(..) | Event::Chosen(_)) => {}
            },
            Ok(()) = desk.campaigns.changed() => desk.invite(),
            // Whoever comes by may not read the language before.
            () = clock.reach(turn_ends.unwrap_or_default()), if turn_ends.is_some() => desk.invite_next(),
        }
    }
}

/// One visit: card, token, look-up, and then what [`attend`] does. Returns the visit, if more may come of it.
async fn serve<C: Clock>(desk: &mut Desk<C>, events: &mut Events, arrival: Arrival) -> Option<Visit> {
    let Arrival { card, seconds, attributes, received, decided } = arrival;
    let ends = desk.ends(seconds);
    let id = match new_visit() {
        Ok(id) => id,
        Err(error) => {
            tracing::error!(%error, "a visit has no name, and is not served");
            return None;
        }
    };

    // Card -> token. The card is gone after this line.
    let tokens = desk.tokens.tokens(card);

    // Look up. Whoever cannot be looked up is shown nothing, rather than something they may have objected to.
    match desk.look_up(tokens) {
        Ok(known) => {
            let visit = Visit::new(id, known, attributes, received, ends);
            attend(desk, events, visit, Trigger::Arrival, Some(decided)).await
        }
        Err(error) => {
            tracing::error!(error = chain(&error), "a customer could not be looked up");
            let fact = Fact::NotShown { reason: Reason::CacheFailed, campaign: None, trigger: Trigger::Arrival };
            desk.record(&id, None, fact).await;
            None
        }
    }
}

/// What comes next in a visit.
enum Next {
    /// Another decision.
    Decide(Trigger),
    /// Nothing, unless the customer does something more.
    Idle,
    /// Nothing at all.
    Over,
}

/// Decides, shows and records; and again whenever something calls for it. Returns the visit, if more may come of it.
async fn attend<C: Clock>(
    desk: &mut Desk<C>,
    events: &mut Events,
    mut visit: Visit,
    mut trigger: Trigger,
    mut caller: Option<Caller>,
) -> Option<Visit> {
    let mut glass: Option<Showing> = None;
    desk.read_as(&visit);
    loop {
        // Decide.
        let campaigns = desk.campaigns.borrow().clone();
        let moment = desk.moment(&mut visit, trigger, campaigns.as_deref());
        let decision = match &campaigns {
            Some(campaigns) => decide(&campaigns.bundle, visit.customer.as_ref(), &visit.contacts, &moment),
            None => Decision::none(),
        };
        desk.decided(&visit, &moment, &decision);
        for campaign in &decision.held_out {
            if !visit.is_news(campaign) {
                continue;
            }
            let fact = Fact::HeldOut { campaign: (*campaign).clone(), segment: visit.segment(), trigger };
            desk.record(&visit.id, visit.customer_id(), fact).await;
        }

        // Show, unless it is on the glass already; and record, or record why not.
        let next;
        (glass, next) = match (&decision.choice, &campaigns, glass) {
            (Some(choice), Some(campaigns), Some(showing)) if showing.is(choice) => {
                until_ended(desk, events, &mut visit, showing, campaigns, trigger).await
            }
            (Some(choice), _, before) if desk.pin_entry => {
                desk.make_way(&mut visit, before, Some(choice)).await;
                // Whoever waits for the decision need not wait for the PIN. What time is left then is decided upon again.
                desk.tell_caller(&mut caller);
                let next = after_pin_entry(desk, events, &mut visit, choice.seconds, trigger).await;
                if !matches!(next, Next::Decide(again) if again != Trigger::TimeRunningOut) {
                    desk.not_shown(&visit, Reason::NoTime, Some(&choice.campaign.id), trigger).await;
                }
                (None, next)
            }
            (Some(choice), Some(campaigns), before) => {
                desk.make_way(&mut visit, before, Some(choice)).await;
                let showing = Showing::new(choice, campaigns, visit.customer.as_ref(), moment.seconds_left);
                match desk.present(&mut visit, showing, trigger, &mut caller).await {
                    Some(showing) => {
                        desk.expect(choice, campaigns);
                        until_ended(desk, events, &mut visit, showing, campaigns, trigger).await
                    }
                    None => (None, Next::Idle),
                }
            }
            (_, campaigns, before) => {
                desk.make_way(&mut visit, before, None).await;
                desk.tell_caller(&mut caller);
                let (nearest, reason) = decision.nearest();
                desk.not_shown(&visit, reason, nearest, trigger).await;
                match campaigns {
                    Some(campaigns) if trigger == Trigger::Answer => {
                        (None, thank(desk, events, &mut visit, campaigns).await)
                    }
                    _ => (None, Next::Idle),
                }
            }
        };
        match next {
            Next::Decide(next) => trigger = next,
            Next::Idle => return Some(visit),
            Next::Over => return None,
        }
    }
}

/// Waits for what ends a showing, and counts its seconds down meanwhile. Returns the showing, if it is still on the glass, and what
/// comes next.
async fn until_ended<C: Clock>(
    desk: &mut Desk<C>,
    events: &mut Events,
    visit: &mut Visit,
    mut showing: Showing,
    campaigns: &Campaigns,
    trigger: Trigger,
) -> (Option<Showing>, Next) {
    let mut tick = TICK;
    loop {
        let next_tick = desk.clock.since_boot() + tick;
        let ending = match step(desk, events, next_tick.min(visit.ends.at())).await {
            Step::Answered(kind) if showing.message.answers.contains(&kind) => Ending::Answered(kind),
            Step::Pressed(answer) => {
                // Who presses is there, and reads: time enough for that, or for what comes of the answer.
                visit.ends.extend(desk.clock.since_boot());
                match answer.and_then(|answer| showing.message.answers.get(answer)) {
                    Some(kind) => Ending::Answered(*kind),
                    None => {
                        desk.tick(visit.ends.at());
                        continue;
                    }
                }
            }
            Step::Left => Ending::CustomerLeft,
            Step::PinEntry(true) => {
                desk.put(&View::Blank, Phase::PinEntry);
                Ending::Interrupted
            }
            Step::Stopping => Ending::Interrupted,
            Step::Turned(turn) => match visit.turn(turn) {
                trigger if visit.may_show() => return (Some(showing), Next::Decide(trigger)),
                _ => continue,
            },
            Step::Time => match desk.seconds_until(visit.ends.at()) {
                0 => Ending::TimeUp,
                _ => {
                    tick = if desk.tick(visit.ends.at()) { TICK } else { REFUSED_TICK };
                    continue;
                }
            },
            // An answer that is not on the glass, or the end of a PIN entry that nobody announced.
            Step::Answered(_) | Step::PinEntry(false) => continue,
        };
        desk.end(visit, &showing, ending, ending != Ending::Interrupted).await;
        let next = match ending {
            Ending::Answered(kind) if showing.followed.contains(&kind) && visit.may_show() => {
                Next::Decide(Trigger::Answer)
            }
            Ending::Answered(AnswerKind::More) if showing.has_more() && visit.may_show() => {
                let left = desk.seconds_until(visit.ends.at());
                match desk.present(visit, showing.more(left), Trigger::Answer, &mut None).await {
                    Some(more) => {
                        showing = more;
                        continue;
                    }
                    None => Next::Idle,
                }
            }
            Ending::Answered(_) => thank(desk, events, visit, campaigns).await,
            Ending::Interrupted if desk.pin_entry => {
                after_pin_entry(desk, events, visit, showing.seconds, trigger).await
            }
            Ending::Interrupted | Ending::TimeUp | Ending::CustomerLeft => Next::Over,
        };
        return (None, next);
    }
}

/// Waits until PIN entry is over. A message that needs so many seconds is decided upon again if there is still time for it, and a
/// shorter one if there is time for any.
async fn after_pin_entry<C: Clock>(
    desk: &mut Desk<C>,
    events: &mut Events,
    visit: &mut Visit,
    seconds: u32,
    trigger: Trigger,
) -> Next {
    let mut trigger = trigger;
    loop {
        match step(desk, events, visit.ends.at()).await {
            Step::Left | Step::Stopping | Step::Time => return Next::Over,
            Step::Turned(turn) => trigger = visit.turn(turn),
            Step::PinEntry(false) => break,
            Step::PinEntry(true) | Step::Answered(_) | Step::Pressed(_) => {}
        }
    }
    match desk.seconds_until(visit.ends.at()) {
        _ if !visit.may_show() => Next::Idle,
        left if left >= seconds => Next::Decide(trigger),
        left if left >= Text::FEWEST_SECONDS => Next::Decide(Trigger::TimeRunningOut),
        _ => Next::Idle,
    }
}

/// Thanks for an answer, until the customer has read it or does something else.
async fn thank<C: Clock>(desk: &mut Desk<C>, events: &mut Events, visit: &mut Visit, campaigns: &Campaigns) -> Next {
    desk.put(&campaigns.thanks(visit.spoken()), Phase::Thanks);
    let ends = desk.clock.since_boot() + THANKS;
    loop {
        match step(desk, events, ends).await {
            Step::Left | Step::Stopping => return Next::Over,
            Step::PinEntry(_) | Step::Time => return Next::Idle,
            Step::Turned(turn) => match visit.turn(turn) {
                trigger if visit.may_show() => return Next::Decide(trigger),
                _ => {}
            },
            Step::Answered(_) | Step::Pressed(_) => {}
        }
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
