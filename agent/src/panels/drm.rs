//! A panel on the kernel's display interface (DRM/KMS): two buffers in the card's memory, exchanged between two pictures.
//!
//! Legacy mode setting, because every driver has it, those too that know atomic. Dumb buffers, because nothing is drawn by the card.

use drm::{
    buffer::{Buffer, DrmFourcc},
    control::{
        self, Device as _, Mode, ModeTypeFlags, PageFlipFlags,
        connector::{self, State},
        crtc, framebuffer,
    },
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
};
use touchpoint_display::{Buffers, Frame, Panel, PanelError, Point, Rectangle, Size, Turned};

use super::{Facts, OpenError, Opened, kernel::Mapping, millimetres};

/// Where the cards are.
const FOLDER: &str = "/dev/dri";

/// How many cards are looked at: a machine has one or two, and the kernel allows 64.
const CARDS: usize = 64;

/// How long a flip may take: the slowest mode has 24 pictures a second, and a machine without a card draws them by hand.
const FLIP: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// How many other sizes are named when the one wanted is not there.
const SIZES: usize = 8;

/// A card, which is nothing but an open file.
#[derive(Debug)]
struct Card(File);

impl AsFd for Card {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl drm::Device for Card {}
impl control::Device for Card {}

/// The panel at one connector of a card. Closing the card gives the screen back to the console.
#[derive(Debug)]
struct DrmPanel {
    name: String,
    /// Of the picture, as all sizes here but those of modes and buffers.
    size: Size,
    turned: Turned,
    card: Card,
    connector: connector::Handle,
    crtc: crtc::Handle,
    sides: [Side; 2],
    buffers: Buffers,
}

/// One of the two buffers.
#[derive(Debug)]
struct Side {
    framebuffer: framebuffer::Handle,
    memory: Mapping<u32>,
    /// Pixels from one row to the next.
    stride: usize,
}

/// Opens the panel for pictures of this size, turned so, at the card `device`, or at the first that has one; at the connector of this
/// name, such as HDMI-A-1, or at the first where a panel is. It is black from then on.
///
/// # Errors
/// Names the device, and what it has instead.
pub(super) fn open(
    device: Option<&Path>,
    connector: Option<&str>,
    size: Size,
    turned: Turned,
) -> Result<Opened, OpenError> {
    if let Some(device) = device {
        return open_card(device, connector, size, turned);
    }
    let mut first = None;
    for card in cards() {
        match open_card(&card, connector, size, turned) {
            Ok(opened) => return Ok(opened),
            // A card without connectors is no reason, if there is another with the wrong mode.
            Err(error) => first = first.filter(|first| !matches!(first, OpenError::NoPanel { .. })).or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| OpenError::NoDevice { what: FOLDER.into() }))
}

/// The cards of this machine, the first one first.
fn cards() -> Vec<PathBuf> {
    let entries = fs::read_dir(FOLDER).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_card = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"card"));
    let mut cards: Vec<PathBuf> = entries.filter(is_card).take(CARDS).collect();
    cards.sort();
    cards
}

fn open_card(device: &Path, connector: Option<&str>, size: Size, turned: Turned) -> Result<Opened, OpenError> {
    let file = File::options().read(true).write(true).open(device);
    let card = Card(file.map_err(|source| OpenError::open(device, source))?);
    let failed = |doing| move |source| OpenError::Device { device: device.to_owned(), doing, source };

    let resources = card.resource_handles().map_err(failed("list connectors"))?;
    // Asked for in earnest, which may take a while: what the kernel knew before may be the state at its start.
    let all = resources.connectors().iter().filter_map(|handle| card.get_connector(*handle, true).ok());
    let wanted = |info: &connector::Info| connector.is_none_or(|name| name == info.to_string());
    let mut lit = all.filter(|info| info.state() == State::Connected && !info.modes().is_empty()).filter(wanted);
    let info = lit.next().ok_or_else(|| OpenError::NoPanel {
        device: device.to_owned(),
        connector: connector.unwrap_or("any connector").to_owned(),
    })?;
    let name = format!("{} {info}", device.display());
    let own = turned.across(size);
    let mode = mode_of(info.modes(), own).ok_or_else(|| OpenError::Size {
        device: name.clone(),
        wanted: size,
        offered: sizes(info.modes()).into_iter().map(|own| turned.across(own)).collect(),
    })?;
    let crtc = crtc_of(&card, &resources, &info)
        .ok_or_else(|| OpenError::NoPanel { device: device.to_owned(), connector: info.to_string() })?;

    let side = || side(&card, own).map_err(failed("make a buffer"));
    let sides = [side()?, side()?];
    // Only one program has a screen at a time: this fails while another, or a desktop, has it.
    card.set_crtc(crtc, Some(sides[0].framebuffer), (0, 0), &[info.handle()], Some(mode))
        .map_err(failed("set the mode (does another program have the screen?)"))?;
    let facts = Facts {
        driver: "drm",
        device: name.clone(),
        format: "XRGB8888",
        millimetres: info.size().and_then(|(width, height)| millimetres(width, height, turned)),
        refresh_hz: Some(mode.vrefresh()),
    };
    let mut buffers = Buffers::new(size);
    // The first is on the glass, black; the other is painted first.
    buffers.flipped();
    let connector = info.handle();
    Ok(Opened { panel: Box::new(DrmPanel { name, size, turned, card, connector, crtc, sides, buffers }), facts })
}

/// The mode of exactly this size that the panel prefers, or else the fastest.
fn mode_of(modes: &[Mode], size: Size) -> Option<Mode> {
    let fitting = modes.iter().filter(|mode| size_of_mode(mode) == size);
    fitting.max_by_key(|mode| (mode.mode_type().contains(ModeTypeFlags::PREFERRED), mode.vrefresh())).copied()
}

fn sizes(modes: &[Mode]) -> Vec<Size> {
    let mut sizes: Vec<Size> = modes.iter().map(size_of_mode).collect();
    sizes.dedup();
    sizes.truncate(SIZES);
    sizes
}

fn size_of_mode(mode: &Mode) -> Size {
    let (width, height) = mode.size();
    Size::new(width.into(), height.into())
}

/// What feeds a connector: what does so already, or else the first that can.
fn crtc_of(card: &Card, resources: &control::ResourceHandles, info: &connector::Info) -> Option<crtc::Handle> {
    let encoders = info.current_encoder().into_iter().chain(info.encoders().iter().copied());
    let encoders: Vec<_> = encoders.filter_map(|handle| card.get_encoder(handle).ok()).collect();
    let feeding = encoders.iter().find_map(control::encoder::Info::crtc);
    let able = || encoders.iter().find_map(|encoder| resources.filter_crtcs(encoder.possible_crtcs()).first().copied());
    feeding.or_else(able)
}

fn side(card: &Card, size: Size) -> io::Result<Side> {
    let buffer = card.create_dumb_buffer((size.width, size.height), DrmFourcc::Xrgb8888, 32)?;
    let framebuffer = card.add_framebuffer(&buffer, 24, 32)?;
    let (pitch, handle) = (buffer.pitch(), buffer.handle());
    let place = drm_ffi::mode::dumbbuffer::map(card.as_fd(), handle.into(), 0, 0)?;
    let memory = Mapping::new(card, place.offset, pitch as usize * size.height as usize)?;
    Ok(Side { framebuffer, memory, stride: pitch as usize / size_of::<u32>() })
}

impl DrmPanel {
    fn paint_and_flip(&mut self, frame: &Frame, damage: &[Rectangle]) -> io::Result<()> {
        self.plugged_in()?;
        let framebuffer = self.paint(frame, damage);
        self.card.page_flip(self.crtc, framebuffer, PageFlipFlags::EVENT, None)?;
        self.wait_for_flip()?;
        self.buffers.flipped();
        Ok(())
    }

    /// Brings the buffer up to date that is not on the glass.
    fn paint(&mut self, frame: &Frame, damage: &[Rectangle]) -> framebuffer::Handle {
        let (back, areas) = self.buffers.paint(damage);
        let side = &mut self.sides[back];
        for area in areas {
            frame.copy_rows(area, self.turned, side.memory.pixels(), side.stride);
        }
        side.framebuffer
    }

    /// What the kernel knows, without asking the panel: it notices a pulled cable by itself, and still takes every flip.
    fn plugged_in(&self) -> io::Result<()> {
        match self.card.get_connector(self.connector, false)?.state() {
            State::Disconnected => Err(io::Error::new(io::ErrorKind::NotConnected, "nothing is plugged in")),
            State::Connected | State::Unknown => Ok(()),
        }
    }

    fn failed(&self, source: io::Error) -> PanelError {
        PanelError::Device { name: self.name.clone(), source }
    }

    /// Returns when the picture is really there.
    fn wait_for_flip(&self) -> io::Result<()> {
        loop {
            let mut fds = [PollFd::new(&self.card, PollFlags::IN)];
            match poll(&mut fds, Some(&FLIP)) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::TimedOut, "no picture was shown in time")),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let mut events = self.card.receive_events()?;
            if events.any(|event| matches!(event, control::Event::PageFlip(flip) if flip.crtc == self.crtc)) {
                return Ok(());
            }
        }
    }
}

impl Panel for DrmPanel {
    fn size(&self) -> Size {
        self.size
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        self.paint_and_flip(frame, damage).map_err(|source| self.failed(source))
    }

    fn prepare(&mut self, frame: &Frame) -> bool {
        self.paint(frame, &[Rectangle::new(Point::zero(), self.size)]);
        true
    }

    fn check(&mut self) -> Result<(), PanelError> {
        self.plugged_in().map_err(|source| self.failed(source))
    }
}
