//! A new head office: its folder, settings, keys and empty database.

use crate::{
    config::{self, Config, ConfigError},
    keys::{self, Keys, KeysError},
    office::{Office, OpenError},
};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use touchpoint_link::Endpoint;
use touchpoint_protocol::name::Tenant;

/// Why there is no new head office.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is one already.
    #[error("{} is a head office already: it has a {}", .0.display(), config::FILE)]
    Exists(PathBuf),
    /// The keys cannot be made.
    #[error("no keys could be made")]
    Keys(#[source] KeysError),
    /// The settings cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The settings file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The settings just written cannot be used.
    #[error(transparent)]
    Config(ConfigError),
    /// What was made cannot be opened.
    #[error("the new head office cannot be opened")]
    Open(#[source] OpenError),
}

/// Makes a head office in this folder and opens it. Keys that are there already stay, and are used.
///
/// # Errors
/// The folder is a head office already, or something cannot be written.
pub fn init(folder: &Path, tenant: &Tenant, broker: &Endpoint) -> Result<Office, InitError> {
    let file = folder.join(config::FILE);
    if file.exists() {
        return Err(InitError::Exists(folder.to_owned()));
    }
    keys::create_folder(folder).map_err(InitError::Keys)?;
    Keys::create(&folder.join("keys")).map_err(InitError::Keys)?;
    write(&file, &settings(tenant, broker)).map_err(|source| InitError::Write { path: file.clone(), source })?;
    let config = Config::load(&file).map_err(InitError::Config)?;
    Office::create(&config).map_err(InitError::Open)
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn settings(tenant: &Tenant, broker: &Endpoint) -> String {
    let comment = if broker.is_tls() { "" } else { "# " };
    format!(
        r#"# Head office of {tenant}. Paths are relative to this file.

[office]
tenant = "{tenant}"

# The MQTT 5 broker that devices connect to as well. mqtt:// is for the desk; in the field it is mqtts://, where your own PKI
# provides the broker's authority and head office's certificate and key (PEM).
[line]
broker = "{broker}"
{comment}ca = "tls/ca.crt"
{comment}certificate = "tls/head-office.crt"
{comment}key = "tls/head-office.key"

# The database head-office.db, encrypted with keys/master.key. Back both up, and apart from each other.
[storage]
folder = "."
keys = "keys"
"#
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_new_head_office_can_be_opened_again_and_is_never_made_twice() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("acme");
        let (tenant, broker) = ("acme".parse().unwrap(), "mqtt://127.0.0.1:1883".parse().unwrap());
        let office = init(&path, &tenant, &broker).unwrap();
        let key = office.public_key();
        office.close().await.unwrap();
        assert!(matches!(init(&path, &tenant, &broker), Err(InitError::Exists(_))));
        let config = Config::load(&path.join(config::FILE)).unwrap();
        let office = Office::open(&config).unwrap();
        assert_eq!((office.tenant(), office.public_key()), (&tenant, key));
    }

    #[tokio::test]
    async fn a_lost_database_is_not_silently_replaced_by_an_empty_one() {
        let folder = tempfile::TempDir::new().unwrap();
        let broker = "mqtt://127.0.0.1:1883".parse().unwrap();
        init(folder.path(), &"acme".parse().unwrap(), &broker).unwrap().close().await.unwrap();
        fs::remove_file(folder.path().join(config::DATABASE)).unwrap();
        let config = Config::load(&folder.path().join(config::FILE)).unwrap();
        let error = crate::problem::chain(&Office::open(&config).unwrap_err());
        assert!(error.contains("restore it"), "{error}");
    }

    #[test]
    fn settings_for_an_encrypted_line_name_its_three_files() {
        let text = settings(&"acme".parse().unwrap(), &"mqtts://broker.example:8883".parse().unwrap());
        assert!(text.contains("\nca = ") && text.contains("\ncertificate = ") && text.contains("\nkey = "), "{text}");
    }
}
