//! Head office's secrets and the files they are in: what it signs with, what turns cards into tokens, what its database is
//! encrypted with.

use data_encoding::HEXLOWER;
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use std::{
    fmt, fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};
use touchpoint_protocol::{
    signed::{self, PublicKey, SigningKey},
    token::{TokenKey, TokenKeyError},
};
use touchpoint_vault::{MasterKey, SecretError, read_secret, write_secret};
use zeroize::Zeroizing;

/// The files in the folder of keys.
const SIGNING: &str = "signing.key";
pub(crate) const TOKEN: &str = "token.key";
const MASTER: &str = "master.key";

/// What separates the name of the share from every other use of the master key.
const SHARE: &[u8] = b"touchpoint/share/v1";

/// How much of a hash is in that name, in bytes: more than anybody guesses on a line.
const SHARE_BYTES: usize = 16;

/// Only the account of the program looks into a folder of secrets.
const FOLDER: u32 = 0o700;

/// Head office's secrets. Prints the ids of its keys alone.
pub struct Keys {
    /// What documents to devices are signed with.
    pub(crate) signing: SigningKey,
    /// What tokens are made with now.
    pub(crate) token: TokenKey,
    /// What tokens were made with before, while keys are being changed.
    previous_token: Option<TokenKey>,
    /// From what the key of the database is derived.
    pub(crate) master: MasterKey,
}

/// Why there are no keys. Nothing of a key is repeated.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A key file cannot be read or made, or is open to others.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The folder of the keys cannot be made.
    #[error("cannot make the folder {}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A key file holds something else.
    #[error("{} does not hold the key it should", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl Keys {
    /// Makes the keys that are not there yet. One that is there stays, whatever it holds.
    ///
    /// # Errors
    /// A file cannot be written, or there is no randomness.
    pub(crate) fn create(folder: &Path) -> Result<(), KeysError> {
        create_folder(folder)?;
        let signing = SigningKey::generate().map_err(|_| KeysError::Random)?;
        write_missing(&folder.join(SIGNING), &line("signing-1", &signing))?;
        let mut token = Zeroizing::new([0; 32]);
        SystemRandom::new().fill(&mut *token).map_err(|_| KeysError::Random)?;
        write_missing(&folder.join(TOKEN), &line("token-1", &*token))?;
        let master = MasterKey::generate().map_err(|_| KeysError::Random)?;
        write_missing(&folder.join(MASTER), &master.to_hex())
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// A file that is missing, or holds something else.
    pub(crate) fn load(folder: &Path) -> Result<Keys, KeysError> {
        let (token, previous_token) = read(&folder.join(TOKEN), token_keys)?;
        Ok(Keys {
            signing: read(&folder.join(SIGNING), signing_key)?,
            token,
            previous_token,
            master: read(&folder.join(MASTER), |text| Ok(MasterKey::from_hex(text.trim())?))?,
        })
    }

    /// What devices know head office by.
    pub fn public(&self) -> PublicKey {
        self.signing.public()
    }

    /// The name under which the processes of this head office share what devices say. Derived from the master key, as all of them have
    /// it and no device does: a broker gives a share's next message to whoever subscribed under its name, and if the access rules keep
    /// it from them, to nobody.
    pub(crate) fn share(&self) -> String {
        let master = self.master.to_hex();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, master.as_bytes()), SHARE);
        format!("touchpoint-hub-{}", HEXLOWER.encode(&tag.as_ref()[..SHARE_BYTES]))
    }

    /// The token keys as a device's file holds them: the current one, then the one before it.
    pub(crate) fn token_lines(&self) -> Zeroizing<String> {
        let mut lines = Zeroizing::new(String::new());
        for key in std::iter::once(&self.token).chain(&self.previous_token) {
            let line = key.to_line();
            // Reserved at once: a string that grows leaves a copy of the key behind.
            let mut longer = Zeroizing::new(String::with_capacity(lines.len() + line.len() + 1));
            longer.push_str(&lines);
            longer.push_str(&line);
            longer.push('\n');
            lines = longer;
        }
        lines
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({:?}, {:?}, ..)", self.signing, self.token)
    }
}

/// Makes a folder for secrets, and those above it.
pub(crate) fn create_folder(path: &Path) -> Result<(), KeysError> {
    let made = fs::DirBuilder::new().recursive(true).mode(FOLDER).create(path);
    made.map_err(|source| KeysError::Folder { path: path.to_owned(), source })
}

fn write_missing(path: &Path, text: &str) -> Result<(), KeysError> {
    match write_secret(path, text) {
        Err(error) if error.is_there() => Ok(()),
        written => Ok(written?),
    }
}

fn read<T>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<T, KeysError> {
    parse(&read_secret(path)?).map_err(|source| KeysError::Content { path: path.to_owned(), source })
}

fn signing_key(text: &str) -> Result<SigningKey, Box<dyn std::error::Error + Send + Sync>> {
    let (id, hex) = text.trim().split_once(':').ok_or(signed::KeyError::Private)?;
    let pkcs8 = Zeroizing::new(HEXLOWER.decode(hex.as_bytes()).map_err(|_| signed::KeyError::Private)?);
    Ok(SigningKey::from_pkcs8(id.parse()?, &pkcs8)?)
}

fn token_keys(text: &str) -> Result<(TokenKey, Option<TokenKey>), Box<dyn std::error::Error + Send + Sync>> {
    let mut keys = text.lines().filter(|line| !line.trim().is_empty()).map(TokenKey::parse);
    let current = keys.next().ok_or(TokenKeyError::Form)??;
    let previous = keys.next().transpose()?;
    match keys.next() {
        Some(_) => Err("a third token key: only the current one and the one before it are valid".into()),
        None => Ok((current, previous)),
    }
}

fn line(id: &str, secret: &[u8]) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(id.len() + 1 + 2 * secret.len()));
    line.push_str(id);
    line.push(':');
    HEXLOWER.encode_append(secret, &mut line);
    line
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let folder = tempfile::TempDir::new().unwrap();
        Keys::create(folder.path()).unwrap();
        let first = Keys::load(folder.path()).unwrap();
        Keys::create(folder.path()).unwrap();
        let second = Keys::load(folder.path()).unwrap();
        assert_eq!(first.public(), second.public());
        assert_eq!(*first.token_lines(), *second.token_lines());
        assert_eq!(first.share(), second.share(), "two processes of one head office");
        let elsewhere = tempfile::TempDir::new().unwrap();
        Keys::create(elsewhere.path()).unwrap();
        assert_ne!(first.share(), Keys::load(elsewhere.path()).unwrap().share());
        for name in [SIGNING, TOKEN, MASTER] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(format!("{first:?}"), "Keys(SigningKey(signing-1, ..), TokenKey(token-1, ..), ..)");
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let folder = tempfile::TempDir::new().unwrap();
        Keys::create(folder.path()).unwrap();
        fs::set_permissions(folder.path().join(MASTER), fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Keys::load(folder.path());
        assert!(
            matches!(refused, Err(KeysError::Secret(SecretError::OpenToOthers { mode: 0o640, .. }))),
            "{refused:?}"
        );
    }

    #[test]
    fn a_key_file_with_something_else_in_it_is_named_and_not_repeated() {
        let folder = tempfile::TempDir::new().unwrap();
        Keys::create(folder.path()).unwrap();
        fs::write(folder.path().join(TOKEN), "token-1:abcdef").unwrap();
        let text = crate::problem::chain(&Keys::load(folder.path()).unwrap_err());
        assert!(text.contains(TOKEN) && !text.contains("abcdef"), "{text}");
    }
}
