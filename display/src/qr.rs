//! A QR code that a phone reads at arm's length: whole pixels a module, its quiet zone, dark on white.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::{frame::Frame, mask, theme::Colour};

/// Light modules around the code (ISO/IEC 18004, 6.3.8).
const QUIET_ZONE: u32 = 4;

/// An encoded text.
pub(crate) struct Code(QrCode);

/// Why a text makes no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// More than the largest code holds.
    #[error("qr text of {bytes} bytes is longer than a code can hold")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// The modules would be smaller than can be shown, or than a phone can tell apart.
    #[error("qr text of {bytes} bytes needs {needed} pixels, there are {available}")]
    TooFine {
        /// Length of the text.
        bytes: usize,
        /// Least side of the code with its quiet zone.
        needed: u32,
        /// Side of the square it has.
        available: u32,
    },
}

impl Code {
    /// Encodes a text so that it can be drawn on a square of `available` pixels with at least `least` pixels a module.
    ///
    /// 15 percent of the code may be hidden by a reflection (error correction level M).
    pub(crate) fn encode(text: &str, available: u32, least: u32) -> Result<Self, QrError> {
        let bytes = text.len();
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_| QrError::TooLong { bytes })?;
        let code = Self(code);
        let needed = code.modules() * least;
        if needed > available { Err(QrError::TooFine { bytes, needed, available }) } else { Ok(code) }
    }

    /// Draws the code in the middle of a square, as large as whole pixels allow.
    pub(crate) fn draw(&self, frame: &mut Frame, area: Rectangle) {
        let module = area.size.width.min(area.size.height) / self.modules();
        let side = module * self.modules();
        let spare = area.size.saturating_sub(Size::new_equal(side)) / 2;
        let top_left = area.top_left + spare;
        mask::fill(frame, Rectangle::new(top_left, Size::new_equal(side)), Colour::WHITE);
        let first = top_left + Size::new_equal(QUIET_ZONE * module);
        for y in 0..self.0.size() {
            for x in (0..self.0.size()).filter(|x| self.0.get_module(*x, y)) {
                let place = first + Point::new(x, y) * module.cast_signed();
                mask::fill(frame, Rectangle::new(place, Size::new_equal(module)), Colour::BLACK);
            }
        }
    }

    /// Modules along one side, with the quiet zone on both.
    fn modules(&self) -> u32 {
        self.0.size().unsigned_abs() + 2 * QUIET_ZONE
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_whole_pixels_black_on_white_within_a_quiet_zone() {
        let mut frame = Frame::new(Size::new(200, 200));
        let area = Rectangle::new(Point::new(10, 20), Size::new_equal(170));
        let code = Code::encode("https://example.com", area.size.width, 3).unwrap();
        code.draw(&mut frame, area);
        let drawn = frame.take_damage();
        // Version 2 has 25 modules, with the quiet zone 33; 5 pixels each are 165, centred on 170.
        assert_eq!(drawn, [Rectangle::new(Point::new(12, 22), Size::new_equal(165))]);
        for (index, pixel) in frame.pixels().iter().enumerate().filter(|(_, pixel)| **pixel != 0) {
            let (x, y) = ((index as i32 % 200 - 12) / 5 - 4, (index as i32 / 200 - 22) / 5 - 4);
            let expected = if code.0.get_module(x, y) { Colour::BLACK } else { Colour::WHITE };
            assert_eq!(*pixel, expected.pixel(), "module {x}, {y}");
        }
    }

    #[test]
    fn a_text_too_long_is_refused_with_its_length() {
        let error = Code::encode(&"x".repeat(3000), 500, 1).err().unwrap();
        assert_eq!(error, QrError::TooLong { bytes: 3000 });
        let error = Code::encode(&"x".repeat(300), 150, 3).err().unwrap();
        assert!(matches!(error, QrError::TooFine { bytes: 300, available: 150, .. }), "{error}");
    }
}
