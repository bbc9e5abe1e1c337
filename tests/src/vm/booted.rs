//! A machine that is switched on: QEMU with a panel, a touch panel, a card reader that types, a disk and a network card.

use super::{disk::Disk, initramfs, kernel, qmp::Qmp};
use crate::{api::Api, kiosk::RunningKiosk, mosquitto::free_port, process::Service};
use image::DynamicImage;
use serde_json::{Value, json};
use std::{
    fmt, fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use touchpoint_display::{Limits, Picture, Point, Rectangle, Size, Turned};

/// Debian's qemu-system-x86.
const QEMU: &str = "qemu-system-x86_64";

/// How long a boot may take. Ten seconds where nothing else runs, several times that where everything does.
const BOOT: Duration = Duration::from_secs(180);

/// Where the device's API listens on the device.
pub const API: &str = "127.0.0.1:8477";

/// The host's loopback, as the device sees it.
pub const HOST: &str = "10.0.2.2";

/// Memory in bytes: for the kernel, everything in the initial file system once packed and once unpacked, and the agent.
const MEMORY: u64 = 384 * 1024 * 1024;

/// What QEMU calls the card reader.
const READER: &str = "reader";

/// The largest coordinate of a touch, on every panel.
const FAR: i64 = 0x7fff;

/// How long a key is down, and how long none is: a reader types some thirty characters a second. Fast enough for a customer, and slow
/// enough that a machine whose processor is emulated keeps up: beyond 16 strokes that wait, a keyboard forgets.
const STROKE: Duration = Duration::from_millis(15);

/// What draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Graphics {
    /// A paravirtual display, driven by virtio_gpu: what is drawn is shown when it is flushed.
    Virtio,
    /// A plain frame buffer in memory, driven by bochs: what is drawn is shown.
    Bochs,
    /// A VGA card that the kernel finds in a mode and cannot change: 1024x768 pixels of 16 bits, and `/dev/fb0` without DRM.
    Vesa,
}

/// A machine that is on. Dropped, its power is cut.
pub struct Booted {
    /// The agent, as the host sees it: its log, and its API.
    pub kiosk: RunningKiosk,
    panel: Size,
    mounted: Turned,
    monitor: Qmp,
    folder: TempDir,
}

impl Booted {
    /// Switches on a machine whose disk holds a device with this token of its API, and whose panel has so many pixels across and down
    /// and is mounted like this; returns once the agent answers.
    ///
    /// # Panics
    /// It does not within `BOOT`: says what the kernel said.
    pub fn with(disk: &Disk, token: &str, graphics: Graphics, panel: Size, mounted: Turned) -> Booted {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let path = |name: &str| folder.path().join(name);
        fs::write(path("initramfs"), initramfs::build()).unwrap();

        let mut qemu = Command::new(QEMU);
        // Nothing but what is named here: no floppy, no second keyboard, no window.
        qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-accel", "tcg", "-cpu", "max"]);
        qemu.args(["-machine", "q35,i8042=off", "-m", &format!("size={MEMORY}B")]);
        qemu.arg("-kernel").arg(kernel::image()).arg("-initrd").arg(path("initramfs"));
        qemu.arg("-qmp").arg(format!("unix:{},server=on,wait=off", path("monitor").display()));
        // The kernel's port, then the agent's.
        qemu.arg("-serial").arg(format!("file:{}", path("console").display())).args(["-serial", "file:/dev/stderr"]);
        // What a machine has synced is in the file, and what it has not is lost with it.
        qemu.arg("-drive").arg(format!("file={},format=raw,if=virtio", disk.path.display()));
        qemu.arg("-netdev").arg(format!("user,id=net,hostfwd=tcp:127.0.0.1:{port}-{API}"));
        qemu.args(["-device", "virtio-net-pci,netdev=net,romfile="]);
        let mode = format!("xres={},yres={}", panel.width, panel.height);
        let (card, arguments) = match graphics {
            Graphics::Virtio => (format!("virtio-gpu-pci,{mode}"), ""),
            Graphics::Bochs => (format!("bochs-display,{mode}"), ""),
            // The mode's number is that of VESA's BIOS extensions, plus 0x200.
            Graphics::Vesa => ("VGA".to_owned(), " nomodeset vga=0x317"),
        };
        // The kernel tries its timer for a moment, and panics if an emulated one had no time to tick in it.
        let kernel = format!("console=ttyS0 quiet panic=-1 no_timer_check{arguments}");
        qemu.args(["-device", &card, "-append", &kernel]);
        qemu.args(["-device", "virtio-tablet-pci", "-device", "qemu-xhci"]);
        qemu.arg("-device").arg(format!("usb-kbd,id={READER}"));

        let service = Service::start(qemu.stdin(Stdio::null()));
        let monitor = Qmp::connect(&path("monitor"));
        let api = Api::new(&format!("http://127.0.0.1:{port}"), Some(token.to_owned()));
        // From here on it says what the kernel said if it fails.
        let mut booted = Booted { kiosk: RunningKiosk { service, api }, panel, mounted, monitor, folder };
        booted.kiosk.service.says_within(BOOT, "ready");
        booted
    }

    /// What is on the glass as a customer sees it, and where it was written.
    pub fn glass(&mut self) -> (Picture, PathBuf) {
        let path = self.folder.path().join("glass.png");
        self.monitor.execute("screendump", json!({ "filename": path, "format": "png" }));
        // Whoever turns a panel turns what is on it.
        let turn: Option<fn(&DynamicImage) -> DynamicImage> = match self.mounted {
            Turned::Not => None,
            Turned::Right => Some(DynamicImage::rotate90),
            Turned::Over => Some(DynamicImage::rotate180),
            Turned::Left => Some(DynamicImage::rotate270),
        };
        if let Some(turn) = turn {
            turn(&image::open(&path).unwrap()).save(&path).unwrap();
        }
        (Picture::decode(&fs::read(&path).unwrap(), Limits::default()).unwrap(), path)
    }

    /// A finger touches a point of the picture, and lifts again.
    pub fn touch(&mut self, at: Point) {
        let (panel, seen) = (self.panel, self.mounted.across(self.panel));
        let at = self.mounted.area(Rectangle::new(at, Size::new_equal(1)), seen).top_left;
        let scaled = |at: i32, side: u32| i64::from(at) * FAR / i64::from(side - 1);
        let finger = |down: bool| json!({ "type": "btn", "data": { "button": "left", "down": down } });
        let at = [("x", scaled(at.x, panel.width)), ("y", scaled(at.y, panel.height))];
        let mut events =
            at.map(|(axis, value)| json!({ "type": "abs", "data": { "axis": axis, "value": value } })).to_vec();
        events.push(finger(true));
        self.monitor.input(events.into());
        self.monitor.input(json!([finger(false)]));
    }

    /// A card is read: the reader types this, and Enter.
    pub fn type_line(&mut self, line: &str) {
        for (shift, key) in line.chars().map(key).chain([(false, "ret".to_owned())]) {
            let stroke = |key: &str, down: bool| -> Value {
                json!({ "type": "key", "data": { "down": down, "key": { "type": "qcode", "data": key } } })
            };
            let (shifted, lifted) = (stroke("shift", true), stroke("shift", false));
            for (shift, key) in
                [(shift.then_some(shifted), stroke(&key, true)), (shift.then_some(lifted), stroke(&key, false))]
            {
                self.monitor.input(shift.into_iter().chain([key]).collect());
                std::thread::sleep(STROKE);
            }
        }
    }

    /// The card reader's plug is pulled.
    pub fn unplug_reader(&mut self) {
        self.monitor.execute("device_del", json!({ "id": READER }));
    }

    /// The card reader's plug is put in again.
    pub fn plug_reader_in(&mut self) {
        self.monitor.execute("device_add", json!({ "driver": "usb-kbd", "id": READER }));
    }

    /// How often the agent has begun to read the card reader.
    pub fn readers(&self) -> usize {
        let log = self.kiosk.service.stderr();
        log.lines().filter(|line| line.contains("an input device is read") && line.contains("card reader")).count()
    }

    /// All of its memory: the agent's, the kernel's, and what either of them has given back.
    pub fn memory(&mut self) -> Vec<u8> {
        let path = self.folder.path().join("memory");
        self.monitor.execute("pmemsave", json!({ "val": 0, "size": MEMORY, "filename": path }));
        fs::read(path).unwrap()
    }

    /// Cuts the power, at once.
    pub fn power_cut(self) {
        drop(self);
    }
}

impl fmt::Debug for Booted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Booted({:?})", self.kiosk)
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let console = fs::read_to_string(self.folder.path().join("console")).unwrap_or_default();
            eprintln!("console:\n{console}\nagent:\n{}", self.kiosk.service.stderr());
        }
    }
}

/// The key of a character of a card's track on an American keyboard, and whether it is shifted.
fn key(of: char) -> (bool, String) {
    match of {
        '0'..='9' => (false, of.to_string()),
        ';' => (false, "semicolon".to_owned()),
        '=' => (false, "equal".to_owned()),
        '?' => (true, "slash".to_owned()),
        other => panic!("no track 2 has {other:?}"),
    }
}
