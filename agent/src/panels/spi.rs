//! A small panel on a serial bus, whose controller holds the picture: ST7789, ILI9341 and their kin, at 16 bits a pixel.
//!
//! They all take the same few commands of the MIPI Display Command Set (DCS 1.3), and nothing else is sent. What is painted comes from
//! the frame, a window of the controller's memory for each damaged area: a bus costs by the transaction, and a pixel alone is three.

use embedded_hal::{delay::DelayNs, digital::OutputPin, spi::SpiDevice};
use std::{fmt::Debug, io};
use touchpoint_display::{Frame, Panel, PanelError, Point, Rectangle, Size, rgb565};

/// Commands of MIPI DCS, section 6.
mod command {
    pub(super) const SOFT_RESET: u8 = 0x01;
    pub(super) const EXIT_SLEEP_MODE: u8 = 0x11;
    pub(super) const ENTER_NORMAL_MODE: u8 = 0x13;
    pub(super) const EXIT_INVERT_MODE: u8 = 0x20;
    pub(super) const ENTER_INVERT_MODE: u8 = 0x21;
    pub(super) const SET_DISPLAY_ON: u8 = 0x29;
    pub(super) const SET_COLUMN_ADDRESS: u8 = 0x2a;
    pub(super) const SET_PAGE_ADDRESS: u8 = 0x2b;
    pub(super) const WRITE_MEMORY_START: u8 = 0x2c;
    pub(super) const SET_ADDRESS_MODE: u8 = 0x36;
    pub(super) const SET_PIXEL_FORMAT: u8 = 0x3a;
}

/// `SET_PIXEL_FORMAT`: 16 bits for the bus and for the panel.
const BITS_16: u8 = 0x55;

/// `SET_ADDRESS_MODE`: rows from the bottom, columns from the right, rows and columns exchanged, blue before red.
const MIRROR_ROWS: u8 = 0x80;
const MIRROR_COLUMNS: u8 = 0x40;
const EXCHANGE: u8 = 0x20;
const BLUE_FIRST: u8 = 0x08;

/// How long a controller may take to wake up, in milliseconds: DCS allows 120 after a reset and again after sleep.
const WAKE_MS: u32 = 120;

/// Most bytes in one write: what `spidev` takes unless its module is told otherwise.
const CHUNK: usize = 4096;

/// The controllers that are known, which differ in how their panels are usually wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Controller {
    /// Sitronix ST7789, on panels that show every colour inverted.
    St7789,
    /// Ilitek ILI9341, on panels with blue first and columns from the right.
    Ili9341,
}

/// How the picture lies on the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placing {
    /// Which controller.
    pub(super) controller: Controller,
    /// Quarter turns clockwise.
    pub(super) turns: u8,
    /// Where the glass begins in the controller's memory, which may be larger: columns and rows, as turned.
    pub(super) offset: [u16; 2],
    /// Every colour inverted, if it differs from the controller's usual panel.
    pub(super) inverted: Option<bool>,
    /// Blue before red, if it differs from the controller's usual panel.
    pub(super) blue_first: Option<bool>,
}

/// The panel on its bus, with the pin that tells commands from data.
#[derive(Debug)]
pub(super) struct SpiPanel<S, P> {
    name: String,
    size: Size,
    offset: [u16; 2],
    bus: S,
    data: P,
    /// The bytes of one write.
    bytes: Vec<u8>,
}

impl Controller {
    /// Columns and rows of its memory, not turned.
    pub(super) const MEMORY: [u16; 2] = [240, 320];

    fn inverted(self) -> bool {
        self == Controller::St7789
    }

    fn blue_first(self) -> bool {
        self == Controller::Ili9341
    }

    fn mirrored(self) -> bool {
        self == Controller::Ili9341
    }
}

impl Placing {
    /// Columns and rows of the controller's memory, as turned.
    pub(super) fn memory(&self) -> [u16; 2] {
        let [columns, rows] = Controller::MEMORY;
        if self.turns % 2 == 1 { [rows, columns] } else { [columns, rows] }
    }

    fn address_mode(&self) -> u8 {
        let turned = match self.turns % 4 {
            0 => 0,
            1 => MIRROR_COLUMNS | EXCHANGE,
            2 => MIRROR_COLUMNS | MIRROR_ROWS,
            _ => MIRROR_ROWS | EXCHANGE,
        };
        let mirrored = if self.controller.mirrored() { turned ^ MIRROR_COLUMNS } else { turned };
        let blue_first = self.blue_first.unwrap_or(self.controller.blue_first());
        mirrored | if blue_first { BLUE_FIRST } else { 0 }
    }

    fn inversion(&self) -> u8 {
        match self.inverted.unwrap_or(self.controller.inverted()) {
            true => command::ENTER_INVERT_MODE,
            false => command::EXIT_INVERT_MODE,
        }
    }
}

impl<S: SpiDevice, P: OutputPin> SpiPanel<S, P> {
    /// Wakes the controller and lights the panel, black, under the name an operator knows it by. `data` is high for data.
    ///
    /// # Errors
    /// The bus or the pin failed. Whether a controller is there nobody can tell: it answers nothing.
    pub(super) fn open(
        name: String,
        size: Size,
        placing: &Placing,
        (bus, data): (S, P),
        delay: &mut impl DelayNs,
    ) -> io::Result<Self> {
        let mut panel = Self { name, size, offset: placing.offset, bus, data, bytes: Vec::with_capacity(CHUNK) };
        panel.command(command::SOFT_RESET, &[])?;
        delay.delay_ms(WAKE_MS);
        panel.command(command::EXIT_SLEEP_MODE, &[])?;
        delay.delay_ms(WAKE_MS);
        panel.command(command::SET_PIXEL_FORMAT, &[BITS_16])?;
        panel.command(command::SET_ADDRESS_MODE, &[placing.address_mode()])?;
        panel.command(placing.inversion(), &[])?;
        panel.command(command::ENTER_NORMAL_MODE, &[])?;
        // Its memory is full of noise, which nobody should see.
        panel.paint(&Frame::new(size), Rectangle::new(Point::zero(), size))?;
        panel.command(command::SET_DISPLAY_ON, &[])?;
        Ok(panel)
    }

    fn paint(&mut self, frame: &Frame, area: Rectangle) -> io::Result<()> {
        let Some(end) = area.bottom_right() else { return Ok(()) };
        let [column, row] = self.offset;
        self.command(command::SET_COLUMN_ADDRESS, &window(column, area.top_left.x, end.x))?;
        self.command(command::SET_PAGE_ADDRESS, &window(row, area.top_left.y, end.y))?;
        self.command(command::WRITE_MEMORY_START, &[])?;
        self.data.set_high().map_err(failed)?;
        self.bytes.clear();
        for pixel in frame.rows(area).flatten() {
            self.bytes.extend(rgb565(*pixel).to_be_bytes());
            if self.bytes.len() >= CHUNK {
                self.bus.write(&self.bytes).map_err(failed)?;
                self.bytes.clear();
            }
        }
        match self.bytes.is_empty() {
            true => Ok(()),
            false => self.bus.write(&self.bytes).map_err(failed),
        }
    }

    fn command(&mut self, command: u8, parameters: &[u8]) -> io::Result<()> {
        self.data.set_low().map_err(failed)?;
        self.bus.write(&[command]).map_err(failed)?;
        if !parameters.is_empty() {
            self.data.set_high().map_err(failed)?;
            self.bus.write(parameters).map_err(failed)?;
        }
        Ok(())
    }
}

/// The first and the last column or row of a window, as the controller counts them.
fn window(offset: u16, first: i32, last: i32) -> [u8; 4] {
    // Within the frame, which is no larger than the controller's memory.
    let [first, last] = [first, last].map(|at| offset.saturating_add(u16::try_from(at).unwrap_or(0)).to_be_bytes());
    [first[0], first[1], last[0], last[1]]
}

/// What a bus or a pin says, whose errors can be printed and no more.
fn failed(error: impl Debug) -> io::Error {
    io::Error::other(format!("{error:?}"))
}

impl<S: SpiDevice + Send, P: OutputPin + Send> Panel for SpiPanel<S, P> {
    fn size(&self) -> Size {
        self.size
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        let painted = damage.iter().try_for_each(|area| self.paint(frame, *area));
        painted.map_err(|source| PanelError::Device { name: self.name.clone(), source })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
