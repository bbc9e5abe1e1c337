//! How the small things of a campaign file are written, as a schema says it. The protocol's types read them; here stands only their form,
//! and a test that the two agree.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::{borrow::Cow, str::FromStr};
use touchpoint_protocol::{campaign::PanelSize, limits};

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident: $schema:tt;)*) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

forms! {
    /// Names of all kinds.
    Name: { "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$" };
    /// What a campaign is for.
    KindWord: { "enum": ["offer", "advice", "service", "retention"] };
    /// An answer.
    AnswerWord: { "enum": ["accept", "decline", "later", "more", "call_me", "opt_out"] };
    /// A day of the week.
    Day: { "enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] };
    /// A time of day.
    Time: { "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$" };
    /// An interval.
    Length: { "type": "string", "pattern": "^([1-9][0-9]{0,3}[dhm]|none|forever)$" };
    /// A colour.
    Hex: { "type": "string", "pattern": "^#[0-9a-fA-F]{6}$" };
    /// A corner radius in millimetres.
    Radius: { "type": "number", "minimum": 0, "maximum": 20 };
    /// A distance in millimetres.
    Distance: { "type": "number", "minimum": 3, "maximum": 25 };
    /// A font family that every device has.
    FamilyName: { "enum": ["DejaVu Sans", "Noto Sans", "Noto Sans Display", "Noto Serif", "Noto Serif Display"] };
    /// What a QR code says.
    Code: { "type": "string", "pattern": "^([^{}]|\\{reference\\})+$" };
    /// A date of TOML, with or without a time.
    DateTime: { "anyOf": [{ "type": "string", "format": "date" }, { "type": "string", "format": "date-time" },
        { "type": "string", "format": "date-time-local" }] };
}

/// A panel's size, written `1024x768`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pixels(pub PanelSize);

/// The text is no size.
#[derive(Debug, thiserror::Error)]
#[error("a panel is written like 1024x768, each side 1 to {}", limits::PANEL_SIDE)]
pub struct PixelsError;

impl FromStr for Pixels {
    type Err = PixelsError;

    fn from_str(text: &str) -> Result<Self, PixelsError> {
        let side = |digits: &str| match digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse().ok().filter(|side| (1..=limits::PANEL_SIDE).contains(side)).ok_or(PixelsError),
            false => Err(PixelsError),
        };
        let (width, height) = text.split_once('x').ok_or(PixelsError)?;
        Ok(Pixels(PanelSize { width: side(width)?, height: side(height)? }))
    }
}

impl TryFrom<String> for Pixels {
    type Error = PixelsError;

    fn try_from(text: String) -> Result<Self, PixelsError> {
        text.parse()
    }
}

impl JsonSchema for Pixels {
    fn schema_name() -> Cow<'static, str> {
        "Pixels".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[1-9][0-9]{0,3}x[1-9][0-9]{0,3}$" })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use touchpoint_protocol::{
        campaign::{AnswerKind, Kind},
        theme::{CornerRadius, Spacing},
        zone::Weekday,
    };

    /// Every word of a schema, read by the type it stands for.
    fn words<F: JsonSchema, T: DeserializeOwned>() -> Vec<T> {
        let schema = F::json_schema(&mut SchemaGenerator::default());
        let words = schema.as_value()["enum"].as_array().unwrap().clone();
        words.into_iter().map(|word| serde_json::from_value(word).unwrap()).collect()
    }

    #[test]
    fn a_schema_has_the_words_that_are_read_and_all_of_them() {
        assert_eq!(words::<Day, Weekday>(), Weekday::ALL);
        // A word more would not be read; a kind more than these is missed by this match, which then does not compile.
        for kind in words::<KindWord, Kind>() {
            match kind {
                Kind::Offer | Kind::Advice | Kind::Service | Kind::Retention => {}
            }
        }
        assert_eq!(words::<KindWord, Kind>().len(), 4);
        for answer in words::<AnswerWord, AnswerKind>() {
            use AnswerKind::{Accept, CallMe, Decline, Later, More, OptOut};
            match answer {
                Accept | Decline | Later | More | CallMe | OptOut => {}
            }
        }
        assert_eq!(words::<AnswerWord, AnswerKind>().len(), 6);
    }

    #[test]
    fn a_schema_has_the_fonts_of_a_device_and_the_measures_of_the_wire_which_are_those_of_the_glass() {
        let families: Vec<String> = words::<FamilyName, String>();
        assert_eq!(families, touchpoint_display::FAMILIES);
        fn bounds<F: JsonSchema>() -> [f64; 2] {
            let schema = F::json_schema(&mut SchemaGenerator::default());
            ["minimum", "maximum"].map(|bound| schema.as_value()[bound].as_f64().unwrap())
        }
        let looks = |corner_radius, spacing| {
            let theme = touchpoint_display::Theme { corner_radius, spacing, ..Default::default() };
            theme.problems().is_empty()
        };
        let (tenths, usual) = (|mm: f64| (mm * 10.0) as u32, touchpoint_display::Theme::default());
        for radius in bounds::<Radius>() {
            assert!(CornerRadius::try_from(radius).is_ok() && looks(tenths(radius), usual.spacing), "{radius}");
        }
        for spacing in bounds::<Distance>() {
            assert!(Spacing::try_from(spacing).is_ok() && looks(usual.corner_radius, tenths(spacing)), "{spacing}");
        }
        assert!(CornerRadius::try_from(20.1).is_err() && !looks(201, usual.spacing));
        for spacing in [2.9, 25.1] {
            assert!(Spacing::try_from(spacing).is_err() && !looks(usual.corner_radius, tenths(spacing)), "{spacing}");
        }
    }

    #[test]
    fn a_panel_is_two_sides() {
        assert_eq!("1024x768".parse::<Pixels>().unwrap().0, PanelSize { width: 1024, height: 768 });
        for text in ["", "1024", "x", "1024x", "0x1", "1024X768", "+1x1", "7681x1", "1024x768x1"] {
            assert!(text.parse::<Pixels>().is_err(), "{text}");
        }
    }
}
