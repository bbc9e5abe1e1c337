//! Where customers come from: everything that can happen at a machine, as one stream of events.
//!
//! The transaction application speaks through the local API, a simulator through its reader, and the kernel's
//! input devices for themselves; all end in an [`Event`]. What was
//! read becomes a [`Card`] here and a token in the visit's first step, and exists nowhere in between.

use std::{fmt, future::Future, pin::Pin, time::Instant};
use tokio::{
    select,
    sync::{mpsc, oneshot},
};
use touchpoint_display::{Frame, Point, Side};
use touchpoint_protocol::{campaign::AnswerKind, card::Card, name::Language};

use crate::{domain::moment::VisitAttributes, panels::PanelStatus, status::VisitStatus};

pub mod evdev;
pub mod track;

/// Most events that may wait for the visit loop: far more than a person can cause within one step of a visit.
pub const EVENTS: usize = 16;

/// Something happened at the machine.
#[derive(Debug)]
pub enum Event {
    /// A customer identified themselves.
    Arrived(Arrival),
    /// The customer answered the message on the glass.
    Answered(AnswerKind),
    /// The customer touched the glass, so many pixels from its top left. What is there, the screen knows.
    Touched(Point),
    /// The customer pressed a function key: the side of the glass it is on, and its number from the top, from 0.
    Pressed(Side, usize),
    /// The customer pressed a key that stands for an answer, wherever that is shown.
    Chosen(AnswerKind),
    /// The customer pressed the cancel key: they want no more of it.
    Cancelled,
    /// PIN entry may be active from now on, or no longer.
    PinEntry(bool),
    /// The machine serves nobody from now on, or somebody again.
    OutOfOrder(bool),
    /// Something calls for another decision.
    Turned(Turn),
    /// The customer left: card, cash or receipt taken.
    Left,
    /// Somebody asks what is on the glass.
    Picture(oneshot::Sender<Frame>),
    /// The panel failed, or is there again and has forgotten what it showed.
    Panel(PanelStatus),
}

/// What the customer does at the machine that may call for another message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// They ask for their balance.
    BalanceEnquiry,
    /// They choose this language.
    Language(Language),
}

/// A customer who identified themselves.
pub struct Arrival {
    /// By what.
    pub card: Card,
    /// How many seconds they will wait; the configured time if nobody knows.
    pub seconds: Option<u32>,
    /// What else is said of their visit.
    pub attributes: VisitAttributes,
    /// When their card was read: what card to pixels is measured from.
    pub received: Instant,
    /// Who wants to know what was decided, or that another visit is going on.
    pub decided: Caller,
}

/// Where a decision is told, once.
pub type Caller = oneshot::Sender<Result<Box<VisitStatus>, Busy>>;

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival").field("card", &self.card).field("seconds", &self.seconds).finish_non_exhaustive()
    }
}

/// What happens at the machine, until the agent is to stop.
pub struct Events {
    receiver: mpsc::Receiver<Event>,
    stop: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Events {
    /// Everything that is sent to `receiver`, until `stop` resolves.
    pub fn new(receiver: mpsc::Receiver<Event>, stop: impl Future<Output = ()> + Send + 'static) -> Events {
        Events { receiver, stop: Some(Box::pin(stop)) }
    }

    /// What happens next; `None` once the agent is to stop. Safe to cancel: no event is lost.
    pub async fn next(&mut self) -> Option<Event> {
        let stop = self.stop.as_mut()?;
        let event = select! {
            event = self.receiver.recv() => event,
            () = stop => None,
        };
        if event.is_none() {
            self.stop = None;
        }
        event
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// Another customer stands at the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another visit is going on")]
pub struct Busy;
