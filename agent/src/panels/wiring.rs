//! How a small panel is wired: `[screen.spi]` as it is written, and as it is opened.

use embedded_hal::{delay::DelayNs, digital::OutputPin};
use serde::Deserialize;
use std::{io, path::PathBuf};
use touchpoint_display::{Frame, Panel, PanelError, Rectangle, Size};

use super::{
    Facts, OpenError, Opened,
    spi::{Controller, Placing, SpiPanel},
    wires::{Bus, Line, Sleep},
};

/// The bus, unless another is named.
const DEVICE: &str = "/dev/spidev0.0";

/// The chip of the lines, unless another is named.
const CHIP: &str = "/dev/gpiochip0";

/// The usual frequency: within what both controllers take, and a picture of 320x240 in 40 ms.
const HERTZ: u32 = 32_000_000;

/// Slowest bus: a picture takes a second. Fastest: what no controller reads.
const FREQUENCIES: std::ops::RangeInclusive<u32> = 1_000_000..=100_000_000;

/// How long the reset line is low, in milliseconds: both controllers ask for 10 us, and long wires for more.
const RESET_MS: u32 = 10;

/// How long a controller may take after that before it hears anything, in milliseconds.
const AWAKE_MS: u32 = 120;

/// The section as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpiSection {
    controller: Controller,
    hertz: Option<u32>,
    chip: Option<PathBuf>,
    /// The line that tells data from commands.
    data: u32,
    reset: Option<u32>,
    backlight: Option<u32>,
    /// In degrees clockwise.
    #[serde(default)]
    rotation: u32,
    #[serde(default)]
    offset: [u16; 2],
    inverted: Option<bool>,
    blue_first: Option<bool>,
}

/// A small panel and its wires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpiWiring {
    device: PathBuf,
    hertz: u32,
    chip: PathBuf,
    data: u32,
    reset: Option<u32>,
    backlight: Option<u32>,
    placing: Placing,
}

/// A panel with the lines that are held as long as it is lit.
struct Lit {
    panel: SpiPanel<Bus, Line>,
    _lines: [Option<Line>; 2],
}

impl SpiSection {
    /// The wiring of a panel of this size on the bus `device`.
    ///
    /// # Errors
    /// The first key that is out of bounds, and what is wrong with it.
    pub fn wiring(self, device: Option<PathBuf>, size: Size) -> Result<SpiWiring, (&'static str, String)> {
        let SpiSection { controller, chip, data, reset, backlight, offset, inverted, blue_first, .. } = self;
        let hertz = self.hertz.unwrap_or(HERTZ);
        if !FREQUENCIES.contains(&hertz) {
            let (least, most) = (FREQUENCIES.start(), FREQUENCIES.end());
            return Err(("screen.spi.hertz", format!("{hertz} is not {least} to {most}")));
        }
        let turns = match self.rotation {
            0 => 0,
            90 => 1,
            180 => 2,
            270 => 3,
            other => return Err(("screen.spi.rotation", format!("{other} is not 0, 90, 180 or 270"))),
        };
        let placing = Placing { controller, turns, offset, inverted, blue_first };
        let [columns, rows] = placing.memory().map(u32::from);
        let (right, bottom) = (size.width + u32::from(offset[0]), size.height + u32::from(offset[1]));
        if right > columns || bottom > rows {
            let problem =
                format!("the panel ends at {right}x{bottom}, its controller at {columns}x{rows}: see rotation");
            return Err(("screen.spi.offset", problem));
        }
        let device = device.unwrap_or(DEVICE.into());
        let chip = chip.unwrap_or(CHIP.into());
        Ok(SpiWiring { device, hertz, chip, data, reset, backlight, placing })
    }
}

impl SpiWiring {
    /// Wakes and lights the panel.
    ///
    /// # Errors
    /// Names the bus or the chip, and what is wrong with it.
    pub(super) fn open(&self, size: Size) -> Result<Opened, OpenError> {
        let bus = Bus::open(&self.device, self.hertz)?;
        let take = |line| Line::take(&self.chip, line);
        let (data, reset, backlight) =
            (take(self.data)?, self.reset.map(take).transpose()?, self.backlight.map(take).transpose()?);
        let failed = |doing| move |source| OpenError::Device { device: self.device.clone(), doing, source };
        // Taken low, which is the reset.
        Sleep.delay_ms(RESET_MS);
        let reset = reset.map(raised).transpose().map_err(failed("be reset"))?;
        Sleep.delay_ms(AWAKE_MS);
        let name = self.device.display().to_string();
        let panel = SpiPanel::open(name.clone(), size, &self.placing, (bus, data), &mut Sleep);
        let panel = panel.map_err(failed("be woken"))?;
        let backlight = backlight.map(raised).transpose().map_err(failed("be lit"))?;
        let facts = Facts { driver: "spi", device: name, format: "RGB565", millimetres: None, refresh_hz: None };
        Ok(Opened { panel: Box::new(Lit { panel, _lines: [reset, backlight] }), facts })
    }
}

fn raised(mut line: Line) -> io::Result<Line> {
    line.set_high()?;
    Ok(line)
}

impl Panel for Lit {
    fn size(&self) -> Size {
        self.panel.size()
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        self.panel.present(frame, damage)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(more: &str) -> Result<SpiWiring, (&'static str, String)> {
        let section: SpiSection = toml::from_str(&format!("controller = \"st7789\"\ndata = 25\n{more}")).unwrap();
        section.wiring(None, Size::new(240, 135))
    }

    #[test]
    fn the_usual_wiring_needs_no_more_than_a_controller_and_its_data_line() {
        let wiring = read("rotation = 90\noffset = [40, 53]").unwrap();
        assert_eq!((wiring.device.to_str(), wiring.hertz), (Some("/dev/spidev0.0"), 32_000_000));
        assert_eq!((wiring.placing.turns, wiring.placing.memory()), (1, [320, 240]));
    }

    #[test]
    fn what_the_controller_cannot_hold_is_refused_by_its_key() {
        let key = |text| read(text).unwrap_err().0;
        assert_eq!(key("rotation = 45"), "screen.spi.rotation");
        assert_eq!(key("rotation = 0\noffset = [40, 53]"), "screen.spi.offset");
        assert_eq!(key("hertz = 5"), "screen.spi.hertz");
    }

    #[test]
    fn a_bus_that_is_not_there_is_named() {
        let size = Size::new(240, 135);
        let error = SpiWiring { device: "/nowhere/spi".into(), ..read("").unwrap() }.open(size).err().unwrap();
        assert_eq!(error.to_string(), "there is no /nowhere/spi");
        let error = SpiWiring { device: "/dev/null".into(), ..read("").unwrap() }.open(size).err().unwrap();
        assert_eq!(error.to_string(), "/dev/null cannot be set as a bus");
    }
}
