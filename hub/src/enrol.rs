//! A device's folder: what it needs to know head office, and to be known.

use crate::{
    keys::{self, KeysError},
    office::{Office, now},
    store::Enrolment,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use touchpoint_protocol::name::{DeviceId, GroupId, ShardId};
use touchpoint_vault::write_secret;

/// What enrolling did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The device's new folder.
    pub folder: PathBuf,
    /// Where the device belonged before, if it was enrolled already.
    pub before: Option<(GroupId, ShardId)>,
}

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Its folder exists, and may hold what a device is running on.
    #[error("{} exists already: name a folder that does not", .0.display())]
    Exists(PathBuf),
    /// A key cannot be written.
    #[error("the folder of {device} cannot be made")]
    Keys {
        /// The device.
        device: DeviceId,
        /// Why not.
        source: KeysError,
    },
    /// Another file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It cannot be registered.
    #[error("{device} cannot be registered")]
    Store {
        /// The device.
        device: DeviceId,
        /// Why not.
        source: touchpoint_vault::Error,
    },
}

impl Office {
    /// Registers a device and writes the folder that is to be copied to it. A device that is enrolled already, because its disk was
    /// replaced or it moves, gets a new folder with the same keys, and belongs to the group and shard named now.
    ///
    /// # Errors
    /// The folder exists, or something cannot be written. Then there is no folder; the registration alone does no harm.
    pub async fn enrol(
        &self,
        device: &DeviceId,
        group: &GroupId,
        shard: &ShardId,
        folder: &Path,
    ) -> Result<Enrolled, EnrolError> {
        if folder.exists() {
            return Err(EnrolError::Exists(folder.to_owned()));
        }
        let enrolment = Enrolment { group: group.clone(), shard: shard.clone() };
        let stored = self.store.register(device, &enrolment, now()).await;
        let before = stored.map_err(|source| EnrolError::Store { device: device.clone(), source })?;
        let written = self.write_folder(device, &enrolment, folder);
        if written.is_err() {
            // It was not there before, and half of it is of no use.
            let _ = fs::remove_dir_all(folder);
        }
        written?;
        Ok(Enrolled { folder: folder.to_owned(), before: before.map(|Enrolment { group, shard }| (group, shard)) })
    }

    fn write_folder(&self, device: &DeviceId, enrolment: &Enrolment, folder: &Path) -> Result<(), EnrolError> {
        let failed = |source| EnrolError::Keys { device: device.clone(), source };
        let keys = folder.join("keys");
        keys::create_folder(&keys).map_err(failed)?;
        let written = write_secret(&keys.join(keys::TOKEN), &self.keys.token_lines());
        written.map_err(|error| failed(error.into()))?;
        write(&keys.join("head-office.pub"), &format!("{}\n", self.public_key().to_line()))?;
        write(&folder.join("agent.toml"), &self.settings(device, enrolment))
    }

    fn settings(&self, device: &DeviceId, enrolment: &Enrolment) -> String {
        let Enrolment { group, shard } = enrolment;
        let (tenant, broker) = (&self.config.tenant, &self.config.line.endpoint);
        let line = if broker.is_tls() {
            "# Your own PKI puts these three here: the broker's authority, and this device's certificate and key (PEM).\n\
             ca = \"tls/ca.crt\"\ncertificate = \"tls/device.crt\"\nkey = \"tls/device.key\""
        } else {
            "# Not encrypted: for the desk alone. With mqtts:// these three are needed, from your own PKI (PEM).\n\
             # ca = \"tls/ca.crt\"\n# certificate = \"tls/device.crt\"\n# key = \"tls/device.key\""
        };
        format!(
            r#"# Touchpoint agent on {device}. Written by head office when the device was enrolled.
# Paths are relative to this file.

[device]
# Head office knows the device by these. To move it to another group or shard, enrol it again.
tenant = "{tenant}"
id = "{device}"
group = "{group}"
shard = "{shard}"

[line]
# The MQTT 5 broker.
broker = "{broker}"
{line}

[storage]
# cache.db can be fetched again. journal.db holds what head office has not confirmed yet: never delete it.
folder = "state"
# token.key and head-office.pub came with this file. The agent makes master.key and api.token itself on its first start.
keys = "keys"

[api]
# Where the transaction application and the technician talk to the agent: loopback, or "unix:api.sock".
listen = "127.0.0.1:8477"

[screen]
# The panel, in pixels.
width = 1024
height = 768
# How it is driven; deploy/agent.toml knows more. To be seen with: touchpoint-agent panel test --config agent.toml
# panel = "auto"
# Its visible area, so that text and buttons are as large as people need.
# millimetres = [305, 229]
# Function keys beside it instead of touch: the middle of each in thousandths of the height, from the top down.
# keys.left = [330, 500, 670, 840]
# keys.right = [330, 500, 670, 840]
# For everybody before this screen; one customer may need it on another.
# large_text = true
# high_contrast = true
# Where the packages fonts-noto-core and fonts-noto-cjk are: scripts beyond Latin, Greek and Cyrillic need them.
# fonts = ["/usr/share/fonts"]
# For panel = "png": the screen as a file, renewed with each view.
# picture = "screen.png"

[visit]
# How long a customer stays, unless the transaction application says otherwise.
seconds = 25
"#
        )
    }
}

fn write(path: &Path, text: &str) -> Result<(), EnrolError> {
    fs::write(path, text).map_err(|source| EnrolError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use touchpoint_protocol::{signed::PublicKey, token::TokenKey};

    fn office(folder: &Path, broker: &str) -> Office {
        let office = crate::init(folder, &"acme".parse().unwrap(), &broker.parse().unwrap()).unwrap();
        assert_eq!(office.tenant().as_str(), "acme");
        office
    }

    #[tokio::test]
    async fn a_device_gets_a_folder_that_says_all_it_needs() {
        let folder = tempfile::TempDir::new().unwrap();
        let office = office(folder.path(), "mqtt://127.0.0.1:1883");
        let device = folder.path().join("devices/kiosk-1");
        let (id, group, shard) = ("kiosk-1".parse().unwrap(), "all".parse().unwrap(), "all".parse().unwrap());
        assert_eq!(office.enrol(&id, &group, &shard, &device).await.unwrap().before, None);

        let settings: toml::Table = fs::read_to_string(device.join("agent.toml")).unwrap().parse().unwrap();
        assert_eq!(settings["device"]["tenant"].as_str(), Some("acme"));
        assert_eq!(settings["device"]["id"].as_str(), Some("kiosk-1"));
        assert_eq!(settings["line"]["broker"].as_str(), Some("mqtt://127.0.0.1:1883"));
        assert!(settings["line"].get("ca").is_none());
        assert_eq!(settings["api"]["listen"].as_str(), Some("127.0.0.1:8477"));
        assert_eq!(settings["visit"]["seconds"].as_integer(), Some(25));

        let public = fs::read_to_string(device.join("keys/head-office.pub")).unwrap();
        assert_eq!(PublicKey::parse(&public).unwrap(), office.public_key());
        let token = device.join("keys/token.key");
        assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
        TokenKey::parse(fs::read_to_string(&token).unwrap().lines().next().unwrap()).unwrap();
    }

    #[tokio::test]
    async fn a_folder_in_use_is_never_written_to_and_a_device_may_move() {
        let folder = tempfile::TempDir::new().unwrap();
        let office = office(folder.path(), "mqtt://127.0.0.1:1883");
        let (id, group, shard) = ("kiosk-1".parse().unwrap(), "all".parse().unwrap(), "all".parse().unwrap());
        let first = folder.path().join("first");
        office.enrol(&id, &group, &shard, &first).await.unwrap();
        let again = office.enrol(&id, &group, &shard, &first).await;
        assert!(matches!(again, Err(EnrolError::Exists(_))), "{again:?}");

        let lobby = "lobby".parse().unwrap();
        let moved = office.enrol(&id, &lobby, &shard, &folder.path().join("second")).await.unwrap();
        assert_eq!(moved.before, Some((group, shard.clone())));
        let enrolment = office.store.enrolment(&id).await.unwrap();
        assert_eq!(enrolment, Some(Enrolment { group: lobby, shard }));
    }

    #[tokio::test]
    async fn on_an_encrypted_line_the_device_is_told_where_its_certificate_goes() {
        let folder = tempfile::TempDir::new().unwrap();
        let office = office(folder.path(), "mqtts://broker.example:8883");
        let (id, all, shard) = ("kiosk-1".parse().unwrap(), "all".parse().unwrap(), "all".parse().unwrap());
        office.enrol(&id, &all, &shard, &folder.path().join("kiosk-1")).await.unwrap();
        let text = fs::read_to_string(folder.path().join("kiosk-1/agent.toml")).unwrap();
        let settings: toml::Table = text.parse().unwrap();
        assert_eq!(settings["line"]["key"].as_str(), Some("tls/device.key"));
    }
}
