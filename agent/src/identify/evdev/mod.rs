//! Touch screens, keys and card readers that the kernel offers as input devices (Linux, `/dev/input`).
//!
//! What a device says becomes events here, and nothing else: what they mean, the visit knows. A device that is not there, or goes, is
//! looked for again for as long as the agent runs. Reading and decoding are apart: `touch`, `keys` and `wedge` know no file.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    join, select,
    sync::{mpsc, oneshot},
    time::sleep,
};
use touchpoint_display::Size;
use touchpoint_protocol::card::Card;
use zeroize::{Zeroize, Zeroizing};

mod attached;
mod event;
mod kernel;
mod keys;
mod touch;
mod wedge;

use attached::Attached;
use event::{EVENT, RawEvent};
use keys::Keyboard;
use touch::{Calibration, Touches};
use wedge::Wedge;

use super::{Arrival, Event};
use crate::{
    chain,
    clock::Clock,
    domain::moment::VisitAttributes,
    input::{CardReaderInput, Input, KeysInput, TouchInput, Wanted},
};

/// Pause between two looks for a device: whoever has just put one in tries it at once, and waits no longer than that. A look reads a few
/// small files of sysfs, some tenths of a millisecond, so that a device that is never there costs nothing anybody sees.
const PAUSE: Duration = Duration::from_secs(2);

/// Most events that are read at once: what a reader types in one go.
const AT_ONCE: usize = 64;

/// Where the kernel says which devices there are, and where they are read.
#[derive(Debug, Clone)]
pub struct Places {
    /// One folder for each device, with what it can do.
    pub sys: PathBuf,
    /// One file for each device.
    pub dev: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Places { sys: "/sys/class/input".into(), dev: "/dev/input".into() }
    }
}

/// Why a device is not read.
#[derive(Debug, thiserror::Error)]
enum InputError {
    #[error("none is attached")]
    Missing,
    #[error("cannot open {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot take {} for the agent alone", path.display())]
    Grab {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot ask {} what it measures", path.display())]
    Ranges {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} has gone", path.display())]
    Gone {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// What a device is for.
#[derive(Clone, Copy)]
enum Role<'a> {
    Touch(&'a TouchInput, Size),
    /// Keys, and the reader that they are not on, though it has them all.
    Keys(&'a KeysInput, Option<&'a CardReaderInput>),
    CardReader(&'a CardReaderInput),
}

/// What makes sense of what a device says.
enum Decoder<'a> {
    Touch(Touches),
    Keys(Keyboard<'a>),
    CardReader(Wedge),
}

/// Reads all devices of a configuration, until nobody takes events any more.
pub async fn listen<C: Clock>(input: Input, places: Places, glass: Size, clock: Arc<C>, events: mpsc::Sender<Event>) {
    let touch = input.touch.as_ref().map(|touch| Role::Touch(touch, glass));
    let keys = input.keys.as_ref().map(|keys| Role::Keys(keys, input.card_reader.as_ref()));
    let reader = input.card_reader.as_ref().map(Role::CardReader);
    let attend = async |role: Option<Role<'_>>| {
        if let Some(role) = role {
            attend(role, &places, &*clock, &events).await;
        }
    };
    select! {
        _ = async { join!(attend(touch), attend(keys), attend(reader)) } => {}
        () = events.closed() => {}
    }
}

/// Reads one device again and again, with a pause whenever it is not there.
async fn attend<C: Clock>(role: Role<'_>, places: &Places, clock: &C, events: &mpsc::Sender<Event>) {
    let (device, mut told) = (role.name(), String::new());
    loop {
        let error = match role.open(places) {
            Ok((path, file, mut decoder)) => {
                tracing::info!(device, path = %path.display(), "an input device is read");
                told = String::new();
                InputError::Gone { path, source: read(file, &mut decoder, clock, events).await }
            }
            Err(error) => error,
        };
        // Once, and not at every look.
        let error = chain(&error);
        if error != told {
            tracing::warn!(device, error, "an input device is not read");
            told = error;
        }
        sleep(PAUSE).await;
    }
}

/// Reads a device until it has gone.
async fn read<C: Clock>(file: File, decoder: &mut Decoder<'_>, clock: &C, events: &mpsc::Sender<Event>) -> io::Error {
    let device = match kernel::watch(file) {
        Ok(device) => device,
        Err(error) => return error,
    };
    // What a card reader types passes through here.
    let mut bytes = Zeroizing::new([0; EVENT * AT_ONCE]);
    loop {
        let mut ready = match device.readable().await {
            Ok(ready) => ready,
            Err(error) => return error,
        };
        match ready.try_io(|device| device.get_ref().read(&mut *bytes)) {
            Ok(Ok(0)) => return io::ErrorKind::UnexpectedEof.into(),
            Ok(Ok(length)) => {
                let now = clock.since_boot();
                for event in RawEvent::all(&bytes[..length]) {
                    decoder.event(event, now, |event| tell(events, event));
                }
                bytes.zeroize();
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(Err(error)) => return error,
            Err(_not_ready) => {}
        }
    }
}

/// Says what happened. A loop that is 16 events behind is stuck, and what was pressed meanwhile was meant for what stood there then.
fn tell(events: &mpsc::Sender<Event>, event: Event) {
    if events.try_send(event).is_err() {
        tracing::warn!("the visits do not keep up with what is pressed");
    }
}

impl<'a> Role<'a> {
    fn name(self) -> &'static str {
        match self {
            Role::Touch(..) => "touch screen",
            Role::Keys(..) => "keys",
            Role::CardReader(_) => "card reader",
        }
    }

    /// Whether a device can be this.
    fn suits(self, device: &Attached) -> bool {
        match self {
            Role::Touch(touch, _) => device.is(&touch.device) && device.is_touch_screen(),
            Role::Keys(keys, reader) => {
                let reader = reader.is_some_and(|reader| device.is(&reader.device));
                device.is(&keys.device) && device.has_keys(keys.meanings.keys().copied()) && !reader
            }
            // A reader often is several devices, one of which types: that one has all digits.
            Role::CardReader(reader) => {
                reader.device != Wanted::Any && device.is(&reader.device) && device.has_keys(2..=11)
            }
        }
    }

    /// Finds and opens the first device that can be this.
    fn open(self, places: &Places) -> Result<(PathBuf, File, Decoder<'a>), InputError> {
        let found = Attached::all(&places.sys).into_iter().find(|device| self.suits(device));
        let device = found.ok_or(InputError::Missing)?;
        let path = places.dev.join(&device.node);
        let file = open(&path).map_err(|source| InputError::Open { path: path.clone(), source })?;
        let decoder = match self {
            Role::Touch(touch, glass) => {
                let multi = device.is_multi_touch();
                let edges = match touch.edges {
                    Some(edges) => edges,
                    None => {
                        let failed = |source| InputError::Ranges { path: path.clone(), source };
                        let [(left, right), (top, bottom)] = kernel::ranges(&file, multi).map_err(failed)?;
                        [left, top, right, bottom]
                    }
                };
                Decoder::Touch(Touches::new(Calibration { edges, turned: touch.turned, glass }, multi))
            }
            Role::Keys(keys, _) => Decoder::Keys(Keyboard(&keys.meanings)),
            Role::CardReader(reader) => {
                kernel::grab(&file).map_err(|source| InputError::Grab { path: path.clone(), source })?;
                Decoder::CardReader(Wedge::new(reader.reads))
            }
        };
        Ok((path, file, decoder))
    }
}

/// Opens a device so that reading it never waits.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

impl Decoder<'_> {
    fn event(&mut self, event: RawEvent, now: Duration, mut tell: impl FnMut(Event)) {
        match self {
            Decoder::Touch(touches) => touches.event(event).for_each(|point| tell(Event::Touched(point))),
            Decoder::Keys(keyboard) => keyboard.event(event).into_iter().for_each(tell),
            Decoder::CardReader(wedge) => match wedge.event(event, now) {
                Some(Ok(card)) => tell(Event::Arrived(arrival(card))),
                Some(Err(error)) => tracing::warn!(error = chain(&error), "a card was not read"),
                None => {}
            },
        }
    }
}

/// A customer with a card, of whose visit nothing more is known; nobody waits to hear what is decided.
fn arrival(card: Card) -> Arrival {
    let (decided, _) = oneshot::channel();
    Arrival { card, seconds: None, attributes: VisitAttributes::default(), received: Instant::now(), decided }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
