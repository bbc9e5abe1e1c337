//! A panel on the kernel's older display interface (fbdev): memory that is on the glass as soon as it is written.
//!
//! For machines whose driver knows nothing newer. There is one buffer, so a picture may be seen half painted for a moment.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};
use touchpoint_display::{Frame, Panel, PanelError, Rectangle, Size, Turned};

use super::{
    Facts, OpenError, Opened,
    kernel::{self, Channel, Mapping, Memory, Setting},
    millimetres,
};

/// The framebuffer, unless another is named.
const DEVICE: &str = "/dev/fb0";

/// The console that is in front, which would draw its text and its cursor over the picture.
const CONSOLE: &str = "/dev/tty0";

/// A framebuffer and its memory.
#[derive(Debug)]
struct FbdevPanel {
    device: PathBuf,
    /// Of the picture.
    size: Size,
    turned: Turned,
    /// For the driver, which may collect what was written before it shows it.
    file: File,
    pixels: Pixels,
    /// Pixels from one row to the next.
    stride: usize,
    /// Where the visible part begins.
    first: usize,
    _console: Option<Console>,
}

/// The memory, as wide as a pixel is.
#[derive(Debug)]
enum Pixels {
    Xrgb(Mapping<u32>),
    Rgb565(Mapping<u16>),
}

/// The console, which draws nothing as long as this is there.
#[derive(Debug)]
struct Console(File);

/// Opens the framebuffer `device`, or the first, for pictures of this size, turned so, and keeps the console from drawing on it.
///
/// # Errors
/// Names the device, and what it has instead.
pub(super) fn open(device: Option<&Path>, size: Size, turned: Turned) -> Result<Opened, OpenError> {
    let device = device.unwrap_or(Path::new(DEVICE));
    let file = File::options().read(true).write(true).open(device);
    let file = file.map_err(|source| OpenError::open(device, source))?;
    let failed = |doing| move |source| OpenError::Device { device: device.to_owned(), doing, source };
    let setting = kernel::setting(&file).map_err(failed("ask for its size"))?;
    let memory = kernel::memory(&file).map_err(failed("ask for its memory"))?;
    let offered = turned.across(Size::new(setting.width, setting.height));
    if offered != size {
        let device = device.display().to_string();
        return Err(OpenError::Size { device, wanted: size, offered: vec![offered] });
    }
    let (format, bytes) = format(&setting).ok_or_else(|| OpenError::Format {
        device: device.to_owned(),
        bits: setting.bits_per_pixel,
        red: setting.red.offset,
    })?;
    let stride = memory.pitch as usize / bytes;
    let first = setting.y_offset as usize * stride + setting.x_offset as usize;
    let pixels = map(&file, bytes, &memory).map_err(failed("map its memory"))?;
    // A driver that cannot has no other state than lit.
    let _ = kernel::unblank(&file);
    let facts = Facts {
        driver: "fbdev",
        device: device.display().to_string(),
        format,
        millimetres: millimetres(setting.width_mm, setting.height_mm, turned),
        refresh_hz: None,
    };
    let (device, _console) = (device.to_owned(), Console::silence());
    Ok(Opened { panel: Box::new(FbdevPanel { device, size, turned, file, pixels, stride, first, _console }), facts })
}

/// The format of the pixels and how many bytes one has, if it is one that frames can be copied to.
fn format(setting: &Setting) -> Option<(&'static str, usize)> {
    let channel = |channel: Channel| (channel.offset, channel.length);
    let channels = [setting.red, setting.green, setting.blue].map(channel);
    match (setting.bits_per_pixel, channels) {
        (32, [(16, 8), (8, 8), (0, 8)]) => Some(("XRGB8888", size_of::<u32>())),
        (16, [(11, 5), (5, 6), (0, 5)]) => Some(("RGB565", size_of::<u16>())),
        _ => None,
    }
}

fn map(file: &File, bytes: usize, memory: &Memory) -> io::Result<Pixels> {
    let all = memory.bytes as usize;
    match bytes {
        2 => Mapping::new(file, 0, all).map(Pixels::Rgb565),
        _ => Mapping::new(file, 0, all).map(Pixels::Xrgb),
    }
}

impl Console {
    /// Keeps the console from drawing. A panel beside which it may be seen is better than none.
    fn silence() -> Option<Console> {
        let silence = || {
            let console = File::options().read(true).write(true).open(CONSOLE)?;
            kernel::set_graphics(&console, true)?;
            Ok(Console(console))
        };
        silence()
            .inspect_err(|error: &io::Error| tracing::warn!(%error, CONSOLE, "the console's cursor may show through"))
            .ok()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // A console that is gone needs no text.
        let _ = kernel::set_graphics(&self.0, false);
    }
}

impl Panel for FbdevPanel {
    fn size(&self) -> Size {
        self.size
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        let (first, stride, turned) = (self.first, self.stride, self.turned);
        for area in damage {
            match &mut self.pixels {
                Pixels::Xrgb(memory) => {
                    frame.copy_rows(*area, turned, memory.pixels().get_mut(first..).unwrap_or_default(), stride);
                }
                Pixels::Rgb565(memory) => {
                    frame.copy_rows_rgb565(*area, turned, memory.pixels().get_mut(first..).unwrap_or_default(), stride);
                }
            }
        }
        // A driver that collects what is written is told that this is all; others refuse, and have shown it already.
        match rustix::fs::fsync(&self.file) {
            Ok(()) | Err(rustix::io::Errno::INVAL) => Ok(()),
            Err(error) => Err(PanelError::Device { name: self.device.display().to_string(), source: error.into() }),
        }
    }
}
