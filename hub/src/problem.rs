//! What is wrong in a file somebody wrote, and where: one form for configuration, campaigns and customers, so that a person finds
//! the place and an editor jumps to it.

pub use touchpoint_protocol::chain;

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// One thing to put right. Prints as `file:line:column: key: what`, as far as these are known. Never holds a card number, a
/// token or a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In which file.
    pub file: PathBuf,
    /// Where in it, if it is in one place.
    pub place: Option<Place>,
    /// The key of a TOML file or the column of a table, as it is written there.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// A place in a text, counted from 1 as editors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The character in it, where that helps.
    pub column: Option<u64>,
}

impl Problem {
    /// About a file as a whole.
    pub(crate) fn of_file(file: &Path, what: impl ToString) -> Problem {
        Problem { file: file.to_owned(), place: None, key: None, what: what.to_string() }
    }

    /// About something in a line.
    pub(crate) fn of_line(file: &Path, line: u64, key: Option<&str>, what: impl ToString) -> Problem {
        Problem {
            place: Some(Place { line, column: None }),
            key: key.map(str::to_owned),
            ..Problem::of_file(file, what)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(Place { line, column }) = self.place {
            write!(f, ":{line}")?;
            if let Some(column) = column {
                write!(f, ":{column}")?;
            }
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.what)
    }
}
