//! Head office's settings: `hub.toml` as it is written, and as it is used.

use crate::{
    document::{Document, Tables},
    problem::Problem,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use touchpoint_link::{Endpoint, TlsFiles};
use touchpoint_protocol::name::Tenant;

/// What the settings file in a head office folder is called.
pub const FILE: &str = "hub.toml";

/// What the database in the storage folder is called.
pub(crate) const DATABASE: &str = "head-office.db";

/// Settings as they are used: all paths can be opened as they stand.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whose head office this is.
    pub tenant: Tenant,
    /// The way to the devices.
    pub line: Line,
    /// The database.
    pub database: PathBuf,
    /// The folder of the keys.
    pub keys: PathBuf,
}

/// The broker, and who head office is to it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it is.
    pub endpoint: Endpoint,
    /// The files of the credentials, present exactly when the endpoint is `mqtts`.
    pub tls: Option<TlsFiles>,
}

/// Why there are no settings: each problem names the file, the line and the key.
#[derive(Debug, thiserror::Error)]
#[error("the settings in {} cannot be used", file.display())]
pub struct ConfigError {
    /// The settings file.
    pub file: PathBuf,
    /// What is wrong with it; at least one thing.
    pub problems: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    office: OfficeTable,
    line: LineTable,
    #[serde(default)]
    storage: StorageTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficeTable {
    tenant: Tenant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineTable {
    broker: String,
    ca: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StorageTable {
    folder: PathBuf,
    keys: PathBuf,
}

impl Default for StorageTable {
    fn default() -> Self {
        StorageTable { folder: ".".into(), keys: "keys".into() }
    }
}

impl Config {
    /// Reads a settings file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(file: &Path) -> Result<Config, ConfigError> {
        let refused = |problems| ConfigError { file: file.to_owned(), problems };
        let document = Document::load(file, file).map_err(|problem| refused(vec![problem]))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        document.tables().and_then(|tables| settle(&tables, folder)).map_err(refused)
    }
}

fn settle(tables: &Tables<'_>, folder: &Path) -> Result<Config, Vec<Problem>> {
    let ConfigFile { office, line, storage } = tables.read()?;
    let endpoint: Endpoint =
        line.broker.parse().map_err(|error| vec![tables.problem_at("line.broker", format!("{error}"))])?;
    let files = [("line.ca", line.ca), ("line.certificate", line.certificate), ("line.key", line.key)];
    let problems: Vec<Problem> = files
        .iter()
        .filter(|(_, path)| path.is_some() != endpoint.is_tls())
        .map(|(key, path)| match path {
            None => tables.problem_at(key, "is missing: a mqtts broker knows head office by its certificate"),
            Some(_) => tables.problem_at(key, "is of no use to a mqtt broker: should it be mqtts?"),
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let tls = match files.map(|(_, path)| path.map(|path| folder.join(path))) {
        [Some(ca), Some(certificate), Some(key)] => Some(TlsFiles { ca, certificate, key }),
        _ => None,
    };
    Ok(Config {
        tenant: office.tenant,
        line: Line { endpoint, tls },
        database: folder.join(storage.folder).join(DATABASE),
        keys: folder.join(storage.keys),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Config, Vec<String>> {
        let document = Document::new(Path::new("hub.toml"), text.to_owned());
        let settled = document.tables().and_then(|tables| settle(&tables, Path::new("/srv/acme")));
        settled.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = settings("[office]\ntenant = \"acme\"\n[line]\nbroker = \"mqtt://127.0.0.1:1883\"\n").unwrap();
        assert_eq!(config.keys, Path::new("/srv/acme/keys"));
        assert_eq!(config.database, Path::new("/srv/acme/./head-office.db"));
    }

    #[test]
    fn a_wrong_value_is_named_by_line_and_key() {
        let problems =
            settings("[office]\ntenant = \"Acme\"\n[line]\nbroker = \"http://b:1\"\nport = 3\n").unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems.iter().any(|p| p.starts_with("hub.toml:2:10: office.tenant: tenant has 'A'")), "{problems:?}");
        assert!(problems.iter().any(|p| p.starts_with("hub.toml:5:1: line.port: unknown field")), "{problems:?}");
        let problems = settings("[office]\ntenant = \"acme\"\n[line]\nbroker = \"http://b:1\"\n").unwrap_err();
        assert!(problems[0].starts_with("hub.toml:4:1: line.broker: the scheme"), "{problems:?}");
    }

    #[test]
    fn an_encrypted_line_needs_all_three_files_and_a_plain_one_none() {
        let head = "[office]\ntenant = \"acme\"\n[line]\n";
        let problems = settings(&format!("{head}broker = \"mqtts://b:8883\"\nca = \"ca.crt\"\n")).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        let problems = settings(&format!("{head}broker = \"mqtt://b:1883\"\nca = \"ca.crt\"\n")).unwrap_err();
        assert!(problems[0].starts_with("hub.toml:5:1: line.ca: is of no use"), "{problems:?}");
    }
}
