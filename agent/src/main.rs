//! `touchpoint-agent`: configuration, open, wire, run the three loops.

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    time::timeout,
};
use touchpoint_agent::{
    api::{Api, ApiError, Listener},
    chain,
    clock::{ClockError, SystemClock},
    config::{Config, ConfigError},
    device::{Device, DeviceError},
    identify::{
        EVENTS,
        evdev::{self, Places},
    },
    keys::{Keys, KeysError},
    log,
    panels::{Condition, KeptPanel, PanelChoice, PanelStatus},
};
use touchpoint_display::{Glass, Screen, Size, Theme};
use tracing::Level;

mod ask;
mod panel;

/// The edge agent for ATMs and retail kiosks.
#[derive(Debug, Parser)]
#[command(version, after_help = "Exit codes: 0 stopped as asked, 1 failed, 2 wrong usage.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the device until SIGTERM or SIGINT.
    #[command(after_help = "Example: touchpoint-agent run --config /etc/touchpoint/agent.toml")]
    Run {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Only says whether the configuration can be used.
        #[arg(long)]
        check: bool,
    },
    /// Says which message somebody would be shown, and why each other one not. Nothing is shown or recorded.
    #[command(after_help = ask::EXAMPLES)]
    Explain(ask::Question),
    /// Looks after the panel.
    #[command(subcommand)]
    Panel(panel::PanelCommand),
}

/// How long requests that were being answered may take once the agent is to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// How long the start waits for the panel: a card that asks a monitor for its modes takes a second. Without it the agent runs on.
const FIRST_PANEL: Duration = Duration::from_secs(3);

/// Why the agent stopped, other than because it was asked to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("configuration")]
    Config(#[from] ConfigError),
    #[error("keys")]
    Keys(#[from] KeysError),
    #[error("clock")]
    Clock(#[from] ClockError),
    #[error("databases")]
    Device(#[from] DeviceError),
    #[error("local api")]
    Api(#[from] ApiError),
    #[error("cannot keep secrets out of core dumps")]
    CoreDumps(#[source] rustix::io::Errno),
    #[error("cannot {what}")]
    System {
        what: &'static str,
        #[source]
        source: std::io::Error,
    },
}

fn main() -> ExitCode {
    let (config, check) = match Arguments::parse().command {
        Command::Run { config, check } => (config, check),
        Command::Explain(question) => return question.answer(),
        Command::Panel(command) => return command.run(),
    };
    log::to_stderr(Level::INFO);
    // Two threads for the line and the local API, beside this one, which serves the visits and may block. More would only cost memory.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime
        .map_err(|source| Failure::System { what: "start threads", source })
        .and_then(|runtime| runtime.block_on(run(&config, check)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tracing::error!(error = chain(&failure), "stopped");
            ExitCode::FAILURE
        }
    }
}

async fn run(path: &std::path::Path, check: bool) -> Result<(), Failure> {
    let config = Config::read(path)?;
    if check {
        return Ok(());
    }
    // Keys are in memory from here on.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(Failure::CoreDumps)?;
    let Keys { master, tokens, head_office, api_token } = Keys::load(&config.keys, &config.databases())?;
    let clock = Arc::new(SystemClock::new()?);
    let (glass, choice, input, size) =
        (config.glass.clone(), config.panel.clone(), config.input.clone(), config.screen);
    let listener = match &config.api {
        Some(listen) => Some(Listener::bind(listen).await?),
        None => None,
    };
    let device = Device::open(config, &master, tokens, head_office).await?;
    drop(master);

    // A signal is an event like any other: seen once, acted on by the visit loop and by the API.
    let (stop, stopping) = watch::channel(());
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        signals.wait().await;
        drop(stop);
    });
    let stopped = |mut stopping: watch::Receiver<()>| async move { while stopping.changed().await.is_ok() {} };

    let (events, happening) = mpsc::channel(EVENTS);
    tokio::spawn(evdev::listen(input, Places::default(), size, Arc::clone(&clock), events.clone()));
    let (visits, line, journal) = (device.visits(), device.line(), device.journal().state());
    let api = listener.map(|listener| {
        tracing::info!(api = listener.place(), "ready");
        let (events, explainer, token) = (events.clone(), device.explainer(), Arc::new(api_token));
        let api = Api { events, visits, line, journal, explainer, token };
        tokio::spawn(listener.serve(api, stopped(stopping.clone())))
    });
    if choice == PanelChoice::None {
        tracing::warn!("screen.panel is none: everything works, and nobody sees it");
    }
    // As late as possible: as long as the agent may not start at all, the console shows why.
    let (panel, mut panel_status) = KeptPanel::keep(glass.size, {
        let glass = glass.clone();
        move || choice.open(&glass)
    });
    let glass = Glass { millimetres: first_word(&mut panel_status).await.or(glass.millimetres), ..glass };
    tokio::spawn(PanelStatus::tell(panel_status, events));
    let screen = Screen::on(glass, Box::new(panel), Theme::default());
    let outcome = device.run(screen, happening, clock, stopped(stopping)).await;
    if let Some(api) = api {
        // A caller that never closes its connection does not keep the agent from stopping.
        match timeout(LAST_REQUESTS, api).await {
            Ok(Ok(Err(source))) => return Err(Failure::System { what: "serve the local api", source }),
            Ok(_) => {}
            Err(_) => tracing::warn!("a caller of the local api was cut off"),
        }
    }
    tracing::info!("stopped as asked");
    Ok(outcome?)
}

/// Waits for the panel, but not for ever: the size of its visible area, if it is there and knows.
async fn first_word(panel: &mut watch::Receiver<PanelStatus>) -> Option<Size> {
    let known = timeout(FIRST_PANEL, panel.wait_for(|panel| panel.condition != Condition::Opening)).await;
    known.ok()?.ok()?.facts.as_ref()?.millimetres.map(Size::from)
}

/// SIGTERM from a service manager, SIGINT from a terminal.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Signals, Failure> {
        let listen = |kind| signal(kind).map_err(|source| Failure::System { what: "listen to signals", source });
        Ok(Signals { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
