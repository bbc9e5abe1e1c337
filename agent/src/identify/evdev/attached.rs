//! Which input devices are attached, and what each can do, as sysfs says it.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use super::event::{
    ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_SLOT, ABS_X, ABS_Y, BTN_LEFT, BTN_TOOL_FINGER, BTN_TOUCH,
};
use crate::input::Wanted;

/// Most devices that are looked at: a machine has a dozen.
const DEVICES: usize = 64;

/// Largest file of sysfs that is read for one, in bytes: the bitmap of its keys has some 200.
const LARGEST: u64 = 4096;

/// The property of a device on which one touches what one sees (`INPUT_PROP_DIRECT`).
const DIRECT: u16 = 1;

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attached {
    /// What the kernel calls it, such as `event3`.
    pub node: String,
    name: String,
    id: (u16, u16),
    keys: Bits,
    axes: Bits,
    properties: Bits,
}

/// Numbers that are set in a bitmap of sysfs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Bits(Vec<u64>);

impl Attached {
    /// All devices below a folder such as `/sys/class/input`, in the order in which they were attached. What cannot be read has gone.
    pub(super) fn all(folder: &Path) -> Vec<Attached> {
        let nodes = fs::read_dir(folder).into_iter().flatten().flatten();
        let nodes = nodes.filter_map(|entry| entry.file_name().into_string().ok());
        let numbered = |node: String| Some((node.strip_prefix("event")?.parse::<u32>().ok()?, node));
        let mut nodes: Vec<(u32, String)> = nodes.filter_map(numbered).collect();
        nodes.sort_unstable();
        let read = |(_, node): (u32, String)| Attached::read(&folder.join(&node).join("device"), node);
        nodes.into_iter().take(DEVICES).filter_map(read).collect()
    }

    fn read(folder: &Path, node: String) -> Option<Attached> {
        let text = |file: &str| {
            let mut text = String::new();
            File::open(folder.join(file)).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
            Some(text.trim_end().to_owned())
        };
        let number = |file: &str| u16::from_str_radix(&text(file)?, 16).ok();
        Some(Attached {
            node,
            name: text("name")?,
            id: (number("id/vendor")?, number("id/product")?),
            keys: Bits::read(&text("capabilities/key")?),
            axes: Bits::read(&text("capabilities/abs")?),
            properties: Bits::read(&text("properties")?),
        })
    }

    /// Whether it is the one that is meant.
    pub(super) fn is(&self, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::Any => true,
            Wanted::Id(vendor, product) => self.id == (*vendor, *product),
            Wanted::Name(name) => self.name == *name,
        }
    }

    /// Whether it tells fingers apart.
    pub(super) fn is_multi_touch(&self) -> bool {
        [ABS_MT_SLOT, ABS_MT_POSITION_X, ABS_MT_POSITION_Y].iter().all(|axis| self.axes.has(*axis))
    }

    /// Whether places on it are places on a screen. A pad below a keyboard, which feels fingers too, does not say so.
    pub(super) fn is_touch_screen(&self) -> bool {
        let single = [ABS_X, ABS_Y].iter().all(|axis| self.axes.has(*axis));
        let pressed = [BTN_TOUCH, BTN_LEFT].iter().any(|key| self.keys.has(*key));
        (self.is_multi_touch() || single && pressed) && (self.properties.has(DIRECT) || !self.keys.has(BTN_TOOL_FINGER))
    }

    /// Whether it has all these keys.
    pub(super) fn has_keys(&self, mut keys: impl Iterator<Item = u16>) -> bool {
        keys.all(|key| self.keys.has(key))
    }
}

impl Bits {
    /// Words in hexadecimal, the highest first, each as long as the machine's own.
    fn read(text: &str) -> Bits {
        let words = text.split_ascii_whitespace().rev().map(|word| u64::from_str_radix(word, 16).unwrap_or(0));
        Bits(words.collect())
    }

    fn has(&self, number: u16) -> bool {
        let bits = usize::BITS as usize;
        let (word, bit) = (usize::from(number) / bits, usize::from(number) % bits);
        self.0.get(word).is_some_and(|word| word >> bit & 1 == 1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// A folder of sysfs for one device.
    pub(in super::super) fn attach(folder: &Path, node: &str, name: &str, id: (u16, u16), keys: &str, axes: &str) {
        let device = folder.join(node).join("device");
        for (file, text) in [
            ("name", name.to_owned()),
            ("id/vendor", format!("{:04x}", id.0)),
            ("id/product", format!("{:04x}", id.1)),
            ("capabilities/key", keys.to_owned()),
            ("capabilities/abs", axes.to_owned()),
            ("properties", if name.contains("MultiTouch") { "2" } else { "0" }.to_owned()),
        ] {
            let path = device.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
    }

    /// A keyboard with all usual keys, as the kernel writes them.
    pub(in super::super) const KEYBOARD: &str = "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe";

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn devices_are_known_by_what_they_can_do() {
        let folder = tempfile::tempdir().unwrap();
        attach(folder.path(), "event10", "QEMU Virtio MultiTouch", (0x627, 3), "420 10000 0 0 0 0", "263800000000003");
        attach(folder.path(), "event2", "Reader", (0x801, 2), KEYBOARD, "0");
        attach(folder.path(), "event3", "QEMU Virtio Tablet", (0x627, 3), "1f0000 0 0 0 0", "3");
        attach(folder.path(), "event4", "Touchpad", (0x2, 7), "e520 10000 0 0 0 0", "663800011000003");
        fs::create_dir(folder.path().join("mouse0")).unwrap();
        fs::create_dir(folder.path().join("event5")).unwrap();
        let all = Attached::all(folder.path());
        let nodes = |which: fn(&Attached) -> bool| {
            all.iter().filter(|one| which(one)).map(|one| one.node.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(nodes(|_| true), ["event2", "event3", "event4", "event10"]);
        assert_eq!(nodes(Attached::is_touch_screen), ["event3", "event10"]);
        assert_eq!(nodes(Attached::is_multi_touch), ["event4", "event10"]);
        assert_eq!(nodes(|one| one.has_keys([1, 28, 59, 88].into_iter())), ["event2"]);
        assert_eq!(nodes(|one| one.is(&Wanted::Id(0x801, 2))), ["event2"]);
        assert_eq!(nodes(|one| one.is(&Wanted::Name("Touchpad".to_owned()))), ["event4"]);
    }

    #[test]
    fn where_there_is_no_sysfs_there_are_no_devices() {
        assert_eq!(Attached::all(Path::new("/nowhere/at/all")), []);
    }
}
