//! Where a desk keeps its files as long as it is there: in a folder of its own among the system's temporary ones.
//!
//! A desk that was killed leaves its folder behind, and the next one clears it away.

use std::{
    env,
    fs::{self, File},
    io,
    path::Path,
};
use tempfile::TempDir;

/// How all these folders are called.
const PREFIX: &str = "touchpoint-desk-";

/// The file that a desk keeps locked in its folder. The kernel unlocks it with the end of the process, however that comes.
const LOCK: &str = "in-use";

/// A desk's folder, which goes with it.
pub(super) struct Drawer {
    folder: TempDir,
    _lock: File,
}

impl Drawer {
    /// A new folder; those that killed desks left are gone then.
    ///
    /// # Errors
    /// There is no temporary folder, or it takes no files.
    pub(super) fn new() -> io::Result<Drawer> {
        let temporary = env::temp_dir();
        clear(&temporary);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(temporary)?;
        let making = folder.path().join("making");
        let lock = File::create(&making)?;
        lock.lock()?;
        // Only now, so that nobody finds it unlocked who clears up at the same moment.
        fs::rename(making, folder.path().join(LOCK))?;
        Ok(Drawer { folder, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders whose desks are gone. What cannot be removed is somebody else's.
fn clear(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let left = |lock: File| lock.try_lock().is_ok();
        if File::open(entry.path().join(LOCK)).is_ok_and(left) {
            tracing::debug!(folder = %entry.path().display(), "a desk that was killed left this");
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
