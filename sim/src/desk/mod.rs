//! The desk: a machine, a head office and everything between them, for somebody who tries things out.
//!
//! ```text
//! options, set_up   how it is made         command     what somebody does       fault     what goes wrong
//! premises          what stands on it      state       what can be seen         samples   who comes
//! clock, disk, log  what the device has    folder      campaigns, followed      script    all of it without hands
//! drawer            where its files lie
//! ```
//!
//! The agent, head office, the broker between them and the databases are the real ones, in real time; glass, reader, line and clock are
//! simulated, and the disk is one that can be full. Whoever sits at the desk, through a page, a window or a script, sends a [`Command`] and
//! looks at the [`State`]. One task owns everything, does one thing after the other, and tells what came of it.

mod error;
mod options;

mod command;
mod fault;
mod state;

mod clock;
mod disk;
mod drawer;
mod folder;
mod log;
mod samples;

mod premises;

mod play;
mod script;

pub use clock::DeskClock;
pub use command::{Command, Number, NumberKind, Saying, SetUp};
pub use disk::{Disk, DiskError, Mounts};
pub use error::{DeskError, Refusal};
pub use fault::Fault;
pub use log::{Line as LogLine, Tail};
pub use options::Options;
pub use play::{Outcome, play};
pub use samples::{About, Sample, Samples};
pub use script::{Expectation, Script, ScriptError, Step};
pub use state::{FactLine, FaultLine, Journal, Kiosk, Office, ProblemLine, State, StepLine, VerdictLine, VisitLine};

use crate::screen::Glass;
use premises::Premises;
use std::{sync::Arc, time::Duration};
use tokio::{
    select,
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

/// Commands that may wait: more than somebody gives before they see what came of the first.
const COMMANDS: usize = 16;

/// How often the campaign folder is looked at: somebody who saves a file looks up after about that long.
const LOOK: Duration = Duration::from_millis(500);

/// How long news are gathered before they are told: many of them come together, and nobody reads faster.
const GATHER: Duration = Duration::from_millis(20);

/// A desk at which one can sit. Clones are the same desk.
#[derive(Debug, Clone)]
pub struct Desk {
    orders: mpsc::Sender<Order>,
    state: watch::Receiver<Arc<State>>,
    glass: Glass,
}

/// A desk that is there until it is closed.
#[derive(Debug)]
pub struct Attended {
    /// Dropped, it closes the desk, whoever still looks at it.
    close: oneshot::Sender<()>,
    running: JoinHandle<Result<(), DeskError>>,
}

/// Something to be done, and whom to tell how it went.
#[derive(Debug)]
struct Order {
    what: What,
    done: oneshot::Sender<Result<(), Refusal>>,
}

#[derive(Debug)]
enum What {
    Command(Command),
    /// How far a script is.
    Script(Vec<StepLine>),
}

impl Desk {
    /// Sets a desk up, to be closed with [`Attended::close`].
    ///
    /// # Errors
    /// What could not be set up.
    pub async fn set_up(options: Options) -> Result<(Desk, Attended), DeskError> {
        let mut premises = Premises::set_up(options).await?;
        let (orders, received) = mpsc::channel(COMMANDS);
        let (told, state) = watch::channel(Arc::new(premises.state().await));
        let glass = premises.glass.clone();
        let (close, closed) = oneshot::channel();
        let running = tokio::spawn(attend(premises, received, told, closed));
        Ok((Desk { orders, state, glass }, Attended { close, running }))
    }

    /// Does something. When this returns, the state says what came of it at once.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn command(&self, command: Command) -> Result<(), Refusal> {
        self.order(What::Command(command)).await
    }

    /// What can be seen, now and as it changes.
    pub fn state(&self) -> watch::Receiver<Arc<State>> {
        self.state.clone()
    }

    /// The glass of the machine.
    pub fn glass(&self) -> &Glass {
        &self.glass
    }

    /// Shows how far a script is.
    async fn tell(&self, steps: Vec<StepLine>) {
        // Whoever closes the desk meanwhile does not want to know.
        let _ = self.order(What::Script(steps)).await;
    }

    async fn order(&self, what: What) -> Result<(), Refusal> {
        let (done, outcome) = oneshot::channel();
        self.orders.send(Order { what, done }).await.map_err(|_| Refusal::Closed)?;
        outcome.await.map_err(|_| Refusal::Closed)?
    }
}

impl Attended {
    /// Closes everything, and waits until it is.
    ///
    /// # Errors
    /// Something did not end as it should.
    pub async fn close(self) -> Result<(), DeskError> {
        drop(self.close);
        self.running.await.map_err(DeskError::Task)?
    }
}

/// Does what it is told and tells what is new, until the desk is closed.
async fn attend(
    mut premises: Premises,
    mut orders: mpsc::Receiver<Order>,
    told: watch::Sender<Arc<State>>,
    mut closed: oneshot::Receiver<()>,
) -> Result<(), DeskError> {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let mut done = None;
        select! {
            _ = &mut closed => return premises.close().await,
            order = orders.recv() => match order {
                None => return premises.close().await,
                Some(Order { what: What::Command(command), done: reply }) => {
                    done = Some((premises.obey(command).await, reply));
                }
                Some(Order { what: What::Script(steps), done: reply }) => {
                    premises.script = steps;
                    done = Some((Ok(()), reply));
                }
            },
            () = premises.changed() => sleep(GATHER).await,
            _ = look.tick() => if !premises.look_at_campaigns().await { continue },
        }
        told.send_replace(Arc::new(premises.state().await));
        if let Some((outcome, reply)) = done {
            // Whoever no longer waits for it sees it all the same.
            let _ = reply.send(outcome);
        }
    }
}
