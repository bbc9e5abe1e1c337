//! `touchpoint-agent panel test`: shows a technician whether the panel of the configuration does what it should, and how well.
//!
//! The panel is opened as the agent opens it, and by this program alone: the agent has to be stopped first.

use clap::{Args, Subcommand};
use serde::Serialize;
use std::{
    fmt,
    io::{Write, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use touchpoint_agent::{
    chain,
    config::{Config, ConfigError},
    panels::{Facts, OpenError, Opened, PanelChoice},
};
use touchpoint_display::{Glass, Panel, PanelError, Point, Rectangle, Size, test_pattern};

use super::{Failure, Signals};

/// Shown with `--help`.
const EXAMPLES: &str = "\
Stop the agent first: only one program has a panel at a time.

Examples:
  touchpoint-agent panel test --config /etc/touchpoint/agent.toml
  touchpoint-agent panel test --config /etc/touchpoint/agent.toml --seconds 0 --json

Exit codes: 0 shown; 1 failed, or the configuration cannot be used; 2 wrong usage; 3 the panel cannot be opened;
4 the panel does not take a picture.";

/// Exit codes that a script can tell apart.
const NOT_OPENED: u8 = 3;
const NOT_SHOWN: u8 = 4;

/// How long pictures are counted: enough for a rate in whole numbers.
const COUNTING: Duration = Duration::from_secs(1);

/// What to do with the panel.
#[derive(Debug, Subcommand)]
pub(super) enum PanelCommand {
    /// Shows a test pattern, and says what the panel is and how fast.
    #[command(after_help = EXAMPLES)]
    Test(Test),
}

/// A test of the panel.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// How long the pattern is shown, unless Ctrl-C ends it.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(..=3600))]
    seconds: u64,
    /// JSON instead of words.
    #[arg(long)]
    json: bool,
}

/// What was found out.
#[derive(Debug, Serialize)]
struct Findings {
    #[serde(flatten)]
    facts: Facts,
    width: u32,
    height: u32,
    /// How many whole pictures it took in a second, one after the other.
    pictures_per_s: f64,
    /// Of the pattern: what the agent would report of it.
    checksum: String,
}

/// Why the pattern is not on the glass.
#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error("configuration")]
    Config(#[from] ConfigError),
    #[error("screen.panel is \"none\": there is nothing to look at")]
    NoPanel,
    #[error("cannot open the panel")]
    Open(#[from] OpenError),
    #[error("cannot show the pattern")]
    Show(#[from] PanelError),
    #[error(transparent)]
    System(#[from] Failure),
}

impl PanelCommand {
    /// Does it.
    pub(super) fn run(self) -> ExitCode {
        let PanelCommand::Test(test) = self;
        match test.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(stderr(), "{}", chain(&error));
                match error {
                    TestError::Open(_) => NOT_OPENED.into(),
                    TestError::Show(_) => NOT_SHOWN.into(),
                    TestError::Config(_) | TestError::NoPanel | TestError::System(_) => ExitCode::FAILURE,
                }
            }
        }
    }
}

impl Test {
    fn run(&self) -> Result<(), TestError> {
        let config = Config::read(&self.config)?;
        if config.panel == PanelChoice::None {
            return Err(TestError::NoPanel);
        }
        // Heard from here on: a panel is closed properly, whenever somebody has seen enough.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| Failure::System { what: "wait", source })?;
        let mut signals = runtime.block_on(async { Signals::new() })?;
        let Opened { mut panel, facts } = config.panel.open(&config.glass)?;
        let glass = Glass { millimetres: facts.millimetres.map(Size::from), ..config.glass };
        let findings = show(&mut *panel, &glass, facts)?;
        let printed = match self.json {
            true => serde_json::to_string(&findings).unwrap_or_default() + "\n",
            false => findings.to_string(),
        };
        // Whoever has stopped reading may still be looking.
        let _ = stdout().write_all(printed.as_bytes());
        // Time that is up is as good as a signal.
        let _ = runtime.block_on(async { timeout(Duration::from_secs(self.seconds), signals.wait()).await });
        Ok(())
    }
}

/// Shows the pattern, and counts how often it can be shown.
fn show(panel: &mut dyn Panel, glass: &Glass, facts: Facts) -> Result<Findings, PanelError> {
    let frame = test_pattern(glass, &legend(&facts, glass));
    let whole = [Rectangle::new(Point::zero(), glass.size)];
    // The first may wait for what the panel was doing.
    panel.present(&frame, &whole)?;
    let (began, mut pictures) = (Instant::now(), 0);
    while began.elapsed() < COUNTING {
        panel.present(&frame, &whole)?;
        pictures += 1;
    }
    let pictures_per_s = (f64::from(pictures) / began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    let Size { width, height } = glass.size;
    Ok(Findings { facts, width, height, pictures_per_s, checksum: format!("{:016x}", frame.checksum()) })
}

/// What stands in the pattern.
fn legend(facts: &Facts, glass: &Glass) -> Vec<String> {
    let size = format!("{} x {} pixels, {}", glass.size.width, glass.size.height, facts.format);
    let square = match facts.millimetres {
        Some([width, height]) => {
            [format!("{width} x {height} mm"), "The square is 20 x 20 mm. If not, set screen.millimetres.".to_owned()]
        }
        None => ["millimetres not known: set screen.millimetres".to_owned(), String::new()],
    };
    let refresh = facts.refresh_hz.map(|refresh| format!("{refresh} Hz"));
    let lines = [Some(format!("{} {}", facts.driver, facts.device)), Some(size), refresh].into_iter().flatten();
    lines.chain(square).filter(|line| !line.is_empty()).collect()
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Findings { facts, width, height, pictures_per_s, checksum } = self;
        writeln!(f, "driver       {}", facts.driver)?;
        writeln!(f, "device       {}", facts.device)?;
        writeln!(f, "pixels       {width} x {height}, {}", facts.format)?;
        match facts.millimetres {
            Some([width, height]) => writeln!(f, "millimetres  {width} x {height}")?,
            None => writeln!(f, "millimetres  not known: set screen.millimetres")?,
        }
        if let Some(refresh) = facts.refresh_hz {
            writeln!(f, "refresh      {refresh} Hz")?;
        }
        writeln!(f, "pictures     {pictures_per_s} a second")?;
        writeln!(f, "checksum     {checksum}")
    }
}
