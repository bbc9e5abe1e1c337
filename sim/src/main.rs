//! `touchpoint-sim`: the developer's desk from the command line. Results go to stdout, logs to stderr.

mod shoot;
mod sit;

use clap::{Parser, Subcommand};
use shoot::Order;
use sit::{Ground, Seat, SitError};
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};
use touchpoint_agent::{chain, log};
use touchpoint_sim::{
    demo::{self, Customers, DemoError, Options, OutFolder, OutFolderError, Performance, Table},
    shot::ShotError,
};
use tracing::Level;

/// A developer's desk: a kiosk and its head office on this machine, without any hardware.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays twenty visits and an outage against the real agent and head office, and reckons up what arrived
    #[command(after_help = "Example: touchpoint-sim demo --customers 100000 --out demo-out\n\n\
        Exit codes: 0 head office has exactly what the device recorded, 1 it has not or the demo failed,\n\
        2 wrong usage, 130 stopped with Ctrl-C. Logs follow RUST_LOG, for example RUST_LOG=info.")]
    Demo {
        /// How many customers head office knows, 20 to 1000000
        #[arg(long, value_name = "N", default_value = "10000")]
        customers: Customers,
        /// What customers are made from: the same seed, the same customers
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Where a picture of each showing and report.json go
        #[arg(long, value_name = "DIR", default_value = "demo-out")]
        out: PathBuf,
        /// Print the report instead of the table
        #[arg(long)]
        json: bool,
    },
    /// Draws everything a campaign folder shows on one picture: each language, size, reader and theme
    #[command(after_help = "Examples: touchpoint-sim shot sim/demo/retailer --out retailer.png\n          \
        touchpoint-sim shot sim/demo/campaigns --language de --size 800x480 --mode standard --theme sim/demo/retailer\n\n\
        Exit codes: 0 it can be published as it is, 1 it cannot, which the picture shows where it can, 2 wrong usage.")]
    Shot(Order),
    /// Serves the desk as a page: a kiosk to be touched, customers to be sent to it, faults as switches, and what comes of it
    #[command(after_help = "Example: touchpoint-sim web --campaigns sim/demo/campaigns\n\n\
        Then open http://127.0.0.1:8080 on this machine. Campaign files that are changed are checked and published at once.\n\
        The fault `disk full` takes a disk of the device's own: start it as root, or as `unshare -rm touchpoint-sim web`.\n\n\
        Exit codes: 0 stopped with Ctrl-C, 1 the desk failed, 2 wrong usage. Logs follow RUST_LOG.")]
    Web {
        /// Where the page is served: an address of this machine alone
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        #[command(flatten)]
        seat: Seat,
        /// Play this script at the desk
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
    },
    /// Shows the desk in a window: the mouse touches the kiosk's glass, and keys do everything else
    #[cfg(feature = "window")]
    #[command(after_help = "Example: touchpoint-sim window --campaigns sim/demo/campaigns\n\n\
        What the keys do stands beside the glass; what happens is printed, too. Esc closes it. Campaign files that are changed\n\
        are checked and published at once. The fault `disk full` takes a disk of the device's own: start it as root, or as\n\
        `unshare -rm touchpoint-sim window`.\n\n\
        Exit codes: 0 closed, 1 the desk failed, 2 wrong usage. Logs follow RUST_LOG.")]
    Window {
        #[command(flatten)]
        seat: Seat,
    },
    /// Plays a script of visits and faults without hands, and says whether everything came as it expects
    #[command(after_help = "Example: touchpoint-sim play sim/scripts/outage.toml\n\n\
        Exit codes: 0 everything came as expected, 1 something did not or the desk failed, 2 wrong usage or a script that\n\
        makes no sense. Logs follow RUST_LOG.")]
    Play {
        /// The script
        script: PathBuf,
        #[command(flatten)]
        seat: Seat,
    },
}

/// Stopped by SIGINT, as shells count it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// What clap exits with, too.
const USAGE: u8 = 2;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("--out")]
    Out(#[from] OutFolderError),
    #[error("the demo did not come to its end")]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Shot(#[from] ShotError),
    #[error(transparent)]
    Sit(#[from] SitError),
    #[error("cannot start threads")]
    Threads(#[source] io::Error),
    #[error("cannot print")]
    Print(#[source] io::Error),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // Where nobody reads errors, the exit code has to do.
            let _ = writeln!(io::stderr(), "error: {}", chain(&failure));
            match failure {
                Failure::Out(_) => ExitCode::from(USAGE),
                Failure::Sit(error) if error.is_usage() => ExitCode::from(USAGE),
                Failure::Demo(DemoError::Stopped) => ExitCode::from(INTERRUPTED),
                Failure::Demo(_) | Failure::Shot(_) | Failure::Sit(_) | Failure::Threads(_) | Failure::Print(_) => {
                    ExitCode::FAILURE
                }
            }
        }
    }
}

/// Does what is asked; whether all was well.
fn run(command: Command) -> Result<bool, Failure> {
    match command {
        Command::Demo { customers, seed, out, json } => {
            // An outage is part of the show.
            log::to_stderr(Level::ERROR);
            demonstrate(customers, seed, out, json)
        }
        Command::Shot(order) => {
            log::to_stderr(Level::ERROR);
            Ok(shoot::shoot(order)?)
        }
        Command::Web { listen, seat, script } => {
            let ground = Ground::lay(Level::WARN);
            let served = runtime()?.block_on(sit::web(listen, seat, script.as_deref(), ground));
            Ok(served.map(|()| true)?)
        }
        #[cfg(feature = "window")]
        Command::Window { seat } => {
            let ground = Ground::lay(Level::WARN);
            Ok(sit::window(&runtime()?, seat, ground).map(|()| true)?)
        }
        Command::Play { script, seat } => {
            let ground = Ground::lay(Level::ERROR);
            Ok(runtime()?.block_on(sit::play(&script, seat, ground))?)
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(Failure::Threads)
}

/// Plays the demo; whether all was well.
fn demonstrate(customers: Customers, seed: u64, out: PathBuf, json: bool) -> Result<bool, Failure> {
    let options = Options { customers, seed, out: OutFolder::open(out)? };
    let performance = runtime()?.block_on(perform(&options, json))?;
    Ok(performance.problems().next().is_none())
}

async fn perform(options: &Options, json: bool) -> Result<Performance, Failure> {
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    let mut table = Table::new(io::stdout());
    if !json {
        let performance = demo::play(options, &mut table, stop).await?;
        table.reckoning(&performance, &options.out.to_string()).map_err(Failure::Print)?;
        return Ok(performance);
    }
    let performance = demo::play(options, &mut (), stop).await?;
    let report = serde_json::to_string_pretty(&performance.report).map_err(|error| Failure::Print(error.into()))?;
    writeln!(io::stdout(), "{report}").map_err(Failure::Print)?;
    for problem in performance.problems() {
        tracing::error!("{problem}");
    }
    Ok(performance)
}
