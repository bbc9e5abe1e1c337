//! The device's secrets, and where they come from: one folder, or systemd's credentials.
//!
//! What the device makes itself is made once: the master key on the very first start, before there is any database, and the
//! API token whenever it is missing. A master key that is missing beside a database is never made anew, because that would
//! turn a forgotten backup into lost data.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};
use touchpoint_protocol::{
    signed::{KeyError, PublicKey, TrustedKeys},
    token::{TokenKey, TokenKeyError, TokenKeys},
};
use touchpoint_vault::{MasterKey, SecretError, read_secret, write_secret};
use zeroize::Zeroizing;

use crate::lot::{self, NoRandomness};

/// Most that is read of head office's public keys, in bytes: a few lines of at most 130 characters.
const LARGEST: u64 = 4096;

/// Everything secret, read once at start.
#[derive(Debug)]
pub struct Keys {
    /// From which the keys of both vaults are derived.
    pub master: MasterKey,
    /// What turns cards into tokens.
    pub tokens: TokenKeys,
    /// Whose signature is believed.
    pub head_office: TrustedKeys,
    /// What a caller of the local API must show.
    pub api_token: ApiToken,
}

/// The local API's bearer token, 64 hexadecimal digits.
pub struct ApiToken(Zeroizing<String>);

impl ApiToken {
    /// Whether this is the token. Takes as long for a near miss as for a wild one.
    pub fn is(&self, offered: &str) -> bool {
        let (known, offered) = (self.0.as_bytes(), offered.as_bytes());
        known.len() == offered.len() && known.iter().zip(offered).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(..)")
    }
}

/// Why the keys cannot be used. Nothing of a key is repeated.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A secret cannot be read or made.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Head office's public key cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system has no randomness to make a secret of.
    #[error("there is no secret for {}", path.display())]
    Random {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: NoRandomness,
    },
    /// The master key is missing, and there is a database that needs it.
    #[error("{} is missing, and {} cannot be read without it: bring the key back", path.display(), database.display())]
    MasterKeyMissing {
        /// Where the key should be.
        path: PathBuf,
        /// What needs it.
        database: PathBuf,
    },
    /// The master key is none.
    #[error("{}", path.display())]
    MasterKey {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: touchpoint_vault::KeyError,
    },
    /// The token key is none.
    #[error("{}", path.display())]
    TokenKey {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: TokenKeyError,
    },
    /// Head office's key is none.
    #[error("{}", path.display())]
    HeadOffice {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: KeyError,
    },
    /// A file that must hold something holds nothing.
    #[error("{} is empty", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

impl Keys {
    /// Reads all keys of a folder, and makes those a device makes itself. `databases` are the files the master key opens.
    ///
    /// # Errors
    /// The first key that cannot be used, by its path.
    pub fn load(folder: &Path, databases: &[PathBuf]) -> Result<Keys, KeysError> {
        Ok(Keys {
            tokens: token_keys(&folder.join("token.key"))?,
            head_office: head_office(&folder.join("head-office.pub"))?,
            master: master(&folder.join("master.key"), databases)?,
            api_token: api_token(&folder.join("api.token"))?,
        })
    }
}

fn token_keys(path: &Path) -> Result<TokenKeys, KeysError> {
    let text = read_secret(path)?;
    let mut keys = text
        .lines()
        .map(|line| TokenKey::parse(line).map_err(|source| KeysError::TokenKey { path: path.to_owned(), source }));
    let current = keys.next().ok_or_else(|| KeysError::Empty { path: path.to_owned() })??;
    Ok(TokenKeys::new(current, keys.next().transpose()?))
}

fn head_office(path: &Path) -> Result<TrustedKeys, KeysError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    read.map_err(|source| KeysError::Read { path: path.to_owned(), source })?;
    let keys = text.lines().map(PublicKey::parse).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|source| KeysError::HeadOffice { path: path.to_owned(), source })?;
    match keys.is_empty() {
        true => Err(KeysError::Empty { path: path.to_owned() }),
        false => Ok(TrustedKeys::new(keys)),
    }
}

fn master(path: &Path, databases: &[PathBuf]) -> Result<MasterKey, KeysError> {
    let wrong = |source| KeysError::MasterKey { path: path.to_owned(), source };
    if !path.exists() {
        if let Some(database) = databases.iter().find(|database| database.exists()) {
            return Err(KeysError::MasterKeyMissing { path: path.to_owned(), database: database.clone() });
        }
        write_secret(path, &MasterKey::generate().map_err(wrong)?.to_hex())?;
    }
    MasterKey::from_hex(read_secret(path)?.trim()).map_err(wrong)
}

fn api_token(path: &Path) -> Result<ApiToken, KeysError> {
    if !path.exists() {
        write_secret(path, &lot::hex(32).map_err(|source| KeysError::Random { path: path.to_owned(), source })?)?;
    }
    match read_secret(path)?.trim() {
        "" => Err(KeysError::Empty { path: path.to_owned() }),
        token => Ok(ApiToken(Zeroizing::new(token.to_owned()))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write_secret(&folder.path().join("token.key"), &format!("t1:{}", "ab".repeat(32))).unwrap();
        fs::write(folder.path().join("head-office.pub"), format!("ho-1:{}\n", "cd".repeat(32))).unwrap();
        folder
    }

    fn load(folder: &tempfile::TempDir) -> Result<Keys, KeysError> {
        Keys::load(folder.path(), &[folder.path().join("journal.db")])
    }

    #[test]
    fn a_new_device_makes_its_own_keys_once_and_for_itself_alone() {
        let folder = folder();
        let first = load(&folder).unwrap().master.to_hex();
        assert_eq!(load(&folder).unwrap().master.to_hex(), first);
        for name in ["master.key", "api.token"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_lost_master_key_is_not_replaced_while_a_database_needs_it() {
        let folder = folder();
        fs::write(folder.path().join("journal.db"), b"x").unwrap();
        assert!(matches!(load(&folder), Err(KeysError::MasterKeyMissing { .. })));
        assert!(!folder.path().join("master.key").exists());
    }

    #[test]
    fn a_secret_open_to_others_is_refused() {
        let folder = folder();
        let path = folder.path().join("token.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(
            load(&folder).unwrap_err().to_string().ends_with("token.key is open to others (mode 640): chmod 600 it")
        );
    }

    #[test]
    fn only_the_token_itself_opens_the_api() {
        let keys = load(&folder()).unwrap();
        let token = keys.api_token.0.clone();
        assert!(keys.api_token.is(&token));
        assert!(!keys.api_token.is("") && !keys.api_token.is(&token[1..]) && !keys.api_token.is(&"0".repeat(64)));
    }
}
