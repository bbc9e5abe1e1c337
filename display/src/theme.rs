//! The colours and shapes an institution gives its screens.

use std::{fmt, str::FromStr, sync::Arc};

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};

use crate::{glass::Mode, picture::Picture};

/// Least contrast of text and what it stands on (WCAG 2.2, 1.4.3), in thousandths.
const TEXT_CONTRAST: u32 = 4_500;
/// Least contrast of large text, and of the buttons and bars one must recognise (WCAG 2.2, 1.4.3 and 1.4.11).
const LARGE_CONTRAST: u32 = 3_000;
/// Largest corner radius in tenths of a millimetre: more, and a button is no longer the shape of a button.
const MAX_RADIUS: u32 = 200;
/// Distances that leave things apart and yet leave room for them, in tenths of a millimetre.
const SPACINGS: std::ops::RangeInclusive<u32> = 30..=250;

/// An opaque sRGB colour, written `#rrggbb`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour(pub [u8; 3]);

/// Why a text is not a colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColourError {
    /// Not a number sign and six more characters.
    #[error("colour {0:?} is not of the form #rrggbb")]
    Form(String),
    /// A character that is no hexadecimal digit.
    #[error("colour {text:?} has {found:?} where a hexadecimal digit belongs")]
    Digit {
        /// The text as given.
        text: String,
        /// The first character that is no digit.
        found: char,
    },
}

/// Colours, measures, fonts and logo of every view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Behind everything.
    pub background: Colour,
    /// Cards and quiet areas on the background.
    pub surface: Colour,
    /// Hairlines, and the unfilled part of the countdown.
    pub outline: Colour,
    /// Headlines.
    pub text: Colour,
    /// Body text and quiet buttons.
    pub muted: Colour,
    /// The institution's colour: primary buttons, countdown, the attract screen.
    pub accent: Colour,
    /// Text on the accent colour.
    pub on_accent: Colour,
    /// Corner radius of a card in tenths of a millimetre; smaller on buttons.
    pub corner_radius: u32,
    /// Distance of everything from the edge of the glass in tenths of a millimetre; others follow from it.
    pub spacing: u32,
    /// Fonts by what they are for.
    pub fonts: Fonts,
    /// Stands at the top of every view but the blank one; not in high contrast, for which it was not made.
    pub logo: Option<Arc<Picture>>,
}

/// Font families of European scripts, as `Noto Sans`; other scripts have one font each. `None`, or a family the device
/// does not have, is the built-in one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fonts {
    /// Headlines.
    pub title: Option<String>,
    /// The message itself.
    pub body: Option<String>,
    /// Buttons.
    pub label: Option<String>,
}

/// Something in a theme that a customer would see badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThemeProblem {
    /// Two colours that stand on each other are too much alike.
    #[error("contrast of {upper} on {lower} is {}.{:02}, at least {}.{} is needed", found / 1000, found % 1000 / 10, needed / 1000, needed % 1000 / 100)]
    Contrast {
        /// Name of the colour on top, as its field.
        upper: &'static str,
        /// Name of the colour below.
        lower: &'static str,
        /// Contrast ratio in thousandths.
        found: u32,
        /// Least contrast ratio in thousandths.
        needed: u32,
    },
    /// Corners too round.
    #[error("corner radius of {found} tenths of a millimetre is over {MAX_RADIUS}")]
    Radius {
        /// As given.
        found: u32,
    },
    /// Things too near each other, or too far from each other.
    #[error("spacing of {found} tenths of a millimetre is not {} to {}", SPACINGS.start(), SPACINGS.end())]
    Spacing {
        /// As given.
        found: u32,
    },
}

impl Colour {
    /// White, the one colour a QR code's quiet zone may have.
    pub(crate) const WHITE: Self = Self([255; 3]);
    /// Black, the dark modules of a QR code and the colour of shadows.
    pub(crate) const BLACK: Self = Self([0; 3]);

    /// This colour with `percent` of `other` stirred in.
    pub(crate) fn mix(self, other: Self, percent: u8) -> Self {
        let share = u32::from(percent.min(100));
        let channel = |index: usize| {
            let (from, to) = (u32::from(self.0[index]), u32::from(other.0[index]));
            // At most 255 because the shares add up to 100.
            ((from * (100 - share) + to * share + 50) / 100) as u8
        };
        Self([channel(0), channel(1), channel(2)])
    }

    /// WCAG 2.2 contrast ratio of two colours in thousandths: 1000 for equal ones, 21000 for black and white.
    #[must_use]
    pub fn contrast(self, other: Self) -> u32 {
        let (one, other) = (self.luminance(), other.luminance());
        // At most 21000.
        ((one.max(other) + 0.05) / (one.min(other) + 0.05) * 1000.0) as u32
    }

    /// WCAG 2.2 relative luminance.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// As a pixel of a frame: `0xffrrggbb`. The unused byte is set, which tells a drawn pixel from one never drawn.
    pub(crate) const fn pixel(self) -> u32 {
        u32::from_be_bytes([0xff, self.0[0], self.0[1], self.0[2]])
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, ColourError> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.chars().count() == 6)
            .ok_or_else(|| ColourError::Form(text.to_owned()))?;
        let mut value = 0;
        for found in digits.chars() {
            let digit = found.to_digit(16).ok_or_else(|| ColourError::Digit { text: text.to_owned(), found })?;
            value = value << 4 | digit;
        }
        let [_, red, green, blue] = value.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl fmt::Debug for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Colour> for Rgb888 {
    fn from(colour: Colour) -> Self {
        let [red, green, blue] = colour.0;
        Self::new(red, green, blue)
    }
}

impl From<Rgb888> for Colour {
    fn from(colour: Rgb888) -> Self {
        Self([colour.r(), colour.g(), colour.b()])
    }
}

impl Theme {
    /// Everything in the theme that a customer would see badly; empty if it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<ThemeProblem> {
        let mut problems = Vec::new();
        for (upper, lower, (one, other), needed) in [
            ("text", "surface", (self.text, self.surface), TEXT_CONTRAST),
            ("muted", "surface", (self.muted, self.surface), TEXT_CONTRAST),
            ("muted", "background", (self.muted, self.background), TEXT_CONTRAST),
            ("accent", "surface", (self.accent, self.surface), TEXT_CONTRAST),
            ("on_accent", "accent", (self.on_accent, self.accent), TEXT_CONTRAST),
            // The first button and the time bar must be seen, not read.
            ("accent", "background", (self.accent, self.background), LARGE_CONTRAST),
        ] {
            let found = one.contrast(other);
            if found < needed {
                problems.push(ThemeProblem::Contrast { upper, lower, found, needed });
            }
        }
        if self.corner_radius > MAX_RADIUS {
            problems.push(ThemeProblem::Radius { found: self.corner_radius });
        }
        if !SPACINGS.contains(&self.spacing) {
            problems.push(ThemeProblem::Spacing { found: self.spacing });
        }
        problems
    }

    /// The same shapes and fonts in white and yellow on black: at least 7:1 everywhere (WCAG 2.2, 1.4.6).
    #[must_use]
    pub fn high_contrast(&self) -> Self {
        const YELLOW: Colour = Colour([0xff, 0xd9, 0x00]);
        Self {
            background: Colour::BLACK,
            surface: Colour::BLACK,
            outline: Colour([0x76, 0x76, 0x76]),
            text: Colour::WHITE,
            muted: Colour::WHITE,
            accent: YELLOW,
            on_accent: Colour::BLACK,
            logo: None,
            ..self.clone()
        }
    }

    /// The theme as this mode shows it.
    #[must_use]
    pub fn in_mode(&self, mode: Mode) -> Self {
        if mode.high_contrast { self.high_contrast() } else { self.clone() }
    }

    /// Corner radius and spacing in tenths of a millimetre, within their limits: a theme that was never checked looks
    /// odd, but leaves room for words.
    pub(crate) fn measures(&self) -> (u32, u32) {
        (self.corner_radius.min(MAX_RADIUS), self.spacing.clamp(*SPACINGS.start(), *SPACINGS.end()))
    }
}

impl Default for Theme {
    /// A calm bank: white cards on cool grey, one deep blue. Every text colour has at least 5.5:1 on what it stands on.
    fn default() -> Self {
        Self {
            background: Colour([0xec, 0xf0, 0xf5]),
            surface: Colour::WHITE,
            outline: Colour([0xd3, 0xdc, 0xe6]),
            text: Colour([0x10, 0x21, 0x3a]),
            muted: Colour([0x4a, 0x5b, 0x73]),
            accent: Colour([0x0b, 0x4f, 0x8c]),
            on_accent: Colour::WHITE,
            corner_radius: 71,
            spacing: 107,
            fonts: Fonts::default(),
            logo: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_colour_reads_back_as_it_was_written() {
        let colour: Colour = "#0B4f8c".parse().unwrap();
        assert_eq!(colour, Colour([0x0b, 0x4f, 0x8c]));
        assert_eq!(colour.to_string(), "#0b4f8c");
    }

    #[test]
    fn a_wrong_colour_says_what_is_wrong() {
        for text in ["", "#", "0b4f8c", "#0b4f8", "#0b4f8c0", "blue"] {
            assert_eq!(text.parse::<Colour>(), Err(ColourError::Form(text.to_owned())));
        }
        let error = "#0b4g8c".parse::<Colour>().unwrap_err();
        assert_eq!(error.to_string(), "colour \"#0b4g8c\" has 'g' where a hexadecimal digit belongs");
        assert!("#0b4f8é".parse::<Colour>().is_err());
    }

    #[test]
    fn mixing_goes_from_one_colour_to_the_other() {
        let (from, to) = (Colour([0, 100, 255]), Colour([200, 0, 255]));
        assert_eq!(from.mix(to, 0), from);
        assert_eq!(from.mix(to, 100), to);
        assert_eq!(from.mix(to, 50), Colour([100, 50, 255]));
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert_eq!(Colour::BLACK.contrast(Colour::WHITE), 21_000);
        assert_eq!(Colour::WHITE.contrast(Colour::WHITE), 1_000);
        // The grey that is just readable on white.
        assert_eq!(Colour([0x76; 3]).contrast(Colour::WHITE), 4_542);
    }

    #[test]
    fn the_default_theme_and_high_contrast_have_no_problem() {
        let theme = Theme::default();
        assert_eq!(theme.problems(), []);
        assert!(theme.muted.contrast(theme.background) >= 5_500);
        for mode in Mode::ALL {
            assert_eq!(theme.in_mode(mode).problems(), [], "{mode:?}");
        }
        let high = theme.high_contrast();
        assert!(high.text.contrast(high.surface) >= 7_000 && high.on_accent.contrast(high.accent) >= 7_000);
    }

    #[test]
    fn a_theme_that_cannot_be_read_says_which_colours_and_by_how_much() {
        let theme = Theme { muted: Colour([0x99; 3]), corner_radius: 900, spacing: 0, ..Theme::default() };
        let problems: Vec<String> = theme.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems[0], "contrast of muted on surface is 2.84, at least 4.5 is needed");
        assert_eq!(problems[2], "corner radius of 900 tenths of a millimetre is over 200");
        assert_eq!(problems[3], "spacing of 0 tenths of a millimetre is not 30 to 250");
    }

    proptest! {
        #[test]
        fn any_text_is_a_colour_or_refused_and_a_colour_reads_back(text in "#?[0-9a-gé]{0,8}", channels in any::<[u8; 3]>()) {
            if let Ok(colour) = text.parse::<Colour>() {
                prop_assert_eq!(colour.to_string(), text.to_lowercase());
            }
            prop_assert_eq!(Colour(channels).to_string().parse(), Ok(Colour(channels)));
        }
    }
}
