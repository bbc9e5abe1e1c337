//! How large things are on a panel: in proportion to its pixels for what should fill it, in millimetres for what eyes
//! and fingers need.
//!
//! Measures in pixels are those of a 15-inch 1024x768 panel, the usual one in an ATM, and are scaled to others.

use crate::glass::{Glass, Mode};

/// Long and short side of the panel for which measures are given.
const REFERENCE: (u32, u32) = (1024, 768);

/// Pixels in a metre of that panel, which is 305 mm wide.
const REFERENCE_DENSITY: u32 = 3360;

/// Smallest scale in thousandths: text of a third of its size is the last that can be read.
const MIN_SCALE: u32 = 333;
/// Largest scale in thousandths, for 16K.
const MAX_SCALE: u32 = 16_000;

/// Densities that panels have, in pixels a metre: from a wall of lamps to a telephone. Others are a mistake.
const DENSITIES: std::ops::RangeInclusive<u32> = 300..=30_000;

/// Font size in hundredths of a millimetre with capitals of 4.8 mm (ADA 707.7.2). A capital is 0.714 of it in Noto
/// Sans, more in the built-in font.
const READABLE: u32 = 672;
/// Font size with capitals of 7.3 mm (EN 301 549, 5.1.4, at 60 cm).
const LARGE: u32 = 1023;

/// Smallest text at all, in pixels: below it letters have no room for their shapes.
const SMALLEST: u32 = 12;

/// How large everything is on this panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    /// Of the reference.
    thousandths: u32,
    /// Pixels a metre.
    density: u32,
    large_text: bool,
}

impl Scale {
    /// The scale at which the reference fits the panel, lying or upright.
    pub(crate) fn of(glass: &Glass, mode: Mode) -> Self {
        let panel = glass.size;
        let (long, short) = (panel.width.max(panel.height), panel.width.min(panel.height));
        let fitting =
            (u64::from(long) * 1000 / u64::from(REFERENCE.0)).min(u64::from(short) * 1000 / u64::from(REFERENCE.1));
        let thousandths = u32::try_from(fitting).unwrap_or(MAX_SCALE).clamp(MIN_SCALE, MAX_SCALE);
        let measured = glass.millimetres.and_then(|size| (panel.width.saturating_mul(1000)).checked_div(size.width));
        let density = measured.map_or(REFERENCE_DENSITY * thousandths / 1000, |density| {
            density.clamp(*DENSITIES.start(), *DENSITIES.end())
        });
        Self { thousandths, density, large_text: mode.large_text }
    }

    /// Pixels on this panel for pixels on the reference, at least one.
    pub(crate) const fn px(self, reference: u32) -> u32 {
        let scaled = (reference * self.thousandths + 500) / 1000;
        if scaled == 0 { 1 } else { scaled }
    }

    /// The same, but never under `least` pixels: what must stay touchable on a small panel.
    pub(crate) fn px_at_least(self, reference: u32, least: u32) -> u32 {
        self.px(reference).max(least)
    }

    /// Pixels for tenths of a millimetre.
    pub(crate) const fn tenths(self, tenths: u32) -> u32 {
        (tenths * self.density + 5_000) / 10_000
    }

    /// Whether whoever reads asked for larger text, and words need the room that pictures have otherwise.
    pub(crate) const fn is_large(self) -> bool {
        self.large_text
    }

    /// Smallest font size in pixels: for the customer's eyes on this glass, and never without shape.
    pub(crate) fn smallest_text(self) -> u32 {
        let em = if self.large_text { LARGE } else { READABLE };
        (em * self.density).div_ceil(100_000).max(SMALLEST)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use embedded_graphics::geometry::Size;

    use super::*;

    const LARGE_TEXT: Mode = Mode { large_text: true, high_contrast: false };

    fn glass(width: u32, height: u32, millimetres: Option<Size>) -> Glass {
        Glass { millimetres, ..Glass::of(Size::new(width, height)) }
    }

    #[test]
    fn text_is_as_high_as_the_standards_ask_on_the_usual_panels() {
        let fifteen = glass(1024, 768, Some(Size::new(305, 229)));
        let larger = glass(1920, 1080, Some(Size::new(476, 268)));
        let sizes = |glass: &Glass| {
            (Scale::of(glass, Mode::default()).smallest_text(), Scale::of(glass, LARGE_TEXT).smallest_text())
        };
        assert_eq!(sizes(&fifteen), (23, 35));
        assert_eq!(sizes(&larger), (28, 42));
    }

    #[test]
    fn a_panel_without_millimetres_is_taken_for_the_reference() {
        let scale = Scale::of(&glass(1024, 768, None), Mode::default());
        assert_eq!((scale.px(96), scale.tenths(200), scale.smallest_text()), (96, 67, 23));
        let small = Scale::of(&glass(320, 240, None), Mode::default());
        assert_eq!((small.px(1), small.smallest_text()), (1, SMALLEST));
    }

    #[test]
    fn millimetres_that_cannot_be_are_bounded() {
        for millimetres in [Size::new(0, 0), Size::new(1, 1), Size::new(u32::MAX, 1)] {
            let scale = Scale::of(&glass(1920, 1080, Some(millimetres)), LARGE_TEXT);
            assert!((12..=400).contains(&scale.smallest_text()), "{millimetres}");
        }
    }
}
