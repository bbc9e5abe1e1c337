//! The demo: one kiosk, one head office, twenty visits and an outage, all on this machine in a few seconds.
//!
//! Everything but hardware, distance and time is real: the agent with its encrypted files, head office with its own, MQTT over TCP
//! between them. Read [`play`] first, then `script.rs`.

mod error;
mod options;

mod script;
mod stage;

mod reckoning;
mod report;

mod onlooker;
mod table;

pub use error::DemoError;
pub use onlooker::{Happening, Onlooker};
pub use options::{Customers, CustomersError, Options, OutFolder, OutFolderError};
pub use report::{After, By, HeadOfficeSide, JournalSide, LineState, Report, Sync, Verdict, Visit};
pub use stage::STRANGERS_CARD;
pub use table::Table;

use crate::{
    broker::Broker,
    cast::Cast,
    customers,
    line::Line,
    office::{self, HeadOffice},
    secrecy::CardNumbers,
    tape::Tape,
};
use reckoning::Reckoning;
use stage::Stage;
use std::{
    fs,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
};
use tempfile::TempDir;
use tokio::select;
use touchpoint_agent::config::Config;

/// A demo played to its end, with everything that can be looked at afterwards.
#[derive(Debug)]
pub struct Performance {
    /// What it came to.
    pub report: Report,
    /// Visits that went otherwise than the script has them.
    pub surprises: Vec<String>,
    /// What does not agree between journal and head office.
    pub differences: Vec<String>,
    /// Where card numbers were found; they may be nowhere.
    pub leaks: Vec<String>,
    /// The numbers that were looked for.
    pub numbers: CardNumbers,
    /// Everything that passed between device and broker.
    pub tape: Arc<Tape>,
    /// The files of device and head office, until this is dropped.
    pub folder: TempDir,
}

impl Performance {
    /// Everything that is wrong; nothing, if all is well.
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        [&self.surprises, &self.differences, &self.leaks].into_iter().flatten().map(String::as_str)
    }
}

/// Plays the demo, unless `stop` resolves before its end. Every wait in it is bounded, and whatever happens, agent and head
/// office close their files.
///
/// # Errors
/// It could not be played to its end. What went to its end and came out wrong is in [`Performance::problems`].
pub async fn play(
    options: &Options,
    onlooker: &mut dyn Onlooker,
    stop: impl Future<Output = ()>,
) -> Result<Performance, DemoError> {
    let mut stop = pin!(stop);
    let folder = tempfile::Builder::new().prefix("touchpoint-demo-").tempdir().map_err(DemoError::Folder)?;

    // The desk: a broker, head office beside it, and a line to the kiosk that is recorded.
    let broker = Broker::start().await?;
    let (head_office, founded) = select! {
        founded = HeadOffice::found(folder.path(), broker.address(), options.seed, options.customers.count()) => founded?,
        () = &mut stop => return Err(DemoError::Stopped),
    };
    let tape = Arc::new(Tape::default());
    let line = Line::lay(broker.address(), Arc::clone(&tape)).await.map_err(DemoError::Line)?;
    onlooker.sees(&Happening::Founded { customers: founded.imported.customers }).map_err(DemoError::Print)?;

    // The kiosk, switched on for the first time.
    let config = Config::read(&founded.device.join("agent.toml"))?;
    let config = Config { broker: office::endpoint(line.address()), ..config };
    let mut stage = Stage::set(config, line, &options.out, onlooker).await?;
    let cast = Cast::new(options.seed);
    let told = select! {
        told = script::tell(&mut stage, &founded, &cast) => told,
        () = &mut stop => Err(DemoError::Stopped),
    };

    // Everything comes to rest, also after a failure.
    let stopped = stage.machine.stop().await;
    let Stage { config, line, visits, surprises, sync, .. } = stage;
    let office = head_office.end().await?;
    drop(line);
    broker.shutdown().await;
    told?;
    stopped?;

    // The reckoning.
    let Reckoning { journal, head_office, differences } = reckoning::reckon(&config, &office).await?;
    office.close().await.map_err(DemoError::Store)?;
    let numbers = CardNumbers::of(customers::generate(options.seed, options.customers.count()), &[STRANGERS_CARD]);
    let leaks = leaks(&numbers, &tape, folder.path()).map_err(DemoError::Search)?;
    let report = Report { visits, journal, head_office, sync };
    write_report(&report, options.out.file("report.json"))?;
    Ok(Performance { report, surprises, differences, leaks, numbers, tape, folder })
}

/// Where card numbers are found. Nothing of a number is repeated.
fn leaks(numbers: &CardNumbers, tape: &Tape, folder: &Path) -> std::io::Result<Vec<String>> {
    let on_the_line: usize = tape.streams().iter().map(|stream| numbers.found_in(stream)).sum();
    let line = (on_the_line > 0).then(|| format!("{on_the_line} card numbers passed on the line"));
    let files = numbers.files_with(folder)?.into_iter().map(|file| format!("a card number is in {}", file.display()));
    Ok(line.into_iter().chain(files).collect())
}

fn write_report(report: &Report, path: PathBuf) -> Result<(), DemoError> {
    let written = serde_json::to_vec_pretty(report).map_err(Into::into).and_then(|json| fs::write(&path, json));
    written.map_err(|source| DemoError::Write { path, source })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn options(out: &Path) -> Options {
        Options { customers: "20".parse().unwrap(), seed: 7, out: OutFolder::open(out.to_owned()).unwrap() }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn with_the_cast_alone_everything_arrives_and_every_showing_leaves_a_picture() {
        let out = tempfile::tempdir().unwrap();
        let mut written = Vec::new();
        let mut table = Table::new(&mut written);
        let performance = play(&options(out.path()), &mut table, pending()).await.unwrap();
        table.reckoning(&performance, "there").unwrap();
        assert_eq!(performance.problems().collect::<Vec<_>>(), [""; 0]);

        let visits = &performance.report.visits;
        let shown = visits.iter().filter(|visit| visit.decision == Verdict::Shown).count();
        let shown = shown + visits.iter().filter(|visit| visit.after.is_some()).count();
        let cut = visits.iter().filter(|visit| visit.line == LineState::Cut).count();
        assert!(visits.len() >= 14 && cut >= 4, "{} visits, {cut} of them with the line cut", visits.len());
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), shown + 1, "a picture for each showing, and the report");
        assert_eq!(performance.numbers.found_in(&written), 0, "the table shows a card number");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_demo_that_is_stopped_says_so() {
        let out = tempfile::tempdir().unwrap();
        let stopped = play(&options(out.path()), &mut (), ready(())).await;
        assert!(matches!(stopped, Err(DemoError::Stopped)));
        assert!(!out.path().join("report.json").exists());
    }
}
