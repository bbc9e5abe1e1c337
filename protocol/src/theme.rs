//! How a group's screens look: colours, measures, fonts and logo. What is not said is as the display sees fit.

use crate::{digest::Digest, limits};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The look of a screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// Behind everything.
    pub background: Colour,
    /// Behind the words.
    pub surface: Colour,
    /// Hairlines, and the part of the time bar that has run out.
    pub outline: Colour,
    /// Words.
    pub text: Colour,
    /// Lesser words.
    pub muted: Colour,
    /// The first answer and the time bar.
    pub accent: Colour,
    /// Words on the accent.
    pub on_accent: Colour,
    /// How round the corners of a card are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corner_radius_mm: Option<CornerRadius>,
    /// How far everything is from the edge of the glass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing_mm: Option<Spacing>,
    /// Fonts by what they are for.
    #[serde(default, skip_serializing_if = "Fonts::are_usual")]
    pub fonts: Fonts,
    /// The institution's sign, a PNG among the media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Digest>,
}

/// Font families of European scripts; the other scripts have one font each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fonts {
    /// Headlines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Family>,
    /// The message itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Family>,
    /// Buttons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Family>,
}

impl Fonts {
    fn are_usual(&self) -> bool {
        *self == Fonts::default()
    }
}

/// A colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour(pub [u8; 3]);

/// The text is not `#` and six hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("a colour is written #rrggbb")]
pub struct ColourError;

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, ColourError> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(ColourError)?;
        let mut colour = [0; 3];
        data_encoding::HEXLOWER_PERMISSIVE.decode_mut(digits.as_bytes(), &mut colour).map_err(|_| ColourError)?;
        Ok(Colour(colour))
    }
}

impl TryFrom<String> for Colour {
    type Error = ColourError;

    fn try_from(text: String) -> Result<Self, ColourError> {
        text.parse()
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> String {
        colour.to_string()
    }
}

macro_rules! measures {
    ($($(#[$doc:meta])* $name:ident, $bounds:expr, $what:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// Written in millimetres, as `7.1`; what lies between two tenths is rounded.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(u16);

        impl $name {
            /// In tenths of a millimetre.
            pub const fn tenths(self) -> u16 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = MeasureError;

            fn try_from(millimetres: f64) -> Result<Self, MeasureError> {
                measure($what, millimetres, $bounds).map(Self)
            }
        }

        impl From<$name> for f64 {
            fn from(measure: $name) -> f64 {
                f64::from(measure.0) / 10.0
            }
        }
    )*};
}

measures! {
    /// How round corners are: not at all, to [`limits::CORNER_RADIUS`].
    CornerRadius, 0..=limits::CORNER_RADIUS, "corner radius";
    /// A distance within [`limits::SPACING`].
    Spacing, limits::SPACING, "spacing";
}

/// A length is no such measure.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("{what} is {found} mm, not {} to {}", f64::from(bounds.0) / 10.0, f64::from(bounds.1) / 10.0)]
pub struct MeasureError {
    what: &'static str,
    found: f64,
    bounds: (u16, u16),
}

fn measure(what: &'static str, found: f64, bounds: std::ops::RangeInclusive<u16>) -> Result<u16, MeasureError> {
    let (least, most) = bounds.into_inner();
    let tenths = (found * 10.0).round();
    // What is no number is in no range.
    match (f64::from(least)..=f64::from(most)).contains(&tenths) {
        true => Ok(tenths as u16),
        false => Err(MeasureError { what, found, bounds: (least, most) }),
    }
}

/// The name of a font family, such as `Noto Serif`: 1 to [`limits::FAMILY`] ASCII letters, digits and spaces, none of them at an end. A
/// device looks for a file of this name, so there is nothing in it that leads anywhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Family(Box<str>);

/// The text is no name of a font family.
#[derive(Debug, thiserror::Error)]
#[error("a font family is 1 to {} letters, digits and spaces, such as Noto Serif", limits::FAMILY)]
pub struct FamilyError;

impl Family {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Family {
    type Err = FamilyError;

    fn from_str(text: &str) -> Result<Self, FamilyError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ';
        let plain = text.bytes().all(allowed) && text.trim() == text;
        match plain && (1..=limits::FAMILY).contains(&text.len()) {
            true => Ok(Family(text.into())),
            false => Err(FamilyError),
        }
    }
}

impl TryFrom<String> for Family {
    type Error = FamilyError;

    fn try_from(text: String) -> Result<Self, FamilyError> {
        text.parse()
    }
}

impl From<Family> for String {
    fn from(family: Family) -> String {
        family.0.into()
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One that says no more than it must.
    pub(crate) fn theme() -> Theme {
        let colour: Colour = "#0b5fff".parse().unwrap();
        Theme {
            background: colour,
            surface: colour,
            outline: colour,
            text: colour,
            muted: colour,
            accent: colour,
            on_accent: colour,
            corner_radius_mm: None,
            spacing_mm: None,
            fonts: Fonts::default(),
            logo: None,
        }
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!("#0B5fff".parse::<Colour>().unwrap().to_string(), "#0b5fff");
        assert!(["0b5fff", "#0b5ff", "#0b5fffff", "#gggggg"].iter().all(|text| text.parse::<Colour>().is_err()));
    }

    #[test]
    fn what_a_theme_does_not_say_does_not_travel() {
        let json = serde_json::to_string(&theme()).unwrap();
        assert!(!json.contains("fonts") && !json.contains("null"), "{json}");
        assert_eq!(serde_json::from_str::<Theme>(&json).unwrap(), theme());
    }

    #[test]
    fn a_measure_is_millimetres_within_bounds() {
        assert_eq!(CornerRadius::try_from(7.1).unwrap().tenths(), 71);
        assert_eq!(f64::from(Spacing::try_from(10.74).unwrap()), 10.7);
        let error = CornerRadius::try_from(20.1).unwrap_err();
        assert_eq!(error.to_string(), "corner radius is 20.1 mm, not 0 to 20");
        for millimetres in [2.9, 25.1, -5.0, f64::NAN, f64::INFINITY, 1e300] {
            assert!(Spacing::try_from(millimetres).is_err(), "{millimetres}");
        }
        assert!(serde_json::from_str::<Spacing>("\"9\"").is_err() && serde_json::from_str::<Spacing>("9").is_ok());
    }

    #[test]
    fn a_family_leads_to_no_other_file() {
        assert_eq!("Noto Serif".parse::<Family>().unwrap().as_str(), "Noto Serif");
        for text in ["", " ", "Noto ", "../Noto", "Noto-Serif", "Nóto", &"x".repeat(65)] {
            assert!(text.parse::<Family>().is_err(), "{text:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn any_family_and_any_number_is_taken_as_it_is_or_refused(text in ".{0,80}", millimetres in any::<f64>()) {
            if let Ok(family) = text.parse::<Family>() {
                prop_assert_eq!(family.as_str(), &text);
            }
            if let Ok(spacing) = Spacing::try_from(millimetres) {
                prop_assert!(limits::SPACING.contains(&spacing.tenths()));
                prop_assert_eq!(Spacing::try_from(f64::from(spacing)).unwrap(), spacing);
            }
        }

        #[test]
        fn no_json_makes_a_theme_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let logo = Some(Digest::of(b"logo"));
            let fonts = Fonts { title: Some("Noto Serif".parse().unwrap()), ..Fonts::default() };
            let mut json = serde_json::to_vec(&Theme { logo, fonts, spacing_mm: 9.5.try_into().ok(), ..theme() }).unwrap();
            for (index, value) in changes {
                let at = index.index(json.len());
                json[at] = value;
            }
            if let Ok(theme) = serde_json::from_slice::<Theme>(&json) {
                let again = serde_json::to_vec(&theme).unwrap();
                prop_assert_eq!(serde_json::from_slice::<Theme>(&again).unwrap(), theme);
            }
        }
    }
}
