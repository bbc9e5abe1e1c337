//! A device as it stands in the field, on a kernel of its own: what is really on the glass, what a finger and a card reader do, and what
//! a power cut leaves behind.
//!
//! The machines are emulated, which takes a minute or more, and need QEMU and a kernel: `./tests/run --long` brings and runs all of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, sync::Arc, thread::sleep, time::Duration};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use touchpoint_agent::{config::Config, keys::Keys};
use touchpoint_display::{Glass, Picture, Point, Size, Turned};
use touchpoint_protocol::{
    campaign::AnswerKind,
    interaction::{Fact, Interaction},
};
use touchpoint_sim::line::Line;
use touchpoint_tests::{
    books::{self, Books},
    head_office::{ANNA, BEN, HeadOffice},
    kiosk::Kiosk,
    mosquitto::Mosquitto,
    patience::{eventually, within},
    process::Service,
    secrets::Secrets,
    vm::{
        booted::{API, Booted, Graphics, HOST},
        disk::Disk,
        wanted::{Colours, Wanted},
    },
    workspace,
};

/// The panel of every machine here, across and down as it is made.
const PANEL: Size = Size::new(1024, 768);

/// The card reader, by the USB vendor and product of the keyboard that it is for QEMU.
const READER: &str = "0627:0001";

/// How long a customer looks before they press. Nobody presses what they have not seen, and the agent takes nobody for so quick.
const LOOK: Duration = Duration::from_millis(600);

/// How long a device may take to have everything once it is on: the 30 s after which it asks again, twice, and as much again for a
/// processor that is emulated.
const SELF_HELP: Duration = Duration::from_secs(120);

/// What Anna is shown.
const OFFER: &str = "savings";

/// A head office that serves, a line, and a device that was never on.
struct Scene {
    panel: &'static str,
    mounted: Turned,
    disk: Disk,
    token: String,
    line: Line,
    runtime: Runtime,
    hub: Service,
    office: HeadOffice,
    _broker: Mosquitto,
    folder: TempDir,
}

/// A device that is on, and what should be on its glass.
struct Device {
    booted: Booted,
    wanted: Wanted,
}

impl Scene {
    /// With a device that has this kind of panel.
    fn with(panel: &'static str) -> Scene {
        Scene::mounted(panel, 0)
    }

    /// The same, if the panel is turned by so many degrees to the right.
    fn mounted(panel: &'static str, degrees: u16) -> Scene {
        let mounted = Turned::try_from(degrees).unwrap();
        let (folder, broker, runtime) = (TempDir::new().unwrap(), Mosquitto::plain(), Runtime::new().unwrap());
        let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
        let address = broker.endpoint().trim_start_matches("mqtt://").parse().unwrap();
        let line = runtime.block_on(Line::lay(address, Arc::new(()))).unwrap();
        let kiosk = office.kiosk();
        kiosk.edit("listen = \"127.0.0.1:0\"", &format!("listen = \"{API}\""));
        kiosk.edit(broker.endpoint(), &format!("mqtt://{HOST}:{}", line.address().port()));
        let Size { width, height } = mounted.across(PANEL);
        let rotate = if degrees == 0 { String::new() } else { format!("\nrotate = {degrees}") };
        kiosk.edit("width = 1024", &format!("width = {width}"));
        kiosk.edit("height = 768", &format!("height = {height}\npanel = \"{panel}\"{rotate}"));
        kiosk.edit("[visit]", &format!("[input]\ntouch = {{}}\ncard_reader = {{ device = \"{READER}\" }}\n\n[visit]"));

        // The agent would make the rest of its keys when it starts, where nobody could look them up.
        let config = Config::read(&kiosk.folder.join("agent.toml")).unwrap();
        Keys::load(&config.keys, &config.databases()).unwrap();
        let token = fs::read_to_string(kiosk.folder.join("keys/api.token")).unwrap().trim().to_owned();
        let disk = Disk::holding(&kiosk.folder, folder.path().join("disk"));
        let hub = office.serve();
        Scene { panel, mounted, disk, token, line, runtime, hub, office, _broker: broker, folder }
    }

    /// Switches the device on; returns once customers and campaigns are there and its panel is open.
    fn boot(&self, graphics: Graphics) -> Device {
        let booted = Booted::with(&self.disk, &self.token, graphics, PANEL, self.mounted);
        within(SELF_HELP, "customers and campaigns", || {
            let status = booted.kiosk.api.status();
            let there = status["line"]["epoch"] == 1 && status["line"]["campaigns"] == 1;
            if there { Ok(()) } else { Err(status.to_string()) }
        });
        let open = |status: &Value| status["visits"]["panel"]["condition"] == "open";
        let panel = booted.kiosk.reaches("the panel", open)["visits"]["panel"]["facts"].take();
        let millimetres: Option<[u32; 2]> = serde_json::from_value(panel["millimetres"].clone()).unwrap();
        let colours = if panel["format"] == "RGB565" { Colours::Rgb565 } else { Colours::All };
        let glass = Glass { millimetres: millimetres.map(Size::from), ..Glass::of(self.mounted.across(PANEL)) };
        let wanted = Wanted::on(glass, colours);
        assert_eq!(panel["driver"], self.panel, "{panel:#}");
        Device { booted, wanted }
    }

    /// What is on the disk, as the next boot would find it: the device's folder.
    fn disk(&self, name: &str) -> Kiosk {
        let folder = self.folder.path().join(name);
        self.disk.read(&folder);
        Kiosk { folder }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("head office:\n{}", self.hub.stderr());
        }
    }
}

impl Device {
    /// Waits until this is on the glass, pixel for pixel.
    fn shows<T>(&mut self, what: &str, is: impl Fn(&mut Wanted, &Picture) -> Option<T>) -> T {
        eventually(what, || {
            let (seen, path) = self.booted.glass();
            is(&mut self.wanted, &seen).ok_or_else(|| {
                let kept = workspace::root().join("target/golden-diff/device.png");
                fs::create_dir_all(kept.parent().unwrap()).unwrap();
                fs::copy(path, &kept).unwrap();
                format!("{}", kept.display())
            })
        })
    }

    fn shows_the_invitation(&mut self) {
        self.shows("the invitation", |wanted, seen| wanted.is_invitation(seen).then_some(()));
    }

    /// Waits until the offer to Anna is on the glass, at any moment of it: where to touch for each answer.
    fn shows_the_offer(&mut self) -> BTreeMap<AnswerKind, Point> {
        self.shows("the offer", |wanted, seen| wanted.is_offer(seen, OFFER, "de", "Anna"))
    }
}

/// What a journal says, each fact in a word or two.
fn told(interactions: &[Interaction]) -> Vec<String> {
    let told = interactions.iter().map(|interaction| match &interaction.fact {
        Fact::Shown { campaign, .. } => format!("{campaign} shown"),
        Fact::Ended { campaign, ending, .. } => format!("{campaign} ended: {ending}"),
        other => format!("{other:?}"),
    });
    told.collect()
}

/// A card as its reader types it.
fn track2(number: &str) -> String {
    format!(";{number}=30122010000000000000?")
}

#[test]
#[ignore = "boots an emulated machine: ./tests/run --long"]
fn a_customer_swipes_reads_and_touches() {
    let scene = Scene::with("drm");
    let mut device = scene.boot(Graphics::Virtio);
    device.shows_the_invitation();

    device.booted.type_line(&track2(ANNA));
    let answers = device.shows_the_offer();
    sleep(LOOK);
    // Beside the buttons first, which is no answer.
    device.booted.touch(Point::new(PANEL.width as i32 / 2, 5));
    device.shows_the_offer();
    sleep(LOOK);
    device.booted.touch(answers[&AnswerKind::Accept]);
    device.shows("the thanks", |wanted, seen| wanted.is_thanks(seen, "de").then_some(()));
    device.shows_the_invitation();

    let status = device.booted.kiosk.delivers();
    assert_eq!(status["visits"]["visit"]["ending"], json!({ "answered": "accept" }), "{status:#}");
    let report = scene.office.report();
    let told = json!({ "showings": 1, "answers": { "accept": 1 }, "unanswered": {} });
    assert_eq!((&report["campaigns"][OFFER], &report["missing"]), (&told, &json!(0)), "{report:#}");

    // The reader is pulled out and put in again, and the next customer comes.
    device.booted.unplug_reader();
    device.booted.plug_reader_in();
    eventually("the reader", || match device.booted.readers() {
        2.. => Ok(()),
        read => Err(read.to_string()),
    });
    device.booted.type_line(&track2(BEN));
    device.booted.kiosk.reaches("the next customer", |status| {
        let visits = &status["visits"];
        (&visits["phase"], &visits["visit"]["segment"]) == (&json!("showing"), &json!("family"))
    });

    // Their card's number is nowhere: not in the memory while they are still there, in use or given back; not in the log; and not on
    // the disk, neither in a file nor in what was one.
    let memory = device.booted.memory();
    let holds = |number: &str| memory.windows(number.len()).any(|bytes| bytes == number.as_bytes());
    assert!(holds("touchpoint_agent::") && !holds(BEN));
    let log = device.booted.kiosk.service.stderr();
    device.booted.power_cut();
    let secrets = Secrets::new([ANNA, BEN]);
    assert_eq!(secrets.found_in(log.as_bytes()), 0, "{log}");
    assert_eq!(secrets.found_in(&fs::read(&scene.disk.path).unwrap()), 0);
}

#[test]
#[ignore = "boots two emulated machines: ./tests/run --long"]
fn a_panel_on_its_side_shows_the_picture_upright_and_is_touched_where_the_answer_is_seen() {
    for (panel, graphics, degrees) in [("drm", Graphics::Bochs, 90), ("fbdev", Graphics::Vesa, 270)] {
        let scene = Scene::mounted(panel, degrees);
        let mut device = scene.boot(graphics);
        device.shows_the_invitation();
        device.booted.type_line(&track2(ANNA));
        let answers = device.shows_the_offer();
        sleep(LOOK);
        device.booted.touch(answers[&AnswerKind::Accept]);
        device.shows("the thanks", |wanted, seen| wanted.is_thanks(seen, "de").then_some(()));
        let status = device.booted.kiosk.delivers();
        assert_eq!(status["visits"]["visit"]["ending"], json!({ "answered": "accept" }), "{panel}: {status:#}");
    }
}

#[test]
#[ignore = "boots two emulated machines: ./tests/run --long"]
fn a_power_cut_in_the_middle_of_a_showing_loses_nothing() {
    let scene = Scene::with("fbdev");
    let mut device = scene.boot(Graphics::Vesa);
    scene.runtime.block_on(scene.line.cut());
    device.booted.kiosk.reaches("the cut", |status| status["line"]["connected"] == false);
    device.shows_the_invitation();
    device.booted.type_line(&track2(ANNA));
    device.shows_the_offer();
    device.booted.kiosk.records(1);
    device.booted.power_cut();

    // What the disk holds was never sent.
    let left = scene.runtime.block_on(Books::of(&scene.disk("cut")));
    assert_eq!((told(&left.interactions), left.confirmed), (vec![format!("{OFFER} shown")], 0));

    scene.runtime.block_on(scene.line.restore());
    let mut device = scene.boot(Graphics::Bochs);
    device.shows_the_invitation();
    device.booted.kiosk.delivers();
    let received = scene.runtime.block_on(books::received(&scene.office, &left.journal));
    assert_eq!(received, left.interactions);
    scene.runtime.block_on(left.close());
}
