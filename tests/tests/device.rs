//! A device as it stands in the field, on a kernel of its own: what is really on the glass, what a finger and a card reader do, and what
//! a power cut leaves behind.
//!
//! The machines are emulated, which takes a minute or more, and need QEMU and a kernel: `./tests/run --long` brings and runs all of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use std::{fs, sync::Arc};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use touchpoint_agent::{config::Config, keys::Keys};
use touchpoint_display::{Glass, Size};
use touchpoint_protocol::interaction::{Fact, Interaction};
use touchpoint_sim::line::Line;
use touchpoint_tests::{
    books::{self, Books},
    head_office::{ANNA, HeadOffice},
    kiosk::Kiosk,
    mosquitto::Mosquitto,
    process::Service,
    vm::{
        booted::{API, Booted, Graphics, HOST},
        disk::Disk,
        wanted::Wanted,
    },
};

/// The panel of every machine here.
const PANEL: Size = Size::new(1024, 768);

/// What Anna is shown.
const OFFER: &str = "savings";

/// A head office that serves, a line, and a device that was never on.
struct Scene {
    disk: Disk,
    token: String,
    wanted: Wanted,
    line: Line,
    runtime: Runtime,
    _hub: Service,
    office: HeadOffice,
    _broker: Mosquitto,
    folder: TempDir,
}

impl Scene {
    fn set() -> Scene {
        let (folder, broker, runtime) = (TempDir::new().unwrap(), Mosquitto::plain(), Runtime::new().unwrap());
        let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
        let address = broker.endpoint().trim_start_matches("mqtt://").parse().unwrap();
        let line = runtime.block_on(Line::lay(address, Arc::new(()))).unwrap();
        let kiosk = office.kiosk();
        kiosk.edit("listen = \"127.0.0.1:0\"", &format!("listen = \"{API}\""));
        kiosk.edit(broker.endpoint(), &format!("mqtt://{HOST}:{}", line.address().port()));

        // The agent would make the rest of its keys when it starts, where nobody could look them up.
        let config = Config::read(&kiosk.folder.join("agent.toml")).unwrap();
        Keys::load(&config.keys, &config.databases()).unwrap();
        let token = fs::read_to_string(kiosk.folder.join("keys/api.token")).unwrap().trim().to_owned();
        let disk = Disk::holding(&kiosk.folder, folder.path().join("disk"));
        let wanted = Wanted::on(Glass::of(PANEL));
        let hub = office.serve();
        Scene { disk, token, wanted, line, runtime, _hub: hub, office, _broker: broker, folder }
    }

    /// Switches the device on.
    fn boot(&self, graphics: Graphics) -> Booted {
        Booted::with(&self.disk, &self.token, graphics, PANEL)
    }

    /// What is on the disk, as the next boot would find it: the device's folder.
    fn disk(&self, name: &str) -> Kiosk {
        let folder = self.folder.path().join(name);
        self.disk.read(&folder);
        Kiosk { folder }
    }
}

/// What a journal says of one campaign, each fact in a word or two.
fn told(interactions: &[Interaction]) -> Vec<String> {
    let told = interactions.iter().map(|interaction| match &interaction.fact {
        Fact::Shown { campaign, .. } => format!("{campaign} shown"),
        Fact::Ended { campaign, ending, .. } => format!("{campaign} ended: {ending}"),
        other => format!("{other:?}"),
    });
    told.collect()
}

#[test]
#[ignore = "boots two emulated machines: ./tests/run --long"]
fn a_power_cut_in_the_middle_of_a_showing_loses_nothing() {
    let scene = Scene::set();
    let device = scene.boot(Graphics::Bochs);
    device.kiosk.holds(1, 1);
    scene.runtime.block_on(scene.line.cut());
    device.kiosk.reaches("the cut", |status| status["line"]["connected"] == false);

    let api = &device.kiosk.api;
    let decided = api.arrives(ANNA);
    assert_eq!((&decided["campaign"], &decided["shown"]), (&json!(OFFER), &json!(true)), "{decided:#}");
    device.kiosk.records(1);
    device.power_cut();

    // What the disk holds was never sent.
    let runtime = Runtime::new().unwrap();
    let left = runtime.block_on(Books::of(&scene.disk("cut")));
    assert_eq!((told(&left.interactions), left.confirmed), (vec![format!("{OFFER} shown")], 0));

    scene.runtime.block_on(scene.line.restore());
    let device = scene.boot(Graphics::Bochs);
    device.kiosk.delivers();
    let received = runtime.block_on(books::received(&scene.office, &left.journal));
    assert_eq!(received, left.interactions);
    runtime.block_on(left.close());
}
