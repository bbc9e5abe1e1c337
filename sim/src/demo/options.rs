//! What may be chosen about a demo.

use crate::cast::Cast;
use std::{fmt, fs, io, path::PathBuf, str::FromStr};

/// Most customers: as many as a device is measured with.
const MOST: u32 = 1_000_000;

/// How a demo is to be played.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many customers head office knows.
    pub customers: Customers,
    /// What their numbers and names are drawn from.
    pub seed: u64,
    /// Where pictures and report go.
    pub out: OutFolder,
}

/// A number of customers that has room for the cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Customers(u32);

/// The text is no number, or one out of bounds.
#[derive(Debug, thiserror::Error)]
#[error("not a number from {} (the cast alone) to {MOST}", Cast::SIZE)]
pub struct CustomersError;

/// A folder that exists and takes files.
#[derive(Debug, Clone)]
pub struct OutFolder(PathBuf);

/// The folder takes no files.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to {}", path.display())]
pub struct OutFolderError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Customers {
    /// The number.
    pub fn count(self) -> u32 {
        self.0
    }
}

impl FromStr for Customers {
    type Err = CustomersError;

    fn from_str(text: &str) -> Result<Self, CustomersError> {
        let count = text.parse().map_err(|_| CustomersError)?;
        if (Cast::SIZE..=MOST).contains(&count) { Ok(Self(count)) } else { Err(CustomersError) }
    }
}

impl fmt::Display for Customers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl OutFolder {
    /// Makes the folder if it is not there, and tries whether it takes a file; better now than after the last visit.
    ///
    /// # Errors
    /// It cannot be made, or takes no file.
    pub fn open(path: PathBuf) -> Result<OutFolder, OutFolderError> {
        let probe = path.join(".touchpoint-sim");
        let tried =
            fs::create_dir_all(&path).and_then(|()| fs::write(&probe, [])).and_then(|()| fs::remove_file(&probe));
        match tried {
            Ok(()) => Ok(OutFolder(path)),
            Err(source) => Err(OutFolderError { path, source }),
        }
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl fmt::Display for OutFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn silly_numbers_of_customers_are_refused_with_what_would_do() {
        for text in ["", "0", "19", "1000001", "-3", "many", "99999999999999"] {
            let error = text.parse::<Customers>().unwrap_err();
            assert_eq!(error.to_string(), "not a number from 20 (the cast alone) to 1000000", "{text}");
        }
        assert_eq!("20".parse::<Customers>().unwrap().count(), 20);
        assert_eq!("1000000".parse::<Customers>().unwrap().count(), MOST);
    }

    #[test]
    fn a_folder_that_takes_no_files_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, []).unwrap();
        let error = OutFolder::open(file.join("below")).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write to {}", file.join("below").display()));
        let made = OutFolder::open(folder.path().join("a/b")).unwrap();
        assert!(made.file("x").ends_with("a/b/x"));
        assert_eq!(fs::read_dir(folder.path().join("a/b")).unwrap().count(), 0, "the trial left something behind");
    }
}
