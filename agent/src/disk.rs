//! How much room the disk has, and what waits when it has little.

use std::{io, path::Path};

/// What must stay free when customers and campaigns are fetched, in bytes: they can be fetched later, and an answer is given once.
/// Twice the log of the largest transaction, a block of a snapshot decoded.
pub const SYNC_ROOM: u64 = 32 * 1024 * 1024;

/// There is less room than there must be.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// Too little is free.
    #[error("the disk is nearly full: {free} bytes are free, and {needed} are to stay so")]
    Low {
        /// Bytes that are free.
        free: u64,
        /// Bytes that should be.
        needed: u64,
    },
    /// The system does not say.
    #[error("cannot ask how full the disk is")]
    Unknown(#[source] io::Error),
}

/// Bytes that a program without privileges may still write where this folder is.
///
/// # Errors
/// The system does not say.
pub fn available(folder: &Path) -> io::Result<u64> {
    let about = rustix::fs::statvfs(folder)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

/// Makes sure that so many bytes are free where this folder is.
///
/// # Errors
/// They are not.
pub fn require(folder: &Path, needed: u64) -> Result<(), DiskError> {
    match available(folder).map_err(DiskError::Unknown)? {
        free if free < needed => Err(DiskError::Low { free, needed }),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_disk_cannot_hold_is_refused_with_what_it_could() {
        let folder = tempfile::tempdir().unwrap();
        require(folder.path(), 1).unwrap();
        let refused = require(folder.path(), u64::MAX).unwrap_err().to_string();
        assert!(refused.starts_with("the disk is nearly full: ") && !refused.contains(": 0 bytes"), "{refused}");
        assert!(matches!(require(&folder.path().join("nowhere"), 1), Err(DiskError::Unknown(_))));
    }
}
