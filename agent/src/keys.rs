//! The device's secrets, and where they come from: one folder, or systemd's credentials.
//!
//! What the device makes itself is made once: the master key on the very first start, before there is any database, and the
//! API token whenever it is missing. A master key that is missing beside a database is never made anew, because that would
//! turn a forgotten backup into lost data.

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};
use rustix::fs::{Mode, OFlags};
use std::{
    fmt,
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use touchpoint_protocol::{
    signed::{KeyError, PublicKey, TrustedKeys},
    token::{TokenKey, TokenKeyError, TokenKeys},
};
use touchpoint_vault::MasterKey;
use zeroize::Zeroizing;

/// Largest key file, in bytes: a few lines of at most 130 characters.
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
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file cannot be made.
    #[error("cannot create {}", path.display())]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than its owner can read a secret.
    #[error("{} is open to others (mode {mode:03o}): chmod 600 it", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
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
    let text = read(path)?;
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
        create_secret(path, &MasterKey::generate().map_err(wrong)?.to_hex())?;
    }
    MasterKey::from_hex(read_secret(path)?.trim()).map_err(wrong)
}

fn api_token(path: &Path) -> Result<ApiToken, KeysError> {
    if !path.exists() {
        let mut bytes = Zeroizing::new([0; 32]);
        let no_random = |_| KeysError::Create { path: path.to_owned(), source: io::Error::other("no random numbers") };
        SystemRandom::new().fill(&mut *bytes).map_err(no_random)?;
        create_secret(path, &Zeroizing::new(HEXLOWER.encode(&*bytes)))?;
    }
    match read_secret(path)?.trim() {
        "" => Err(KeysError::Empty { path: path.to_owned() }),
        token => Ok(ApiToken(Zeroizing::new(token.to_owned()))),
    }
}

/// A secret that only its owner can read, or none at all.
fn read_secret(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let failed = |source| KeysError::Read { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeysError::Open { path: path.to_owned(), mode });
    }
    read(path)
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let failed = |source| KeysError::Read { path: path.to_owned(), source };
    let mut text = Zeroizing::new(String::with_capacity(LARGEST as usize));
    File::open(path).map_err(failed)?.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Writes a secret so that nobody else can ever have had it open, and so that it is there after a power cut.
fn create_secret(path: &Path, text: &str) -> Result<(), KeysError> {
    let write = || -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|source| KeysError::Create { path: path.to_owned(), source })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        create_secret(&folder.path().join("token.key"), &format!("t1:{}", "ab".repeat(32))).unwrap();
        std::fs::write(folder.path().join("head-office.pub"), format!("ho-1:{}\n", "cd".repeat(32))).unwrap();
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
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_lost_master_key_is_not_replaced_while_a_database_needs_it() {
        let folder = folder();
        std::fs::write(folder.path().join("journal.db"), b"x").unwrap();
        assert!(matches!(load(&folder), Err(KeysError::MasterKeyMissing { .. })));
        assert!(!folder.path().join("master.key").exists());
    }

    #[test]
    fn a_secret_open_to_others_is_refused() {
        let folder = folder();
        let path = folder.path().join("token.key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
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
