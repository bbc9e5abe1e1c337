//! The disk of a machine: an ext4 image, made from a folder and looked into without being mounted, which needs no superuser.

use crate::process::{done, run};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Room for a device's databases many times over, in bytes; what is not written takes none.
const SIZE: u64 = 64 * 1024 * 1024;

/// What e2fsck returns when it has put something right (its manual page): the log of a file system that nobody unmounted is played.
const MENDED: i32 = 1;

/// An image file.
#[derive(Debug)]
pub struct Disk {
    /// Where it is.
    pub path: PathBuf,
}

impl Disk {
    /// Makes one that holds what is in `folder`.
    pub fn holding(folder: &Path, path: PathBuf) -> Disk {
        fs::File::create_new(&path).unwrap().set_len(SIZE).unwrap();
        done(tool("mke2fs").args(["-q", "-F", "-t", "ext4", "-E", "root_owner=0:0", "-d"]).args([folder, &path]));
        Disk { path }
    }

    /// Copies everything on it to a folder, as the next boot would find it. The disk itself stays as it is.
    ///
    /// # Panics
    /// The file system is damaged: its log does not make it whole.
    pub fn read(&self, to: &Path) {
        let copy = to.with_extension("image");
        fs::copy(&self.path, &copy).unwrap();
        let mended = run(tool("e2fsck").args(["-p", "-E", "journal_only"]).arg(&copy));
        assert!(matches!(mended.status.code(), Some(0 | MENDED)), "{mended:?}");
        let sound = run(tool("e2fsck").args(["-f", "-n"]).arg(&copy));
        assert!(sound.status.success(), "{sound:?}");
        fs::create_dir(to).unwrap();
        done(tool("debugfs").arg("-R").arg(format!("rdump / {}", to.display())).arg(&copy));
        fs::remove_file(copy).unwrap();
    }
}

/// A program of e2fsprogs, which Debian installs where ordinary users have no search path.
fn tool(name: &str) -> Command {
    Command::new(Path::new("/usr/sbin").join(name))
}
