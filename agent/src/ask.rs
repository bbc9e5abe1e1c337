//! `touchpoint-agent explain`: asks the running agent over its local API, or decides by itself on a bundle and somebody made up.
//!
//! The agent is asked, and its databases are left alone: it alone knows what it decides with, and no second program needs its keys.

use clap::Args;
use serde_json::{Map, Value};
use std::{
    env::current_exe,
    io::{Read, Write, stdin},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, SystemTime},
};
use touchpoint_agent::{
    chain,
    config::{Config, ConfigError, Listen, VISIT_SECONDS},
    domain::moment::{Place, VisitAttributes},
    explain::{Explanation, MadeUpProfile, explain},
};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::PanelSize,
    interaction::Trigger,
    limits,
    name::{AmountBand, Language, VisitKind},
    utc::Utc,
};
use zeroize::Zeroizing;

/// Shown with `--help`.
pub(super) const EXAMPLES: &str = "\
The number of a card is read from stdin, so that it is in no history and in no list of processes; it is never printed.

Examples:
  touchpoint-agent explain --config /etc/touchpoint/agent.toml --by loyalty_number < number.txt
  touchpoint-agent explain --config /etc/touchpoint/agent.toml --profile anna.json --at 2026-12-24T18:00:00Z
  touchpoint-agent explain --profile anna.json --campaigns campaigns --json

A profile: {\"segments\": [\"gold\"], \"language\": \"de\", \"marketing\": \"given\", \"scores\": {\"churn\": 80},
  \"contacts\": [{\"campaign\": \"savings\", \"at\": \"2026-11-21T09:30:00Z\", \"answer\": \"later\"}]}

Exit codes: 0 explained, whatever the decision; 1 failed; 2 wrong usage.";

/// How long the agent may take: a thousand times what it does.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest answer of the agent, and longest profile, in bytes: 500 campaigns with a reason each have a tenth of it.
const LONGEST: u64 = 1024 * 1024;

/// The program that reads campaigns as they are written.
const HEAD_OFFICE: &str = "touchpoint-hub";

/// Longest number, in bytes: a track has 80.
const NUMBER: u64 = 256;

/// Whose decision, and in which circumstances.
#[derive(Debug, Args)]
pub(super) struct Question {
    /// The device's configuration: its running agent is asked.
    #[arg(long, required_unless_present = "campaigns")]
    config: Option<PathBuf>,
    /// Somebody made up, in JSON, instead of a number on stdin.
    #[arg(long, required_unless_present = "config")]
    profile: Option<PathBuf>,
    /// A folder of campaigns, which `touchpoint-hub` reads, or a bundle that `touchpoint-hub check --bundle` wrote, instead of a device's.
    #[arg(long, conflicts_with = "config", requires = "profile")]
    campaigns: Option<PathBuf>,
    /// What the number on stdin is.
    #[arg(long, default_value = "card_number", value_parser = ["card_number", "loyalty_number", "token", "track1", "track2"])]
    by: String,
    /// When; now, if not said.
    #[arg(long)]
    at: Option<Utc>,
    /// What the visit is for.
    #[arg(long)]
    kind: Option<VisitKind>,
    /// The band in which its amount lies.
    #[arg(long)]
    amount_band: Option<AmountBand>,
    /// The language chosen at the machine.
    #[arg(long)]
    language: Option<Language>,
    /// How many seconds are left.
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=i64::from(VISIT_SECONDS)))]
    seconds: Option<u32>,
    /// The panel of a bundle's device: WIDTHxHEIGHT, in pixels.
    #[arg(long, default_value = "1024x768", value_parser = panel)]
    panel: (u32, u32),
    /// JSON instead of words.
    #[arg(long)]
    json: bool,
}

/// Why there is no explanation. Nothing of a number is repeated.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("configuration")]
    Config(#[from] ConfigError),
    #[error("cannot read {what}")]
    Read {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{what}")]
    Json {
        what: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("{what}")]
    Bundle {
        what: String,
        #[source]
        source: touchpoint_protocol::bundle::BundleError,
    },
    #[error("cannot read the campaigns in {} without {HEAD_OFFICE}", folder.display())]
    HeadOffice {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("nobody could be shown the campaigns in {} as they are", folder.display())]
    Campaigns { folder: PathBuf },
    #[error("the device has no local api: set api.listen, or use --profile and --campaigns")]
    NoApi,
    #[error("cannot ask the agent at {listen}: does it run?")]
    Ask {
        listen: Listen,
        #[source]
        source: std::io::Error,
    },
    #[error("the agent refuses: {0}")]
    Refused(String),
}

impl Question {
    /// Prints the explanation.
    pub(super) fn answer(self) -> ExitCode {
        let json = self.json;
        let printed = self.explanation().map(|explanation| match json {
            true => serde_json::to_string(&explanation).unwrap_or_default() + "\n",
            false => explanation.to_string(),
        });
        match printed {
            // Whoever has stopped reading needs no more.
            Ok(text) => std::io::stdout().write_all(text.as_bytes()).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "{}", chain(&error));
                ExitCode::FAILURE
            }
        }
    }

    fn explanation(self) -> Result<Explanation, AskError> {
        match (&self.config, &self.profile, &self.campaigns) {
            (_, Some(profile), Some(campaigns)) => self.decide(profile, campaigns),
            (Some(config), ..) => self.ask(&Config::read(config)?),
            _ => Err(AskError::NoApi),
        }
    }

    /// Without any device.
    fn decide(&self, profile: &Path, campaigns: &Path) -> Result<Explanation, AskError> {
        let place = Place { panel: PanelSize { width: self.panel.0, height: self.panel.1 }, site: None, screen: None };
        let what = profile.display().to_string();
        let profile: MadeUpProfile =
            serde_json::from_slice(&read(profile, LONGEST)?).map_err(|source| AskError::Json { what, source })?;
        let bundle = match campaigns.is_dir() {
            true => written(campaigns)?,
            false => read(campaigns, limits::BUNDLE as u64)?,
        };
        let what = campaigns.display().to_string();
        let bundle = Bundle::decode(&bundle).map_err(|source| AskError::Bundle { what, source })?;
        let (customer, contacts) = profile.known();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let at = self.at.unwrap_or(Utc::from_millis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX)));
        let (kind, amount, language) = (self.kind.clone(), self.amount_band.clone(), self.language.clone());
        let visit = VisitAttributes { kind, amount, language, ..VisitAttributes::default() };
        // As long as a visit lasts if nobody says anything, not even a configuration.
        let moment = place.moment(at, Trigger::Arrival, self.seconds.unwrap_or(25), visit);
        Ok(explain(Some(&bundle), customer.as_ref(), &contacts, &moment))
    }

    /// The agent that runs.
    fn ask(&self, config: &Config) -> Result<Explanation, AskError> {
        let listen = config.api.clone().ok_or(AskError::NoApi)?;
        let key = config.keys.join("api.token");
        let token = Zeroizing::new(read(&key, NUMBER)?);
        let body = self.body()?;
        let answer = exchange(&listen, &String::from_utf8_lossy(&token), &body);
        let answer = answer.map_err(|source| AskError::Ask { listen, source })?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let what = "the agent's answer".to_owned();
        if head.split(' ').nth(1) == Some("200") {
            return serde_json::from_str(body).map_err(|source| AskError::Json { what, source });
        }
        let problem: Value = serde_json::from_str(body).map_err(|source| AskError::Json { what, source })?;
        Err(AskError::Refused(problem["detail"].as_str().unwrap_or(head).to_owned()))
    }

    /// What the agent is asked, with the number in it.
    fn body(&self) -> Result<Zeroizing<String>, AskError> {
        let mut said = Map::new();
        let mut say = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                said.insert(key.to_owned(), value.into());
            }
        };
        say("at", self.at.map(|at| at.to_string()));
        say("kind", self.kind.as_ref().map(|name| name.to_string()));
        say("amount_band", self.amount_band.as_ref().map(|name| name.to_string()));
        say("language", self.language.as_ref().map(|name| name.to_string()));
        if let Some(seconds) = self.seconds {
            said.insert("seconds_left".to_owned(), seconds.into());
        }
        let (whose, value) = match &self.profile {
            Some(profile) => {
                ("profile", Zeroizing::new(String::from_utf8_lossy(&read(profile, LONGEST)?).into_owned()))
            }
            None => (self.by.as_str(), number()?),
        };
        let rest = Value::Object(said).to_string();
        let rest = rest.trim_start_matches('{');
        let comma = if rest == "}" { "" } else { "," };
        Ok(Zeroizing::new(format!("{{\"{whose}\":{}{comma}{rest}", value.as_str())))
    }
}

/// The number on stdin, as JSON.
fn number() -> Result<Zeroizing<String>, AskError> {
    let mut text = Zeroizing::new(String::with_capacity(NUMBER as usize));
    let what = "a number from stdin".to_owned();
    stdin().take(NUMBER).read_to_string(&mut text).map_err(|source| AskError::Read { what, source })?;
    // A number has no character that JSON would want escaped; whatever has one is refused by the agent.
    let plain: String = text.trim().chars().filter(|c| !matches!(c, '"' | '\\') && !c.is_control()).collect();
    Ok(Zeroizing::new(format!("\"{}\"", Zeroizing::new(plain).as_str())))
}

/// A folder of campaigns as devices would get it. Head office's program reads it, and says on stderr what is wrong: a reader for what
/// people write would lie on every device, where nobody writes.
fn written(folder: &Path) -> Result<Vec<u8>, AskError> {
    let beside = current_exe().map(|agent| agent.with_file_name(HEAD_OFFICE)).ok().filter(|program| program.is_file());
    let mut check = Command::new(beside.unwrap_or_else(|| HEAD_OFFICE.into()));
    let output = check.args(["check", "--bundle", "-"]).arg(folder).stderr(Stdio::inherit()).output();
    let output = output.map_err(|source| AskError::HeadOffice { folder: folder.to_owned(), source })?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(AskError::Campaigns { folder: folder.to_owned() }),
    }
}

fn read(path: &Path, longest: u64) -> Result<Vec<u8>, AskError> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).and_then(|file| file.take(longest).read_to_end(&mut bytes));
    file.map(|_| bytes).map_err(|source| AskError::Read { what: path.display().to_string(), source })
}

/// One request and its answer (RFC 9112), on a connection of its own.
fn exchange(listen: &Listen, token: &str, body: &str) -> std::io::Result<Vec<u8>> {
    let head = Zeroizing::new(format!(
        "POST /v1/explain HTTP/1.1\r\nhost: agent\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        token.trim(),
        body.len()
    ));
    let converse = |mut stream: Box<dyn Conversation>| {
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).map(|_| answer)
    };
    match listen {
        Listen::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            converse(Box::new(stream))
        }
        Listen::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            converse(Box::new(stream))
        }
    }
}

trait Conversation: Read + Write {}

impl<S: Read + Write> Conversation for S {}

/// `1024x768`
fn panel(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| "a panel is written 1024x768".to_owned())
}
