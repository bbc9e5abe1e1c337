//! Devices that come and go, as named pipes: no more of a device is needed to be read.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{collections::BTreeMap, io::Write};
use tempfile::TempDir;
use tokio::time::timeout;
use touchpoint_display::Turned;

use super::{
    attached::tests::{KEYBOARD, attach},
    event::tests::bytes,
    *,
};
use crate::{
    clock::SystemClock,
    input::{Meaning, Reads},
};

/// How long anything may take here: looks for a device are seconds apart.
const PATIENCE: Duration = Duration::from_secs(20);

/// A machine's input devices.
struct Machine {
    places: Places,
    _folder: TempDir,
}

impl Machine {
    fn new() -> Machine {
        let folder = TempDir::new().unwrap();
        let places = Places { sys: folder.path().join("sys"), dev: folder.path().join("dev") };
        std::fs::create_dir(&places.sys).unwrap();
        std::fs::create_dir(&places.dev).unwrap();
        Machine { places, _folder: folder }
    }

    /// Attaches a device; what it says is written to what is returned.
    fn attach(&self, node: &str, id: (u16, u16), keys: &str, axes: &str) -> File {
        let path = self.places.dev.join(node);
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        attach(&self.places.sys, node, "A device", id, keys, axes);
        // For reading too: a pipe that nobody reads yet could not be opened otherwise.
        OpenOptions::new().read(true).write(true).open(path).unwrap()
    }

    fn detach(&self, node: &str) {
        std::fs::remove_dir_all(self.places.sys.join(node)).unwrap();
        std::fs::remove_file(self.places.dev.join(node)).unwrap();
    }

    fn listen(&self, input: Input) -> mpsc::Receiver<Event> {
        let (events, happening) = mpsc::channel(super::super::EVENTS);
        let clock = Arc::new(SystemClock::new().unwrap());
        tokio::spawn(listen(input, self.places.clone(), Size::new(1000, 500), clock, events));
        happening
    }
}

fn says(device: &mut File, events: &[(u16, u16, i32)]) {
    let raw = events.iter().map(|(kind, code, value)| RawEvent { kind: *kind, code: *code, value: *value });
    device.write_all(&raw.flat_map(bytes).collect::<Vec<_>>()).unwrap();
}

async fn next(happening: &mut mpsc::Receiver<Event>) -> Event {
    timeout(PATIENCE, happening.recv()).await.unwrap().unwrap()
}

fn keys() -> Input {
    let meanings = BTreeMap::from([(1, Meaning::Cancel)]);
    Input { keys: Some(KeysInput { device: Wanted::Any, meanings }), ..Input::default() }
}

const CANCEL: [(u16, u16, i32); 2] = [(1, 1, 1), (0, 0, 0)];

#[tokio::test]
async fn a_touch_screen_and_keys_are_read_side_by_side() {
    let machine = Machine::new();
    let mut screen = machine.attach("event0", (1, 1), "400 0 0 0 0 0", "3");
    let mut keyboard = machine.attach("event1", (1, 2), KEYBOARD, "0");
    let edges = Some([0, 0, 99, 99]);
    let touch = Some(TouchInput { device: Wanted::Id(1, 1), turned: Turned::Not, edges });
    let mut happening = machine.listen(Input { touch, ..keys() });
    says(&mut screen, &[(3, 0, 50), (3, 1, 50), (1, 0x14a, 1), (0, 0, 0)]);
    assert!(matches!(next(&mut happening).await, Event::Touched(point) if (point.x, point.y) == (500, 250)));
    says(&mut keyboard, &CANCEL);
    assert!(matches!(next(&mut happening).await, Event::Cancelled));
}

#[tokio::test]
async fn a_device_that_comes_late_or_is_put_in_again_is_read() {
    let machine = Machine::new();
    let mut happening = machine.listen(keys());
    tokio::task::yield_now().await;
    let mut keyboard = machine.attach("event0", (1, 2), KEYBOARD, "0");
    says(&mut keyboard, &CANCEL);
    assert!(matches!(next(&mut happening).await, Event::Cancelled));
    machine.detach("event0");
    drop(keyboard);
    let mut keyboard = machine.attach("event3", (1, 2), KEYBOARD, "0");
    says(&mut keyboard, &CANCEL);
    assert!(matches!(next(&mut happening).await, Event::Cancelled));
}

#[tokio::test]
async fn a_reader_that_cannot_be_had_alone_is_not_read_and_its_keys_are_no_keys() {
    let machine = Machine::new();
    let mut reader = machine.attach("event0", (0x801, 2), KEYBOARD, "0");
    let mut keyboard = machine.attach("event1", (1, 2), KEYBOARD, "0");
    let card_reader = Some(CardReaderInput { device: Wanted::Id(0x801, 2), reads: Reads::Payment });
    let mut happening = machine.listen(Input { card_reader, ..keys() });
    // A pipe knows nothing of being had alone.
    says(&mut reader, &CANCEL);
    says(&mut keyboard, &CANCEL);
    assert!(matches!(next(&mut happening).await, Event::Cancelled));
    assert!(timeout(PAUSE * 2, happening.recv()).await.is_err(), "the reader's keys were taken for keys");
}

#[tokio::test]
async fn what_a_reader_types_is_an_arrival_of_which_nothing_can_be_printed() {
    let mut decoder = Decoder::CardReader(Wedge::new(Reads::Payment));
    let mut happened = Vec::new();
    for event in wedge::tests::typed("4111111111111111\n") {
        decoder.event(event, Duration::from_secs(9), |event| happened.push(event));
    }
    assert!(matches!(&happened[..], [Event::Arrived(Arrival { seconds: None, .. })]));
    assert!(!format!("{happened:?}").contains("4111"));
}
