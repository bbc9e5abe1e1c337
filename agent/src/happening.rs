//! What happens in a visit: the stream of events as one visit sees it.

use std::{sync::Arc, time::Duration};
use tokio::select;
use touchpoint_protocol::campaign::AnswerKind;

use crate::{
    clock::Clock,
    desk::Desk,
    identify::{Busy, Event, Events, Turn},
    press::Press,
};

/// What happens in a visit.
#[derive(Debug)]
pub(crate) enum Step {
    /// The customer answered, by a key or as the transaction application says.
    Answered(AnswerKind),
    /// The customer pressed the answer at this position, or nothing that is one.
    Pressed(Option<usize>),
    /// Something calls for another decision.
    Turned(Turn),
    /// PIN entry may be active from now on, or no longer.
    PinEntry(bool),
    /// The customer left, or wants no more of it.
    Left,
    /// The time that was waited for has come.
    Time,
    /// The agent is to stop, or the machine serves nobody any more.
    Stopping,
}

/// Waits for what happens next in a visit, or for this time after boot. What changes nothing about the visit is seen to here.
pub(crate) async fn step<C: Clock>(desk: &mut Desk<C>, events: &mut Events, until: Duration) -> Step {
    loop {
        let clock = Arc::clone(&desk.clock);
        select! {
            // What a customer did in the last moment counts before the end of time.
            biased;
            event = events.next() => match event {
                None => return Step::Stopping,
                Some(Event::Answered(kind)) => return Step::Answered(kind),
                Some(Event::Touched(point)) => if let Some(answer) = desk.touched(point) {
                    return Step::Pressed(answer);
                },
                Some(Event::Pressed(side, number)) => if let Some(answer) = desk.key_pressed(side, number) {
                    return Step::Pressed(answer);
                },
                Some(Event::Chosen(kind)) => if desk.counts(Press::Answer(kind)) {
                    return Step::Answered(kind);
                },
                Some(Event::Turned(turn)) => return Step::Turned(turn),
                Some(Event::PinEntry(active)) => {
                    desk.pin_entry = active;
                    return Step::PinEntry(active);
                }
                Some(Event::OutOfOrder(stopped)) => {
                    desk.out_of_order = stopped;
                    if stopped {
                        return Step::Stopping;
                    }
                }
                Some(Event::Cancelled | Event::Left) => return Step::Left,
                Some(Event::Arrived(arrival)) => drop(arrival.decided.send(Err(Busy))),
                Some(Event::Picture(reply)) => desk.picture(reply),
                Some(Event::Panel(panel)) => if desk.panel(panel) { desk.repaint() },
            },
            () = clock.reach(until) => return Step::Time,
        }
    }
}
