//! What a panel says of itself when it is opened, and why one could not be.

use serde::Serialize;
use std::{
    io,
    path::{Path, PathBuf},
};
use touchpoint_display::{Panel, Size, Turned};

/// A panel that is open, and what it says of itself.
pub struct Opened {
    /// The panel.
    pub panel: Box<dyn Panel>,
    /// What it says.
    pub facts: Facts,
}

/// What a panel says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// What drives it: `drm`, `fbdev`, `spi`, `png` or `none`.
    pub driver: &'static str,
    /// The device as a technician knows it.
    pub device: String,
    /// How its pixels are stored.
    pub format: &'static str,
    /// Width and height of its visible area as it is mounted, if it knows.
    pub millimetres: Option<[u32; 2]>,
    /// How many pictures it shows a second, if it knows.
    pub refresh_hz: Option<u32>,
}

/// Why a panel could not be opened. The same call may succeed later.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is nothing that could be opened.
    #[error("there is no {}", what.display())]
    NoDevice {
        /// Where it was looked for.
        what: PathBuf,
    },
    /// The device cannot be opened.
    #[error("cannot open {}", device.display())]
    Open {
        /// Which.
        device: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The device does not do what it should.
    #[error("{} cannot {doing}", device.display())]
    Device {
        /// Which.
        device: PathBuf,
        /// What was asked of it.
        doing: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing is plugged in.
    #[error("no panel is plugged in at {connector} of {}", device.display())]
    NoPanel {
        /// The card.
        device: PathBuf,
        /// Where it was looked for.
        connector: String,
    },
    /// The panel has other pixels than the configuration says.
    #[error("{device} has no {}: screen.width and screen.height can be {}", pixels(wanted), sizes(offered))]
    Size {
        /// The device, and the connector if it has several.
        device: String,
        /// What was configured.
        wanted: Size,
        /// What it has.
        offered: Vec<Size>,
    },
    /// The framebuffer's pixels are stored in a way that frames are not.
    #[error("{} has {bits} bits a pixel with red at bit {red}, and not XRGB8888 or RGB565", device.display())]
    Format {
        /// Which.
        device: PathBuf,
        /// How many bits a pixel has.
        bits: u32,
        /// The lowest bit of red.
        red: u32,
    },
    /// None of the drivers has a panel.
    #[error("neither drm nor fbdev has a panel; drm: {drm}; fbdev")]
    Neither {
        /// Why DRM has none.
        drm: String,
        /// Why fbdev has none.
        #[source]
        fbdev: Box<OpenError>,
    },
}

impl OpenError {
    /// Why a device cannot be opened: mostly because there is none.
    pub(super) fn open(device: &Path, source: io::Error) -> OpenError {
        let device = device.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => OpenError::NoDevice { what: device },
            _ => OpenError::Open { device, source },
        }
    }
}

/// The size of a panel that is turned so, as it says it, unless that is known to be no size: nothing, or a ratio of the sides in its
/// place, which is what many televisions and projectors say.
pub(super) fn millimetres(width: u32, height: u32, turned: Turned) -> Option<[u32; 2]> {
    const RATIOS: [(u32, u32); 6] = [(16, 9), (16, 10), (160, 90), (160, 100), (1600, 900), (1600, 1000)];
    // Larger than any wall: fbdev's way to say that it does not know is -1.
    const LARGEST: u32 = 5000;
    let side = |side| (1..=LARGEST).contains(&side);
    let known = side(width) && side(height) && !RATIOS.contains(&(width, height));
    known.then(|| turned.across(Size::new(width, height)).into())
}

fn pixels(size: &Size) -> String {
    format!("{}x{}", size.width, size.height)
}

fn sizes(sizes: &[Size]) -> String {
    sizes.iter().map(pixels).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_believed_unless_it_is_a_ratio_or_nothing() {
        assert_eq!(millimetres(305, 229, Turned::Not), Some([305, 229]));
        assert_eq!(millimetres(305, 229, Turned::Left), Some([229, 305]));
        for (width, height) in [(0, 0), (16, 9), (160, 90), (u32::MAX, u32::MAX)] {
            assert_eq!(millimetres(width, height, Turned::Not), None);
        }
    }

    #[test]
    fn a_wrong_size_is_told_with_those_that_would_be_right() {
        let offered = vec![Size::new(1280, 800), Size::new(1024, 768)];
        let error = OpenError::Size { device: "card0 HDMI-A-1".to_owned(), wanted: Size::new(800, 600), offered };
        let text = "card0 HDMI-A-1 has no 800x600: screen.width and screen.height can be 1280x800, 1024x768";
        assert_eq!(error.to_string(), text);
    }
}
