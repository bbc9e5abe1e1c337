//! The device on this machine: the real agent behind a simulated reader and screen, started, used, stopped and switched off.

use std::{
    io,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    runtime, select,
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinHandle, spawn_blocking},
    time::timeout,
};
use touchpoint_agent::{
    clock::Clock,
    config::Config,
    device::{Device, DeviceError},
    domain::moment::VisitAttributes,
    explain::Explainer,
    identify::{Arrival, EVENTS, Event},
    journal::JournalState,
    keys::{Keys, KeysError},
    status::{LineStatus, VisitLoop, VisitStatus},
};
use touchpoint_display::Screen;
use touchpoint_protocol::card::Card;

/// How long the agent may take for one step of a visit. It takes milliseconds; a loaded machine may take a hundred times that.
const STEP: Duration = Duration::from_secs(10);

/// How long synchronisation and delivery may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a device that was cut off may take to try again: a minute at most, and a connection on top.
const RECONNECTED: Duration = Duration::from_secs(90);

/// How long a task of the agent may go on after its power was cut: until where it waits next, which is microseconds away.
const AFTERGLOW: Duration = Duration::from_secs(1);

/// A running agent. Dropped, it stops by itself.
#[derive(Debug)]
pub struct Machine {
    events: mpsc::Sender<Event>,
    /// What the visit loop says of itself.
    pub visits: watch::Receiver<VisitLoop>,
    /// What the loops on the line say of themselves.
    pub line: watch::Receiver<LineStatus>,
    /// How far the journal is.
    pub journal: watch::Receiver<JournalState>,
    /// What its decisions are explained with.
    pub explainer: Explainer,
    stop: Option<oneshot::Sender<()>>,
    power: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), MachineError>>,
}

/// What the device did not do.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// Its keys cannot be used.
    #[error("the device's keys")]
    Keys(#[from] KeysError),
    /// It does not open or close.
    #[error("the device")]
    Device(#[from] DeviceError),
    /// There are no threads for it.
    #[error("the agent gets no threads")]
    Threads(#[source] io::Error),
    /// Its task failed.
    #[error("the agent failed")]
    Task(#[source] JoinError),
    /// Another customer stands at it.
    #[error("another visit is going on")]
    Busy,
    /// Something did not come in time.
    #[error("{missing} did not come within {seconds} s")]
    Late {
        /// What, with how far it got.
        missing: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

/// Opens the device's files as its own `run` would.
///
/// # Errors
/// Its keys or files cannot be used.
pub async fn open(config: &Config) -> Result<Device, MachineError> {
    let Keys { master, tokens, head_office, .. } = Keys::load(&config.keys, &config.databases())?;
    Ok(Device::open(config.clone(), &master, tokens, head_office).await?)
}

impl Machine {
    /// Starts the agent.
    ///
    /// # Errors
    /// Its keys or files cannot be used.
    pub async fn start<C: Clock>(config: &Config, screen: Screen, clock: &Arc<C>) -> Result<Machine, MachineError> {
        let device = open(config).await?;
        let (events, happening) = mpsc::channel(EVENTS);
        let (visits, line, journal) = (device.visits(), device.line(), device.journal().state());
        let explainer = device.explainer();
        let (stop, stopped) = oneshot::channel::<()>();
        let (power, cut) = oneshot::channel::<()>();
        let clock = Arc::clone(clock);
        let stopped = async { drop(stopped.await) };
        // Threads of its own, as on a real device: one for visits, one for the line. And when its power is cut, they are all it was.
        let running = spawn_blocking(move || powered(device.run(screen, happening, clock, stopped), cut));
        Ok(Machine { events, visits, line, journal, explainer, stop: Some(stop), power: Some(power), running })
    }

    /// Stops the agent, and waits until its files are closed.
    ///
    /// # Errors
    /// They could not be, or it takes too long.
    pub async fn stop(&mut self) -> Result<(), MachineError> {
        self.stop = None;
        self.ended().await
    }

    /// Cuts the agent's power: it ends where it stands, says goodbye to nobody and ends no visit. What was committed to its files is
    /// in them, as after a power cut on a disk that keeps its word.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn cut_power(mut self) -> Result<(), MachineError> {
        if let Some(power) = self.power.take() {
            // If nobody listens, it has ended by itself.
            let _ = power.send(());
        }
        self.ended().await
    }

    /// A customer identifies themselves: what the agent decided.
    ///
    /// # Errors
    /// Another visit is going on, or there is no decision in time.
    pub async fn present(&self, card: Card) -> Result<VisitStatus, MachineError> {
        self.present_for(card, None, VisitAttributes::default()).await
    }

    /// The same, with what is known of the visit.
    ///
    /// # Errors
    /// Another visit is going on, or there is no decision in time.
    pub async fn present_for(
        &self,
        card: Card,
        seconds: Option<u32>,
        attributes: VisitAttributes,
    ) -> Result<VisitStatus, MachineError> {
        let (decided, decision) = oneshot::channel();
        let received = Instant::now();
        self.happens(Event::Arrived(Arrival { card, seconds, attributes, received, decided })).await?;
        match timeout(STEP, decision).await {
            Ok(Ok(Ok(status))) => Ok(*status),
            Ok(Ok(Err(_))) => Err(MachineError::Busy),
            _ => Err(late("a decision", STEP)),
        }
    }

    /// Something happens at the machine.
    ///
    /// # Errors
    /// The agent does not take notice in time.
    pub async fn happens(&self, event: Event) -> Result<(), MachineError> {
        self.events.send_timeout(event, STEP).await.map_err(|_| late("the agent's attention", STEP))
    }

    /// Waits until everything that has happened so far is seen to, and says how the visit stands then.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn settled(&self) -> Result<Option<VisitStatus>, MachineError> {
        // Events are taken in turn: whoever gets the picture stands behind everything before.
        let (reply, picture) = oneshot::channel();
        self.happens(Event::Picture(reply)).await?;
        match timeout(STEP, picture).await {
            Ok(Ok(_)) => Ok(self.visits.borrow().visit.clone()),
            _ => Err(late("the end of a step", STEP)),
        }
    }

    /// Waits until the time of the message on the glass is up: the one end of a showing that no event brings about.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn time_up(&mut self) -> Result<(), MachineError> {
        let ended = |status: &VisitLoop| status.visit.as_ref().is_some_and(|visit| visit.ending.is_some());
        match timeout(STEP, self.visits.wait_for(ended)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(late("the end of a showing", STEP)),
        }
    }

    /// The customer goes. Returns, once everything about the visit is recorded, how it went.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn leave(&mut self) -> Result<Option<VisitStatus>, MachineError> {
        self.happens(Event::Left).await?;
        self.happens(Event::PinEntry(false)).await?;
        self.settled().await
    }

    /// Waits until the line is as said.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn connected(&mut self, connected: bool) -> Result<(), MachineError> {
        if let Ok(Ok(_)) = timeout(RECONNECTED, self.line.wait_for(|line| line.connected == connected)).await {
            return Ok(());
        }
        let why = self.line.borrow().last_error.clone().unwrap_or_default();
        Err(match connected {
            true => late(format!("a connection ({why})"), RECONNECTED),
            false => late("the agent's notice that the line is cut", RECONNECTED),
        })
    }

    /// Waits until the device holds these customers and campaigns.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn synchronised(&mut self, rows: u64, revision: u64) -> Result<(), MachineError> {
        let whole = |line: &LineStatus| line.customers == rows && line.campaigns == revision;
        if let Ok(Ok(_)) = timeout(PATIENCE, self.line.wait_for(whole)).await {
            return Ok(());
        }
        let LineStatus { customers, campaigns, last_error, last_refusal, .. } = self.line.borrow().clone();
        let why = last_refusal.or(last_error).map(|why| format!(", {why}")).unwrap_or_default();
        Err(late(
            format!("synchronisation ({customers} of {rows} tokens, campaigns {campaigns} of {revision}{why})"),
            PATIENCE,
        ))
    }

    /// Waits until head office has confirmed everything recorded.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn delivered(&mut self) -> Result<(), MachineError> {
        if let Ok(Ok(_)) = timeout(PATIENCE, self.journal.wait_for(|state| state.confirmed == state.recorded)).await {
            return Ok(());
        }
        let JournalState { confirmed, recorded, .. } = self.journal.borrow().clone();
        Err(late(format!("delivery ({confirmed} of {recorded} interactions confirmed)"), PATIENCE))
    }

    async fn ended(&mut self) -> Result<(), MachineError> {
        let ended = timeout(PATIENCE, &mut self.running).await.map_err(|_| late("the agent's end", PATIENCE))?;
        ended.map_err(MachineError::Task)?
    }
}

/// Runs the agent on threads of its own until it ends or its power is cut. Blocks.
fn powered(run: impl Future<Output = Result<(), DeviceError>>, cut: oneshot::Receiver<()>) -> Result<(), MachineError> {
    let threads = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let threads = threads.map_err(MachineError::Threads)?;
    let cut = async {
        // A machine that was dropped has stopped as well; its power is not cut.
        if cut.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let mut run = pin!(run);
    let ended = threads.block_on(async {
        select! {
            biased;
            () = cut => None,
            ended = &mut run => Some(ended),
        }
    });
    match ended {
        Some(ended) => Ok(ended?),
        None => {
            // The tasks first, and what they listen to after them: none may hear that it is over, and say goodbye.
            threads.shutdown_timeout(AFTERGLOW);
            Ok(())
        }
    }
}

fn late(missing: impl Into<String>, patience: Duration) -> MachineError {
    MachineError::Late { missing: missing.into(), seconds: patience.as_secs() }
}
