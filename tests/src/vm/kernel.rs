//! Debian's kernel, as `tests/device/prepare` unpacked it.

use crate::workspace;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What brings all this.
pub const PREPARE: &str = "tests/device/prepare";

/// The modules of everything a machine here may have; what they need comes with them.
const DEVICE: [&str; 12] = [
    "virtio_pci",
    "virtio_blk",
    "ext4",
    // By its name alone does ext4 find its checksum.
    "crc32c_generic",
    "virtio_net",
    "virtio_gpu",
    "bochs",
    "evdev",
    "virtio_input",
    "xhci_pci",
    "usbhid",
    "hid_generic",
];

/// A module by its name, which has no hyphens, and its bytes.
#[derive(Debug)]
pub struct Module {
    /// As the kernel calls it.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The file that QEMU starts.
///
/// # Panics
/// It is not there: says what brings it.
pub fn image() -> PathBuf {
    let image = folder().join("vmlinuz");
    assert!(image.exists(), "{} is not there; run {PREPARE}", image.display());
    image
}

/// The modules a device needs, each after those that it needs itself.
pub fn modules() -> Vec<Module> {
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().replace('-', "_");
    let all = workspace::files(&folder().join("modules")).into_iter();
    let there: BTreeMap<String, PathBuf> = all.map(|path| (name(&path), path)).collect();
    let mut modules = Vec::new();
    DEVICE.iter().for_each(|name| load(name, &there, &mut modules));
    modules
}

fn load(name: &str, there: &BTreeMap<String, PathBuf>, modules: &mut Vec<Module>) {
    if modules.iter().any(|module| module.name == name) {
        return;
    }
    let path = there.get(name).unwrap_or_else(|| panic!("the kernel has no module {name}"));
    let bytes = fs::read(path).unwrap();
    for needed in needs(&bytes) {
        load(&needed, there, modules);
    }
    modules.push(Module { name: name.to_owned(), bytes });
}

/// What a module says of itself in its section `.modinfo`: the names of others, with commas between them.
fn needs(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let at = module.windows(KEY.len()).position(|bytes| bytes == KEY).expect("a module says what it needs");
    let value = module[at + KEY.len()..].split(|byte| *byte == 0).next().expect("split gives one part at least");
    let names = std::str::from_utf8(value).expect("names of modules");
    names.split(',').filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}

fn folder() -> PathBuf {
    workspace::root().join("target/device")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_says_which_others_it_needs() {
        assert_eq!(needs(b"ELF\0license=GPL\0depends=jbd2,crc-16\0name=ext4\0"), ["jbd2", "crc_16"]);
        assert!(needs(b"ELF\0depends=\0name=evdev\0").is_empty());
    }
}
