//! Sits down at the desk: sets it up as the command line says, and lets a page or a script use it.

use clap::Args;
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tokio::{
    select,
    signal::unix::{SignalKind, signal},
};
use touchpoint_agent::log::stderr;
use touchpoint_display::Size;
use touchpoint_protocol::utc::Utc;
use touchpoint_sim::{
    demo::Customers,
    desk::{
        Attended, Desk, DeskError, DiskError, Mounts, Options, Script, ScriptError, SetUp, StepLine, Tail,
        play as play_script,
    },
    web::{Listener, WebError},
};
use tracing::Level;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

/// How the desk is made.
#[derive(Debug, Args)]
pub(crate) struct Seat {
    /// The campaign folder, followed as it changes; a copy of the sample campaigns, if none is named
    #[arg(long, value_name = "DIR")]
    campaigns: Option<PathBuf>,
    /// How many customers head office knows beside the sample customers, 20 to 1000000
    #[arg(long, value_name = "N", default_value = "1000")]
    customers: Customers,
    /// What customers are made from: the same seed, the same customers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The kiosk's screen, in pixels
    #[arg(long, value_name = "WxH", default_value = "1024x768", value_parser = screen)]
    screen: Size,
    /// What the kiosk's clock says at first, for example 2026-11-02T10:15:00+01:00
    #[arg(long, value_name = "TIME")]
    at: Option<Utc>,
    /// A kiosk with four function keys on each side of the glass
    #[arg(long)]
    keys: bool,
}

/// What a desk is put on while the program has one thread: what all that come later share.
#[derive(Debug)]
pub(crate) struct Ground {
    log: Tail,
    mounts: Result<Mounts, DiskError>,
}

/// Why nobody could sit down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SitError {
    #[error(transparent)]
    Script(#[from] ScriptError),
    #[error(transparent)]
    Web(#[from] WebError),
    #[error("the desk")]
    Desk(#[from] DeskError),
    #[error("the campaign folder {} cannot be read", folder.display())]
    Campaigns {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[cfg(feature = "window")]
    #[error("there is no display for a window")]
    Display(#[from] touchpoint_sim::window::NoDisplay),
    #[error("cannot print")]
    Print(#[source] io::Error),
}

impl SitError {
    /// Whether it was asked for in a way that could not work.
    pub(crate) fn is_usage(&self) -> bool {
        matches!(self, SitError::Script(_) | SitError::Campaigns { .. } | SitError::Web(WebError::NotLoopback(_)))
    }
}

impl Ground {
    /// Takes mounts of the program's own, and sends the log to stderr, up to this level unless `RUST_LOG` says otherwise, and its end to the
    /// desk. Before any thread is begun.
    pub(crate) fn lay(level: Level) -> Ground {
        let (log, mounts) = (Tail::default(), Mounts::own());
        tracing_subscriber::registry().with(log.clone()).with(stderr(level)).init();
        Ground { log, mounts }
    }
}

/// Serves the desk as a page until Ctrl-C.
pub(crate) async fn web(listen: SocketAddr, seat: Seat, script: Option<&Path>, ground: Ground) -> Result<(), SitError> {
    let script = script.map(Script::read).transpose()?;
    let listener = Listener::bind(listen).await?;
    let (desk, attended) = seat.sit(script.as_ref(), ground).await?;
    let folder = desk.state().borrow().office.folder.clone();
    let told = writeln!(io::stdout(), "http://{}\ncampaigns: {folder}", listener.address());
    told.map_err(SitError::Print)?;
    tracing::info!(page = %format_args!("http://{}", listener.address()), "ready");
    let served = {
        let desk = desk.clone();
        let stop = asked_to_stop();
        let serve = listener.serve(desk.clone(), stop);
        let played = async {
            if let Some(script) = script {
                play_script(&desk, script, |_| ()).await;
            }
            std::future::pending::<()>().await;
        };
        select! {
            served = serve => served,
            () = played => Ok(()),
        }
    };
    drop(desk);
    attended.close().await?;
    Ok(served?)
}

/// Shows the desk in a window until it is closed. SDL wants the main thread, so this one is not of the runtime.
#[cfg(feature = "window")]
pub(crate) fn window(runtime: &tokio::runtime::Runtime, seat: Seat, ground: Ground) -> Result<(), SitError> {
    touchpoint_sim::window::look_for_display()?;
    let (desk, attended) = runtime.block_on(seat.sit(None, ground))?;
    let shown = touchpoint_sim::window::show(&desk, runtime.handle(), &mut io::stdout());
    drop(desk);
    runtime.block_on(attended.close())?;
    shown.map_err(SitError::Print)
}

/// Resolves at SIGINT and at SIGTERM: a desk that is killed would leave its folder.
async fn asked_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

/// Plays a script; whether everything came as expected.
pub(crate) async fn play(path: &Path, seat: Seat, ground: Ground) -> Result<bool, SitError> {
    let script = Script::read(path)?;
    let mut out = io::stdout();
    if !script.about.is_empty() {
        writeln!(out, "{}", script.about).map_err(SitError::Print)?;
    }
    let (desk, attended) = seat.sit(Some(&script), ground).await?;
    let mut printed = Ok(());
    let played = play_script(&desk, script, |step| {
        if printed.is_ok() {
            printed = print(&mut out, step);
        }
    });
    let outcome = select! {
        outcome = played => Some(outcome),
        () = asked_to_stop() => None,
    };
    drop(desk);
    attended.close().await?;
    printed.map_err(SitError::Print)?;
    Ok(outcome.is_some_and(|outcome| outcome.is_well()))
}

fn print(out: &mut impl Write, StepLine { what, outcome }: &StepLine) -> io::Result<()> {
    match outcome {
        Some(Err(why)) => writeln!(out, "  failed  {what}\n          {why}"),
        Some(Ok(())) => writeln!(out, "  ok      {what}"),
        None => Ok(()),
    }
}

impl Seat {
    /// Sets up the desk; what a script says of it counts more.
    async fn sit(self, script: Option<&Script>, Ground { log, mounts }: Ground) -> Result<(Desk, Attended), SitError> {
        let Seat { campaigns, customers, seed, screen, at, keys } = self;
        if let Some(folder) = &campaigns {
            std::fs::read_dir(folder).map_err(|source| SitError::Campaigns { folder: folder.clone(), source })?;
        }
        let set_up = match script {
            Some(script) => script.set_up.clone(),
            None => SetUp { keys, ..SetUp::default() },
        };
        let clock = script.and_then(|script| script.clock).or(at);
        let options = Options { customers, seed, campaigns, screen, set_up, clock, log, mounts };
        Ok(Desk::set_up(options).await?)
    }
}

/// A screen as it is written, of a size that a kiosk may have.
fn screen(text: &str) -> Result<Size, String> {
    let side = |digits: &str| digits.parse().ok().filter(|pixels| (240..=1920).contains(pixels));
    let size = text.split_once('x').and_then(|(width, height)| Some(Size::new(side(width)?, side(height)?)));
    size.ok_or_else(|| format!("{text:?} is no size like 1024x768, of 240 to 1920 pixels a side"))
}
