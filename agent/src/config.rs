//! One TOML file: [`ConfigFile`] as it is written, [`Config`] as it is used.
//!
//! Unknown keys are refused, because a misspelt key that is ignored is a setting that is believed and not there. Every error names
//! the file, and the line or the key. `TOUCHPOINT_BROKER` overrides `line.broker`, for the one setting that differs by site.

use serde::Deserialize;
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};
use touchpoint_display::{Glass, Mode, Size};
use touchpoint_link::{Endpoint, TlsFiles};
use touchpoint_protocol::{
    campaign::PanelSize,
    name::{DeviceId, NameError},
};

use crate::{
    chain,
    domain::{moment::Place, update::Membership},
    glass::ScreenSection,
    input::{Input, InputSection},
    panels::PanelChoice,
};

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    device: DeviceSection,
    line: LineSection,
    storage: StorageSection,
    api: Option<ApiSection>,
    screen: ScreenSection,
    #[serde(default)]
    input: InputSection,
    #[serde(default)]
    visit: VisitSection,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceSection {
    tenant: String,
    id: String,
    group: String,
    shard: String,
    site: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineSection {
    broker: String,
    ca: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StorageSection {
    folder: PathBuf,
    keys: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiSection {
    listen: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VisitSection {
    seconds: u32,
}

impl Default for VisitSection {
    /// The middle of the 20 to 30 seconds a customer waits.
    fn default() -> Self {
        VisitSection { seconds: 25 }
    }
}

/// The configuration as it is used.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who this device is.
    pub device: DeviceId,
    /// Whose documents it takes.
    pub membership: Membership,
    /// Where the broker is.
    pub broker: Endpoint,
    /// Certificates, for a broker that asks for them.
    pub tls: Option<TlsFiles>,
    /// Where the databases are.
    pub folder: PathBuf,
    /// Where the keys are.
    pub keys: PathBuf,
    /// Where the local API listens, if it does.
    pub api: Option<Listen>,
    /// The screen's size, in pixels.
    pub screen: Size,
    /// What else is known of the glass.
    pub glass: Glass,
    /// How customers read, unless one of them needs it otherwise.
    pub mode: Mode,
    /// What customers touch, press and swipe, as far as the agent reads it itself.
    pub input: Input,
    /// Where the device stands, as campaigns may ask.
    pub place: Place,
    /// Which panel the device has.
    pub panel: PanelChoice,
    /// How many seconds a visit lasts if nobody says.
    pub visit_seconds: u32,
}

/// Where the local API listens: nowhere that another machine could reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A loopback address.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(address) => write!(f, "http://{address}"),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Longest time a visit may last, in seconds, whatever anybody asks for.
pub const VISIT_SECONDS: u32 = 120;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not the TOML it should be; the source names line, column and key.
    #[error("{}", path.display())]
    Toml {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A value has no meaning.
    #[error("{}: {key}: {problem}", path.display())]
    Value {
        /// Which file.
        path: PathBuf,
        /// Which key, `section.key`.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Config {
    /// Reads a configuration file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// Names the file, and the line or the key.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut file: ConfigFile = toml::from_str(&text)
            .map_err(|source| ConfigError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        if let Ok(broker) = std::env::var("TOUCHPOINT_BROKER") {
            file.line.broker = broker;
        }
        Config::parse(file, path)
    }

    /// The two databases, cache first.
    pub fn databases(&self) -> [PathBuf; 2] {
        [self.folder.join("cache.db"), self.folder.join("journal.db")]
    }

    fn parse(file: ConfigFile, path: &Path) -> Result<Config, ConfigError> {
        let beside = |name: PathBuf| path.parent().unwrap_or(Path::new("")).join(name);
        let refuse = |key, problem: String| ConfigError::Value { path: path.to_owned(), key, problem };
        let ConfigFile { device, line, storage, api, screen, input, visit } = file;

        let membership = Membership {
            tenant: device.tenant.parse().map_err(|error| refuse("device.tenant", format!("{error}")))?,
            shard: device.shard.parse().map_err(|error| refuse("device.shard", format!("{error}")))?,
            group: device.group.parse().map_err(|error| refuse("device.group", format!("{error}")))?,
        };
        let broker: Endpoint = line.broker.parse().map_err(|error| refuse("line.broker", chain(&error)))?;
        let tls = match (broker.is_tls(), line.ca, line.certificate, line.key) {
            (true, Some(ca), Some(certificate), Some(key)) => {
                Some(TlsFiles { ca: beside(ca), certificate: beside(certificate), key: beside(key) })
            }
            (false, None, None, None) => None,
            (true, ..) => return Err(refuse("line", "mqtts needs ca, certificate and key".to_owned())),
            (false, ..) => return Err(refuse("line", "ca, certificate and key are for mqtts".to_owned())),
        };
        let api =
            api.map(|api| listen(&api.listen, beside)).transpose().map_err(|problem| refuse("api.listen", problem))?;
        let (glass, mode) = screen.glass().map_err(|(key, problem)| refuse(key, problem))?;
        let panel = screen.panel(beside).map_err(|(key, problem)| refuse(key, problem))?;
        let input = input
            .input(&glass.answering, screen.rotate.unwrap_or_default())
            .map_err(|(key, problem)| refuse(key, problem))?;
        if !(1..=VISIT_SECONDS).contains(&visit.seconds) {
            return Err(refuse("visit.seconds", format!("{} is not 1 to {VISIT_SECONDS}", visit.seconds)));
        }
        let place = Place {
            panel: PanelSize { width: glass.size.width, height: glass.size.height },
            site: name(device.site).map_err(|problem| refuse("device.site", problem))?,
            screen: name(screen.name).map_err(|problem| refuse("screen.name", problem))?,
        };
        Ok(Config {
            device: device.id.parse().map_err(|error| refuse("device.id", format!("{error}")))?,
            membership,
            broker,
            tls,
            folder: beside(storage.folder),
            keys: beside(storage.keys),
            api,
            screen: glass.size,
            glass,
            mode,
            input,
            place,
            panel,
            visit_seconds: visit.seconds,
        })
    }
}

fn name<N: FromStr<Err = NameError>>(text: Option<String>) -> Result<Option<N>, String> {
    text.map(|text| text.parse()).transpose().map_err(|error: NameError| error.to_string())
}

fn listen(text: &str, beside: impl Fn(PathBuf) -> PathBuf) -> Result<Listen, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Ok(Listen::Unix(beside(path.into())));
    }
    let address: SocketAddr = text.parse().map_err(|_| format!("{text:?} is neither address:port nor unix:path"))?;
    match address.ip().is_loopback() {
        true => Ok(Listen::Tcp(address)),
        false => Err(format!("{address} is reachable from other machines: use 127.0.0.1, [::1] or unix:path")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[device]
tenant = "acme"
id = "kiosk-1"
group = "lobby"
shard = "north"
[line]
broker = "mqtt://127.0.0.1:1883"
[storage]
folder = "state"
keys = "/etc/touchpoint/keys"
[api]
listen = "127.0.0.1:8477"
[screen]
width = 1024
height = 768
"#;

    fn read(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        std::fs::write(&path, text).unwrap();
        let place = folder.path().to_str().unwrap().to_owned();
        Config::read(&path).map_err(|error| chain(&error).replace(&place, ""))
    }

    #[test]
    fn a_configuration_is_read_relative_to_its_folder() {
        let config = read(GOOD).unwrap();
        assert!(config.folder.is_absolute() && config.folder.ends_with("state"));
        assert_eq!(config.keys, Path::new("/etc/touchpoint/keys"));
        assert_eq!(config.visit_seconds, 25);
        assert_eq!((config.place.site, config.place.screen), (None, None));
    }

    #[test]
    fn a_device_may_know_where_it_stands() {
        let text = GOOD.replace("[line]", "site = \"airport\"\n[line]") + "name = \"window\"\n";
        let place = read(&text).unwrap().place;
        let names = (place.site.unwrap().to_string(), place.screen.unwrap().to_string());
        assert_eq!(names, ("airport".to_owned(), "window".to_owned()));
        assert!(
            read(&text.replace("airport", "Terminal 1")).unwrap_err().starts_with("/agent.toml: device.site: site")
        );
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        let change = |from: &str, to: &str| read(&GOOD.replace(from, to)).unwrap_err();
        assert!(
            change("width = 1024", "widht = 1024").contains("line 15"),
            "{}",
            change("width = 1024", "widht = 1024")
        );
        assert!(change("width = 1024", "width = 0").starts_with("/agent.toml: screen.width: 0 is not"));
        assert!(change("height = 768", "height = 768\npanel = \"vga\"").contains("line 17"));
        assert!(
            change("height = 768", "height = 768\npanel = \"png\"")
                .starts_with("/agent.toml: screen.picture: is missing")
        );
        assert!(change("kiosk-1", "Kiosk 1").starts_with("/agent.toml: device.id: device has 'K'"));
        assert!(change("127.0.0.1:8477", "0.0.0.0:8477").contains("reachable from other machines"));
        assert!(change("mqtt://", "http://").starts_with("/agent.toml: line.broker: "));
        assert!(change("mqtt://", "mqtts://").ends_with("mqtts needs ca, certificate and key"));
    }

    #[test]
    fn a_unix_socket_is_a_place_to_listen() {
        let config = read(&GOOD.replace("127.0.0.1:8477", "unix:api.sock")).unwrap();
        assert!(matches!(config.api, Some(Listen::Unix(path)) if path.ends_with("api.sock")));
    }
}
