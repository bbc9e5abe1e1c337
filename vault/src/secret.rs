//! Files that hold a secret: there whole or not at all, and never open to anybody but their owner.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Only the account of the program reads a secret.
const MODE: u32 = 0o600;

/// The permission bits of everybody else.
const OTHERS: u32 = 0o077;

/// Largest file of a secret, in bytes: a few keys, each a line of at most 130 characters.
const LARGEST: u64 = 4096;

/// Why a file of a secret was not read or written. Nothing of the secret is repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file cannot be made.
    #[error("cannot create {}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others than its owner can read the file.
    #[error("{} is open to others (mode {mode:03o}): chmod 600 it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is larger than any secret.
    #[error("{} has more than {LARGEST} bytes, which no secret has", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

impl SecretError {
    /// Whether there is such a file already, which is why it was not made.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Create { source, .. } if source.kind() == io::ErrorKind::AlreadyExists)
    }
}

/// Reads a secret, if nobody but its owner can.
///
/// # Errors
/// [`SecretError::Read`], [`SecretError::OpenToOthers`], [`SecretError::TooLarge`].
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let failed = |source| SecretError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(SecretError::OpenToOthers { path: path.to_owned(), mode });
    }
    // Reserved at once: a string that grows leaves a copy of the secret behind.
    let mut text = Zeroizing::new(String::with_capacity(LARGEST as usize + 1));
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
    match text.len() as u64 > LARGEST {
        true => Err(SecretError::TooLarge { path: path.to_owned() }),
        false => Ok(text),
    }
}

/// Writes a secret and an end of line to a file that must not exist. When this returns, it survives a power cut; if the
/// power goes before, there is no such file, and none with half a secret in it.
///
/// # Errors
/// [`SecretError::Create`]; [`SecretError::is_there`] says whether it exists.
pub fn write_secret(path: &Path, text: &str) -> Result<(), SecretError> {
    write(path, text).map_err(|source| SecretError::Create { path: path.to_owned(), source })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut making = path.as_os_str().to_owned();
    making.push(".new");
    let making = Path::new(&making);
    // What a power cut left of an earlier attempt.
    match fs::remove_file(making) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(making)?;
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.write_all(line_end.as_bytes()))
        .and_then(|()| file.sync_all())
        // A second name, unlike a new one, is never given over a file that is there.
        .and_then(|()| fs::hard_link(making, path));
    fs::remove_file(making)?;
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn names(folder: &TempDir) -> Vec<std::ffi::OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_secret_is_written_once_and_for_its_owner_alone() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.key");
        fs::write(folder.path().join("a.key.new"), "half of").unwrap();
        write_secret(&path, "secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = write_secret(&path, "another").unwrap_err();
        assert!(again.is_there(), "{again:?}");
        assert_eq!(*read_secret(&path).unwrap(), "secret\n");
        assert_eq!(names(&folder), ["a.key"]);
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.key");
        write_secret(&path, "secret").unwrap();
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = read_secret(&path).unwrap_err();
            assert!(refused.to_string().ends_with(&format!("(mode {mode:03o}): chmod 600 it")), "{refused}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        read_secret(&path).unwrap();
    }

    #[test]
    fn what_is_missing_or_too_large_is_no_secret() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.key");
        assert!(matches!(read_secret(&path), Err(SecretError::Read { .. })));
        write_secret(&path, &"x".repeat(LARGEST as usize)).unwrap();
        assert!(matches!(read_secret(&path), Err(SecretError::TooLarge { .. })));
        let nowhere = write_secret(&folder.path().join("nowhere/a.key"), "x").unwrap_err();
        assert!(matches!(nowhere, SecretError::Create { .. }) && !nowhere.is_there());
    }
}
