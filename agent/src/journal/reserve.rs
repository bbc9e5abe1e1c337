//! A little room on the disk that nobody else can take, for the answers that come after it is full.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::disk;

/// How much is held, in bytes: a full write-ahead log ([`super::LOG_PAGES`]), and several thousand interactions in the database, which
/// are days of a busy machine, and nothing on any disk.
const RESERVE: u64 = 2 * 1024 * 1024;

/// How much must be free before it is held again, in bytes; what was just given up is not taken back at once.
const ROOM: u64 = 8 * RESERVE;

/// A file whose only content is its size.
#[derive(Debug, Clone)]
pub(super) struct Reserve(PathBuf);

impl Reserve {
    /// In this folder.
    pub(super) fn within(folder: &Path) -> Reserve {
        Reserve(folder.join("reserve"))
    }

    /// Holds it, if it is not held and there is room; returns whether it is held now. Blocks.
    pub(super) fn hold(&self) -> io::Result<bool> {
        if self.held() == RESERVE {
            return Ok(true);
        }
        let folder = self.0.parent().unwrap_or(Path::new("."));
        if disk::available(folder)? < ROOM {
            return Ok(false);
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.0)?;
        // Written, and not only announced: a sparse file holds nothing.
        let written = file.write_all(&vec![0x5A; RESERVE as usize]).and_then(|()| file.sync_all());
        if written.is_err() {
            // Half of it would be held for nobody.
            self.release();
        }
        written.map(|()| true)
    }

    /// Gives it up; returns whether that gave any room.
    pub(super) fn release(&self) -> bool {
        let held = self.held() > 0;
        let emptied = OpenOptions::new().write(true).open(&self.0).and_then(|file: File| file.set_len(0));
        held && emptied.is_ok()
    }

    fn held(&self) -> u64 {
        self.0.metadata().map_or(0, |about| about.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn it_takes_real_room_and_gives_it_up_once() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::within(folder.path());
        assert!(!reserve.release(), "nothing is held yet");
        assert!(reserve.hold().unwrap() && reserve.hold().unwrap());
        let about = folder.path().join("reserve").metadata().unwrap();
        assert!(about.blocks() * 512 >= RESERVE, "{} blocks", about.blocks());
        assert!(reserve.release() && !reserve.release());
        assert_eq!(folder.path().join("reserve").metadata().unwrap().blocks(), 0);
        assert!(reserve.hold().unwrap());
    }
}
