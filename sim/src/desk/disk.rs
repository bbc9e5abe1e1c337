//! A disk of the device's own, small enough to be full.
//!
//! A temporary file system (tmpfs) is mounted where the device keeps its databases, and shrunk to what it holds: from then on every
//! write that needs another page fails with ENOSPC, in the kernel and not in a stand-in. Mounting takes a privilege: that of root, or of
//! whoever is root in a namespace of their own (`unshare -rm touchpoint-sim ...`). Without it there is no such fault, and the desk says so.
//!
//! It is mounted in a namespace of the program's own ([`Mounts`]). A program that is killed unmounts nothing, and whoever cleans up later
//! must guess whose a mount is; a namespace goes with its last thread, however that ends, and the kernel takes the mount with it.

use rustix::{
    fs::statvfs,
    io::Errno,
    mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, mount_remount, unmount},
    thread::{UnshareFlags, unshare_unsafe},
};
use std::{
    ffi::CString,
    path::{Path, PathBuf},
};

/// Its size while there is room, in MiB: customers of any demo, their snapshot, and the logs of both databases. Only what is written takes
/// memory.
const ROOM: u64 = 512;

/// Attempts at catching it still: a write between looking and shrinking makes it hold more than it may.
const ATTEMPTS: usize = 20;

/// Mounts of the program's own, which nobody else sees, and which end with it.
#[derive(Debug)]
pub struct Mounts(());

/// The device's disk. Dropped, it is gone with all that is on it.
#[derive(Debug)]
pub struct Disk(PathBuf);

/// The system does not let us.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} a disk of the device's own: as root, or under `unshare -rm`, it can be done")]
pub struct DiskError {
    what: &'static str,
    #[source]
    source: Errno,
}

impl Mounts {
    /// Takes this thread, and every thread that is begun by it from now on, into a namespace of mounts of their own. To be called before
    /// there are other threads, which would stay outside and see no disk.
    ///
    /// # Errors
    /// This takes a privilege.
    #[expect(unsafe_code, reason = "rustix has no other way to ask")]
    pub fn own() -> Result<Mounts, DiskError> {
        let refused = |source| DiskError { what: "mount", source };
        // SAFETY: what is unsafe about unshare(2) is that threads may come to have different file descriptors, which takes
        // `UnshareFlags::FILES`.
        unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.map_err(refused)?;
        // What others mount later is still seen here, and nothing of ours by them.
        mount_change(c"/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC).map_err(refused)?;
        Ok(Mounts(()))
    }
}

impl Disk {
    /// Puts an empty disk where this folder is, which exists.
    ///
    /// # Errors
    /// The system refuses.
    pub fn mount(folder: &Path, _among: &Mounts) -> Result<Disk, DiskError> {
        let data = size(ROOM * 1024 * 1024);
        mount(c"touchpoint-desk", folder, c"tmpfs", MountFlags::NODEV | MountFlags::NOEXEC, data.as_c_str())
            .map_err(|source| DiskError { what: "mount", source })?;
        Ok(Disk(folder.to_owned()))
    }

    /// Leaves no room on it, or plenty again.
    ///
    /// # Errors
    /// The system refuses.
    pub fn fill(&self, is_full: bool) -> Result<(), DiskError> {
        let mut attempts = ATTEMPTS;
        loop {
            match self.resize(is_full) {
                Err(Errno::INVAL) if attempts > 0 => attempts -= 1,
                resized => return resized.map_err(|source| DiskError { what: "fill", source }),
            }
        }
    }

    fn resize(&self, is_full: bool) -> Result<(), Errno> {
        let bytes = match is_full {
            false => ROOM * 1024 * 1024,
            true => {
                let about = statvfs(&self.0)?;
                (about.f_blocks - about.f_bfree) * about.f_frsize
            }
        };
        mount_remount(&self.0, MountFlags::NODEV | MountFlags::NOEXEC, size(bytes).as_c_str())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Detached, it goes once nobody has a file of it open.
        if let Err(error) = unmount(&self.0, UnmountFlags::DETACH) {
            tracing::warn!(%error, folder = %self.0.display(), "the device's disk stays mounted");
        }
    }
}

/// The option of tmpfs(5).
fn size(bytes: u64) -> CString {
    // Digits hold no zero byte.
    CString::new(format!("size={bytes}")).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::{fs, io::ErrorKind};

    #[test]
    fn a_full_disk_refuses_to_write_and_an_emptied_one_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let disk = match Mounts::own().and_then(|mounts| Disk::mount(folder.path(), &mounts)) {
            Ok(disk) => disk,
            // What whoever may not mount is told.
            Err(error) => return assert!(error.to_string().contains("unshare -rm"), "{error}"),
        };
        let file = folder.path().join("file");
        fs::write(&file, [7; 10_000]).unwrap();
        disk.fill(true).unwrap();
        let refused = fs::write(folder.path().join("more"), [7; 10_000]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::StorageFull);
        assert_eq!(fs::read(&file).unwrap().len(), 10_000);
        disk.fill(false).unwrap();
        fs::write(folder.path().join("more"), [7; 10_000]).unwrap();
        drop(disk);
        assert!(!file.exists(), "it is still there");
    }
}
