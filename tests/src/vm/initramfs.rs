//! The first file system of a machine, as the kernel unpacks it into memory: an archive in cpio's "newc" format
//! (<https://docs.kernel.org/driver-api/early-userspace/buffer-format.html>).

use super::kernel::{self, PREPARE};
use crate::{process::check_built, workspace};
use std::{fs, path::Path};

/// Debian's busybox-static.
const BUSYBOX: &str = "/bin/busybox";

/// The agent, as `tests/device/prepare` links it.
const AGENT: &str = "target/static/x86_64-unknown-linux-gnu/release/touchpoint-agent";

/// File types and permissions, as in stat(2).
const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;

/// The name that ends an archive.
const END: &str = "TRAILER!!!";

/// Everything between the kernel and the agent.
///
/// # Panics
/// Something is missing, or the agent is older than its sources: says what brings it.
pub fn build() -> Vec<u8> {
    let agent = workspace::root().join(AGENT);
    check_built(&agent, PREPARE);
    let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut archive = Archive::default();
    for name in ["bin", "dev", "device", "modules", "proc", "sys"] {
        archive.add(name, FOLDER, &[]);
    }
    archive.add("init", PROGRAM, &read(&workspace::root().join("tests/device/init")));
    archive.add("bin/busybox", PROGRAM, &read(Path::new(BUSYBOX)));
    archive.add("bin/touchpoint-agent", PROGRAM, &read(&agent));
    for (at, module) in kernel::modules().iter().enumerate() {
        archive.add(&format!("modules/{at:02}-{}.ko", module.name), FILE, &module.bytes);
    }
    archive.end()
}

#[derive(Debug, Default)]
struct Archive(Vec<u8>);

impl Archive {
    /// Adds a file of the superuser.
    fn add(&mut self, name: &str, mode: u32, content: &[u8]) {
        // Owner, group, links, time, size, the numbers of two devices twice, the length of the name with its end, no checksum.
        let (size, name_size) = (u32::try_from(content.len()).unwrap(), u32::try_from(name.len() + 1).unwrap());
        let fields = [0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
        self.0.extend_from_slice(b"070701");
        for field in fields {
            self.0.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
        self.pad();
        self.0.extend_from_slice(content);
        self.pad();
    }

    fn end(mut self) -> Vec<u8> {
        self.add(END, 0, &[]);
        self.0
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_laid_out_as_the_kernel_reads_it() {
        let mut archive = Archive::default();
        archive.add("bin", FOLDER, &[]);
        archive.add("bin/x", PROGRAM, b"hello");
        let bytes = archive.end();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.starts_with("07070100000000000041ed0000000000000000000000010000000000000000"), "{text}");
        // A header has 110 bytes; names and contents end at multiples of four.
        assert_eq!(&bytes[110..116], b"bin\0\0\0");
        let second = 116;
        assert_eq!(&text[second + 54..second + 62], "00000005");
        assert_eq!(&bytes[second + 110..second + 124], b"bin/x\0hello\0\0\0");
        assert_eq!(text.matches("070701").count(), 3);
        assert!(text.trim_end_matches('\0').ends_with(END));
    }
}
