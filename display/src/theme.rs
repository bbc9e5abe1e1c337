//! The colours and shapes an institution gives its screens.

use std::{fmt, str::FromStr};

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};

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

/// Colours and corner radius of every view.
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
    /// Corner radius of a card in pixels on a 1024x768 panel; scaled to others, smaller on buttons.
    pub corner_radius: u32,
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
            corner_radius: 24,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
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
    fn the_default_theme_has_readable_contrast() {
        let theme = Theme::default();
        for (text, ground) in [
            (theme.text, theme.surface),
            (theme.muted, theme.surface),
            (theme.muted, theme.background),
            (theme.accent, theme.surface),
            (theme.on_accent, theme.accent),
        ] {
            assert!(contrast(text, ground) >= 5.5, "{text} on {ground}: {}", contrast(text, ground));
        }
    }

    /// WCAG 2.2 contrast ratio.
    fn contrast(one: Colour, other: Colour) -> f64 {
        let luminance = |colour: Colour| {
            let [red, green, blue] = colour.0.map(|channel| {
                let value = f64::from(channel) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}
