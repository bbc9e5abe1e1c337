//! `touchpoint-hub`: head office from the command line. Results go to stdout, logs and progress to stderr.

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};
use touchpoint_hub::{
    CheckError, Config, ConfigError, Import, ImportError, Imported, Mapping, Office, OnBadRows, Outcomes,
    OutcomesError, Problem, PublishError, Published, Travels, check, config, init, log, problem::chain, write_rejects,
    write_schemas,
};
use touchpoint_link::Endpoint;
use touchpoint_protocol::name::{DeviceId, GroupId, ShardId, Tenant};
use tracing::Level;

/// Most problems shown: enough to see a pattern, few enough to see at once.
const SHOWN: usize = 20;

/// The part of a file that may be left out unless said otherwise, in percent: more is a wrong file rather than wrong rows.
const USUAL_SHARE: &str = "5";

/// What is to be known of an import.
const IMPORT_HELP: &str = "Example:
  touchpoint-hub import --config acme/hub.toml customers.csv
  touchpoint-hub import --mapping core.toml --skip-bad --rejects rejects.csv export.csv

Without a mapping, the file is UTF-8 with a header line and these columns, in any order:
  customer,card_number,loyalty_number,segments,language,marketing_consent,first_name
It is the whole shard: customers who are not in it are no longer on the devices, unless --add is given.
Card numbers become tokens on the way in, and are stored nowhere.

A mapping is TOML. Each of these is a column (of JSON: a key, or a pointer such as /person/name) or a table:
  separator = \";\"
  customer = \"CUSTNO\"
  card_number = \"PAN\"
  loyalty_number = \"BONUS\"
  language = { constant = \"de\" }
  segments = { column = \"SEG\", separator = \"/\", values = { A = \"gold\" }, otherwise = \"\" }
  consent.marketing = { column = \"ADS\", values = { J = \"yes\", N = \"no\" }, at = \"ADS_DATE\" }
  consent.profiling = \"PROFILING\"
  attributes.first-name = \"FIRSTNAME\"
  scores.churn = \"CHURN\"
deploy/mapping.toml shows everything.";

/// What is to be known of a check.
const CHECK_HELP: &str = "Example:
  touchpoint-hub check campaigns
  touchpoint-hub check --strict --config acme/hub.toml campaigns
  touchpoint-hub check --bundle bundle.json campaigns

Problems are what would disappoint on the glass; with them nothing is published. Warnings are what is only doubtful. Both are told on
stderr as file:line:column: key: what.";

/// Head office of the Touchpoint agents: imports customers, publishes campaigns, answers devices, collects results.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage.\nLogs follow RUST_LOG, for example RUST_LOG=debug."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a new head office: folder, settings, keys and empty database
    #[command(after_help = "Example:\n  touchpoint-hub init acme --tenant acme --device kiosk-1")]
    Init {
        /// The folder to make it in
        folder: PathBuf,
        /// Whose machines it serves: a-z, 0-9 and -
        #[arg(long)]
        tenant: Tenant,
        /// The MQTT broker that devices connect to as well
        #[arg(long, default_value = "mqtt://127.0.0.1:1883")]
        broker: Endpoint,
        /// Also enrol this device, into FOLDER/devices/DEVICE
        #[arg(long)]
        device: Option<DeviceId>,
    },
    /// Register a device and write the folder that is to be copied to it
    #[command(after_help = "Example:\n  touchpoint-hub enrol --config acme/hub.toml --device kiosk-2 --out kiosk-2")]
    Enrol {
        #[command(flatten)]
        settings: Settings,
        /// The device: a-z, 0-9 and -
        #[arg(long)]
        device: DeviceId,
        /// The folder to write; it must not exist
        #[arg(long)]
        out: PathBuf,
        /// Whose campaigns it runs
        #[arg(long, default_value = "all")]
        group: GroupId,
        /// Whose customers it holds
        #[arg(long, default_value = "all")]
        shard: ShardId,
    },
    /// Make a table the customers of a shard; what is different travels to the devices
    #[command(after_help = IMPORT_HELP)]
    Import(ImportArgs),
    /// Check a folder of campaigns without publishing it
    #[command(after_help = CHECK_HELP)]
    Check {
        /// The settings of head office, to try the panels of its devices too, and to ask whether any customer has what the campaigns name
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The devices that are to run them
        #[arg(long, default_value = "all", requires = "config")]
        group: GroupId,
        /// Take what is doubtful for wrong
        #[arg(long)]
        strict: bool,
        /// Write what devices would get, for `touchpoint-agent explain` to decide by; - is stdout, which then gets nothing else
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
        /// The folder: bundle.toml, a TOML file for each campaign, pictures beside them
        folder: PathBuf,
    },
    /// Write the JSON Schemas of campaign and bundle files, by which an editor helps to write them
    #[command(
        after_help = "Example:\n  touchpoint-hub schema docs/schema\n\nA file names its schema in its first line: #:schema ../schema/campaign.json"
    )]
    Schema {
        /// Where to
        folder: PathBuf,
    },
    /// Check a folder of campaigns and make it the next revision of a group
    #[command(after_help = "Example:\n  touchpoint-hub publish --config acme/hub.toml campaigns")]
    Publish {
        #[command(flatten)]
        settings: Settings,
        /// The devices that are to run them
        #[arg(long, default_value = "all")]
        group: GroupId,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
        /// Publish nothing that is doubtful
        #[arg(long)]
        strict: bool,
        /// The folder
        folder: PathBuf,
    },
    /// Answer devices and collect what they recorded, until stopped
    #[command(after_help = "Example:\n  touchpoint-hub serve --config acme/hub.toml")]
    Serve {
        #[command(flatten)]
        settings: Settings,
    },
    /// Import what happened later to customers, so that a report says what a campaign was good for
    #[command(
        after_help = "Example:\n  touchpoint-hub outcomes --config acme/hub.toml contracts.csv\n\nThe file is UTF-8 with a header line and these columns, in any order:\n  customer,campaign,at\n`at` is a time such as 2026-11-21T09:30:00Z, or a day. The same file once more changes nothing."
    )]
    Outcomes {
        #[command(flatten)]
        settings: Settings,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
        /// The table
        outcomes: PathBuf,
    },
    /// Show how campaigns are doing, devices, and what came in from them
    #[command(
        after_help = "Example:\n  touchpoint-hub report --config acme/hub.toml --html report.html\n\nShares are of people, with 95 % intervals: Wilson's (1927), and of differences Newcombe's (1998, method 10)."
    )]
    Report {
        #[command(flatten)]
        settings: Settings,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
        /// Print how campaigns are doing as CSV
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        /// Write it as one page with charts, which needs no network, and print nothing
        #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "csv"])]
        html: Option<PathBuf>,
    },
}

#[derive(Args)]
struct ImportArgs {
    #[command(flatten)]
    settings: Settings,
    /// Which set of customers it is
    #[arg(long, default_value = "all")]
    shard: ShardId,
    /// Where in the file stands what, if its columns are called otherwise
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Leave out rows that cannot be taken, if they are not more than so many in a hundred, instead of refusing the whole file
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true, default_missing_value = USUAL_SHARE)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
    skip_bad: Option<u8>,
    /// Write rows that cannot be taken here, with the reason and without card numbers, to be mended and imported with --add
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Keep the customers of the shard who are not in the file
    #[arg(long)]
    add: bool,
    /// Say what would travel, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The table: CSV, or JSON Lines if it is called .jsonl or .ndjson
    customers: PathBuf,
}

impl ImportArgs {
    async fn run(self) -> Result<(), Failure> {
        let file = &self.customers;
        let mapping = match &self.mapping {
            Some(path) => Mapping::load(path).map_err(|problems| Mended { path: path.clone(), problems })?,
            None => Mapping::default(),
        };
        let on_bad_rows = self.skip_bad.map_or(OnBadRows::Refuse, |at_most| OnBadRows::Skip { at_most });
        let how = Import { mapping: mapping.clone(), on_bad_rows, adds: self.add, is_rehearsal: self.dry_run };
        let office = self.settings.open()?;
        let rows = File::open(file).map_err(|error| format!("cannot open {}: {error}", file.display()))?;
        let bar = ProgressBar::new(rows.metadata()?.len());
        bar.set_style(ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta} left")?);
        let imported = office.import(&self.shard, file, bar.wrap_read(rows), how).await;
        bar.finish_and_clear();
        office.close().await?;
        let bad = match &imported {
            Ok(imported) => Some(&imported.skipped),
            Err(ImportError::Rows { bad, .. } | ImportError::TooManyBad { bad, .. }) => Some(bad),
            Err(_) => None,
        };
        if let (Some(out), Some(bad)) = (&self.rejects, bad.filter(|bad| bad.rows > 0)) {
            let rows = write_rejects(file, &mapping, bad, out)?;
            let _ = writeln!(io::stderr().lock(), "{rows} rejected rows are in {}", out.display());
        }
        let imported = imported?;
        show(&imported.skipped.problems, imported.skipped.count);
        report(self.json, &imported, &Line(&imported))
    }
}

/// A mapping file with problems.
#[derive(Debug, thiserror::Error)]
#[error("{} has to be put right", path.display())]
struct Mended {
    path: PathBuf,
    problems: Vec<Problem>,
}

#[derive(Args)]
struct Settings {
    /// The settings of head office, as init has made them
    #[arg(long, value_name = "FILE", default_value = config::FILE)]
    config: PathBuf,
}

/// Whatever ended a command.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log::to_stderr(Level::INFO);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&*failure),
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Init { folder, tenant, broker, device } => new(&folder, &tenant, &broker, device).await,
        Command::Enrol { settings, device, out, group, shard } => {
            let office = settings.open()?;
            let enrolled = office.enrol(&device, &group, &shard, &out).await?;
            say(format_args!("enrolled {device} in group {group} and shard {shard}"))?;
            if let Some((group, shard)) = enrolled.before {
                say(format_args!("it was enrolled before, in group {group} and shard {shard}"))?;
            }
            say(format_args!("copy {} to the device", enrolled.folder.display()))?;
            Ok(office.close().await?)
        }
        Command::Import(args) => args.run().await,
        Command::Check { config, group, strict, bundle, folder } => {
            let checked = match config {
                None => check(&folder)?,
                Some(config) => {
                    let office = Settings { config }.open()?;
                    let checked = office.check(&group, &folder).await?;
                    office.close().await?;
                    checked
                }
            };
            warn(&checked.warnings, strict)?;
            if bundle.as_ref().is_some_and(|file| file.as_os_str() == "-") {
                return Ok(io::stdout().write_all(&checked.bundle.encode())?);
            }
            if let Some(file) = bundle {
                std::fs::write(&file, checked.bundle.encode())
                    .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
            }
            Ok(say(format_args!("ready to be published, campaigns: {}", checked.bundle.campaigns.len()))?)
        }
        Command::Schema { folder } => {
            write_schemas(&folder).map_err(|error| format!("cannot write to {}: {error}", folder.display()))?;
            Ok(say(format_args!("the schemas are in {}", folder.display()))?)
        }
        Command::Publish { settings, group, json, strict, folder } => {
            let office = settings.open()?;
            let checked = office.check(&group, &folder).await?;
            warn(&checked.warnings, strict)?;
            let published = office.put_in_force(&group, checked).await?;
            report(json, &published, &Line(&published))?;
            Ok(office.close().await?)
        }
        Command::Serve { settings } => {
            let office = settings.open()?;
            let (mut terminated, mut interrupted) =
                (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            let stop = async {
                tokio::select! {
                    _ = terminated.recv() => {}
                    _ = interrupted.recv() => {}
                }
            };
            office.serve(stop).await?;
            Ok(office.close().await?)
        }
        Command::Outcomes { settings, json, outcomes } => {
            let office = settings.open()?;
            let rows = File::open(&outcomes).map_err(|error| format!("cannot open {}: {error}", outcomes.display()))?;
            let imported = office.outcomes(&outcomes, rows).await?;
            show(&imported.problems, imported.strangers);
            report(json, &imported, &Line(&imported))?;
            Ok(office.close().await?)
        }
        Command::Report { settings, json, csv, html } => {
            let office = settings.open()?;
            let all = office.report().await?;
            if let Some(html) = html {
                let page = office.page(&all)?;
                fs::write(&html, page).map_err(|error| format!("cannot write {}: {error}", html.display()))?;
            } else if csv {
                all.results.write_csv(io::stdout().lock())?;
            } else {
                report(json, &all, &all)?;
            }
            Ok(office.close().await?)
        }
    }
}

async fn new(folder: &Path, tenant: &Tenant, broker: &Endpoint, device: Option<DeviceId>) -> Result<(), Failure> {
    let office = init(folder, tenant, broker)?;
    say(format_args!("made head office of {tenant}: {}", folder.join(config::FILE).display()))?;
    if let Some(device) = device {
        let (group, shard): (GroupId, ShardId) = ("all".parse()?, "all".parse()?);
        let out = folder.join("devices").join(device.as_str());
        let enrolled = office.enrol(&device, &group, &shard, &out).await?;
        say(format_args!("enrolled {device}: {}", enrolled.folder.display()))?;
    }
    Ok(office.close().await?)
}

impl Settings {
    fn open(&self) -> Result<Office, Failure> {
        Ok(Office::open(&Config::load(&self.config)?)?)
    }
}

/// A result in one line for a person.
struct Line<'a, T>(&'a T);

impl fmt::Display for Line<'_, Imported> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Imported { shard, epoch, revision, customers, newcomers, rows, travels, is_rehearsal, .. } = self.0;
        if *is_rehearsal {
            write!(f, "nothing was changed; this would be: ")?;
        }
        write!(f, "shard {shard}, epoch {epoch}, revision {revision}: {customers} customers ({newcomers} new), ")?;
        write!(f, "{rows} cards and numbers; ")?;
        match travels {
            Travels::Nothing => writeln!(f, "nothing is different for the devices"),
            Travels::Deltas { deltas, upserts, erased } => {
                writeln!(f, "{upserts} new or changed and {erased} gone, in {deltas} deltas")
            }
            Travels::Snapshot { blocks, bytes } => writeln!(f, "in {blocks} blocks of {bytes} bytes together"),
        }
    }
}

impl fmt::Display for Line<'_, Outcomes> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcomes { rows, new, strangers, .. } = self.0;
        writeln!(f, "{rows} outcomes: {new} new, {} known already, {strangers} of nobody known", rows - new - strangers)
    }
}

impl fmt::Display for Line<'_, Published> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Published { group, revision, campaigns, media, bytes, .. } = self.0;
        writeln!(f, "group {group}, revision {revision}: {campaigns} campaigns, {media} pictures, {bytes} bytes")
    }
}

fn report(json: bool, value: &impl Serialize, line: &impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, value)?;
        writeln!(out)?;
    } else {
        write!(out, "{line}")?;
    }
    Ok(())
}

fn say(line: fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// Says why a command failed: what is to be put right, line by line, then the error with its causes.
fn fail(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    let (problems, count) = to_put_right(error);
    show(problems, count);
    // Nobody is left to tell if stderr is gone.
    let _ = writeln!(io::stderr().lock(), "error: {}", chain(error));
    ExitCode::FAILURE
}

/// The problems an error brings with it, and how many there are in all.
fn to_put_right<'a>(error: &'a (dyn std::error::Error + 'static)) -> (&'a [Problem], u64) {
    let all = |problems: &'a [Problem]| (problems, problems.len() as u64);
    if let Some(ConfigError { problems, .. }) = error.downcast_ref() {
        all(problems)
    } else if let Some(CheckError::Problems { problems, .. }) = error.downcast_ref() {
        all(problems)
    } else if let Some(PublishError::Check(CheckError::Problems { problems, .. })) = error.downcast_ref() {
        all(problems)
    } else if let Some(ImportError::Rows { bad, .. } | ImportError::TooManyBad { bad, .. }) = error.downcast_ref() {
        (&bad.problems, bad.count)
    } else if let Some(OutcomesError::Rows { problems, .. }) = error.downcast_ref() {
        all(problems)
    } else if let Some(Mended { problems, .. }) = error.downcast_ref() {
        all(problems)
    } else {
        (&[], 0)
    }
}

/// Tells what is doubtful, all of it; where that is not taken, it is an error.
fn warn(warnings: &[Problem], strict: bool) -> Result<(), Failure> {
    let mut err = io::stderr().lock();
    for warning in warnings {
        writeln!(err, "warning: {warning}")?;
    }
    match strict && !warnings.is_empty() {
        true => Err(format!("what is doubtful is not taken, warnings: {}", warnings.len()).into()),
        false => Ok(()),
    }
}

/// The first problems, and how many more there are.
fn show(problems: &[Problem], count: u64) {
    let mut err = io::stderr().lock();
    for problem in problems.iter().take(SHOWN) {
        let _ = writeln!(err, "{problem}");
    }
    let shown = problems.len().min(SHOWN) as u64;
    if count > shown {
        let _ = writeln!(err, "and {} more", count - shown);
    }
}
