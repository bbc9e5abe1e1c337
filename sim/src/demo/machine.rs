//! The device, as the demo starts, uses and stops it: the real agent behind a simulated reader, screen and clock.

use super::DemoError;
use crate::{clock::SimulatedClock, screen::Glass};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};
use touchpoint_agent::{
    config::Config,
    device::{Device, DeviceError},
    domain::moment::VisitAttributes,
    identify::{Arrival, EVENTS, Event},
    journal::JournalState,
    keys::Keys,
    status::{LineStatus, VisitLoop, VisitStatus},
};
use touchpoint_display::{Screen, Theme};
use touchpoint_protocol::card::Card;

/// How long the agent may take for one step of a visit. It takes milliseconds; a loaded machine may take a hundred times that.
const STEP: Duration = Duration::from_secs(10);

/// How long synchronisation, delivery and reconnection may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A running agent. Dropped, it stops by itself.
pub(super) struct Machine {
    events: mpsc::Sender<Event>,
    pub(super) visits: watch::Receiver<VisitLoop>,
    pub(super) line: watch::Receiver<LineStatus>,
    pub(super) journal: watch::Receiver<JournalState>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), DeviceError>>,
}

/// Opens the device's files as its own `run` would.
pub(super) async fn open(config: &Config) -> Result<Device, DemoError> {
    let Keys { master, tokens, head_office, .. } = Keys::load(&config.keys, &config.databases())?;
    Ok(Device::open(config.clone(), &master, tokens, head_office).await?)
}

impl Machine {
    /// Starts the agent.
    pub(super) async fn start(
        config: &Config,
        glass: &Glass,
        clock: &Arc<SimulatedClock>,
    ) -> Result<Machine, DemoError> {
        let device = open(config).await?;
        let (events, happening) = mpsc::channel(EVENTS);
        let (visits, line, journal) = (device.visits(), device.line(), device.journal().state());
        let (stop, stopped) = oneshot::channel::<()>();
        let (screen, clock) = (Screen::new(glass.panel(), Theme::default()), Arc::clone(clock));
        let stopped = async { drop(stopped.await) };
        // A thread of its own, as on a real device, where the visits have the main thread to themselves.
        let runtime = Handle::current();
        let running = spawn_blocking(move || runtime.block_on(device.run(screen, happening, clock, stopped)));
        Ok(Machine { events, visits, line, journal, stop: Some(stop), running })
    }

    /// Stops the agent, and waits until its files are closed.
    pub(super) async fn stop(&mut self) -> Result<(), DemoError> {
        self.stop = None;
        let stopped = timeout(PATIENCE, &mut self.running).await.map_err(|_| late("the agent's end", PATIENCE))?;
        Ok(stopped.map_err(|error| DemoError::Task("the agent", error))??)
    }

    /// A customer identifies themselves: what the agent decided.
    pub(super) async fn present(&self, card: Card) -> Result<VisitStatus, DemoError> {
        let (decided, decision) = oneshot::channel();
        let (seconds, attributes, received) = (None, VisitAttributes::default(), Instant::now());
        self.happens(Event::Arrived(Arrival { card, seconds, attributes, received, decided })).await?;
        match timeout(STEP, decision).await {
            Ok(Ok(Ok(status))) => Ok(*status),
            _ => Err(late("a decision", STEP)),
        }
    }

    /// Something happens at the machine.
    pub(super) async fn happens(&self, event: Event) -> Result<(), DemoError> {
        self.events.send_timeout(event, STEP).await.map_err(|_| late("the agent's attention", STEP))
    }

    /// Waits until everything that has happened so far is seen to, and says how the visit stands then.
    pub(super) async fn settled(&self) -> Result<Option<VisitStatus>, DemoError> {
        // Events are taken in turn: whoever gets the picture stands behind everything before.
        let (reply, picture) = oneshot::channel();
        self.happens(Event::Picture(reply)).await?;
        match timeout(STEP, picture).await {
            Ok(Ok(_)) => Ok(self.visits.borrow().visit.clone()),
            _ => Err(late("the end of a step", STEP)),
        }
    }

    /// Waits until the time of the message on the glass is up: the one end of a showing that no event brings about.
    pub(super) async fn time_up(&mut self) -> Result<(), DemoError> {
        let ended = |status: &VisitLoop| status.visit.as_ref().is_some_and(|visit| visit.ending.is_some());
        match timeout(STEP, self.visits.wait_for(ended)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(late("the end of a showing", STEP)),
        }
    }

    /// The customer goes. Returns, once everything about the visit is recorded, how it went.
    pub(super) async fn leave(&mut self) -> Result<Option<VisitStatus>, DemoError> {
        self.happens(Event::Left).await?;
        self.happens(Event::PinEntry(false)).await?;
        self.settled().await
    }

    /// Waits until the line is as said.
    pub(super) async fn connected(&mut self, connected: bool) -> Result<(), DemoError> {
        if let Ok(Ok(_)) = timeout(PATIENCE, self.line.wait_for(|line| line.connected == connected)).await {
            return Ok(());
        }
        let why = self.line.borrow().last_error.clone().unwrap_or_default();
        Err(match connected {
            true => late(format!("a connection ({why})"), PATIENCE),
            false => late("the agent's notice that the line is cut", PATIENCE),
        })
    }

    /// Waits until the device holds these customers and campaigns.
    pub(super) async fn synchronised(&mut self, rows: u64, revision: u64) -> Result<(), DemoError> {
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
    pub(super) async fn delivered(&mut self) -> Result<(), DemoError> {
        if let Ok(Ok(_)) = timeout(PATIENCE, self.journal.wait_for(|state| state.confirmed == state.recorded)).await {
            return Ok(());
        }
        let JournalState { confirmed, recorded, .. } = self.journal.borrow().clone();
        Err(late(format!("delivery ({confirmed} of {recorded} interactions confirmed)"), PATIENCE))
    }
}

fn late(missing: impl Into<String>, patience: Duration) -> DemoError {
    DemoError::Late { missing: missing.into(), seconds: patience.as_secs() }
}
