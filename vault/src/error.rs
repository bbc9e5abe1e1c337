//! What can go wrong with a vault, one variant per thing a caller would answer differently.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why a vault was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// This build's SQLite cannot encrypt. Nothing was created or touched.
    #[error("this build cannot encrypt {}", path.display())]
    NoEncryption {
        /// The vault's file.
        path: PathBuf,
    },
    /// The file is an SQLite database without encryption. It was not touched.
    #[error("{} is not encrypted", path.display())]
    Plaintext {
        /// The vault's file.
        path: PathBuf,
    },
    /// The file was made with another key. It was not touched: the remedy is the right key, never a new file.
    #[error("{} was made with another key", path.display())]
    WrongKey {
        /// The vault's file.
        path: PathBuf,
    },
    /// The file was made with this key and is damaged.
    #[error("{} is damaged", path.display())]
    Corrupt {
        /// The vault's file.
        path: PathBuf,
        /// What SQLite said of it; `None` where the file is too short, or too empty, to be asked about.
        source: Option<rusqlite::Error>,
    },
    /// The file holds another application's data, or another vault of ours.
    #[error("{} belongs to application {found:#010x}, not {expected:#010x}", path.display())]
    Foreign {
        /// The vault's file.
        path: PathBuf,
        /// The application id in the file.
        found: i32,
        /// The application id of the schema asked for.
        expected: i32,
    },
    /// A newer release has migrated the file beyond what this one knows.
    #[error("{} has schema version {found}, and this release knows {known}", path.display())]
    TooNew {
        /// The vault's file.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The newest version this release can read.
        known: u32,
    },
    /// The file could not be looked at or created.
    #[error("cannot prepare the file {}", path.display())]
    File {
        /// The vault's file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// SQLite could not open or set up the file.
    #[error("cannot open {}", path.display())]
    Open {
        /// The vault's file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// SQLite cannot keep a write-ahead log here, as on a network share, so a reader would wait for the writer.
    #[error("{} keeps a journal of mode {mode:?}, not a write-ahead log", path.display())]
    NoWriteAheadLog {
        /// The vault's file.
        path: PathBuf,
        /// The journal mode SQLite stayed with.
        mode: String,
    },
    /// A migration failed. The file stays at the version before it.
    #[error("cannot migrate {} to schema version {version}", path.display())]
    Migrate {
        /// The vault's file.
        path: PathBuf,
        /// The version that was not reached.
        version: u32,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The operating system gave no thread.
    #[error("cannot start a thread for {}", path.display())]
    Thread {
        /// The vault's file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Why a task on an open vault did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// SQLite refused. If it was a write, all of it was rolled back.
    #[error("a task on {} failed", path.display())]
    Sql {
        /// The vault's file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The vault was closed before the task was done.
    #[error("{} is closed", path.display())]
    Closed {
        /// The vault's file.
        path: PathBuf,
    },
    /// The task panicked. If it was a write, all of it was rolled back; the vault goes on.
    #[error("a task on {} panicked", path.display())]
    Panicked {
        /// The vault's file.
        path: PathBuf,
    },
}

impl Error {
    /// Whether the file is damaged: a page is not what was written, and trying again would not help.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// Whether there was no room on the disk. What the task wrote was rolled back, and can be tried again.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.code() == Some(ErrorCode::DiskFull)
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Error::Sql { source, .. } => source.sqlite_error_code(),
            Error::Closed { .. } | Error::Panicked { .. } => None,
        }
    }
}
