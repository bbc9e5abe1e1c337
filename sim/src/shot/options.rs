//! What may be chosen about a contact sheet, as it is written on a command line.

use std::{fmt, str::FromStr};
use touchpoint_display::Mode;
use touchpoint_protocol::name::{AttributeName, NameError};

/// Who reads, written `standard`, `large-text`, `high-contrast` or `large-text-high-contrast`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader(pub Mode);

/// The text is no reader.
#[derive(Debug, thiserror::Error)]
#[error("not standard, large-text, high-contrast or large-text-high-contrast")]
pub struct ReaderError;

impl FromStr for Reader {
    type Err = ReaderError;

    fn from_str(text: &str) -> Result<Self, ReaderError> {
        Mode::ALL.into_iter().map(Reader).find(|reader| reader.to_string() == text).ok_or(ReaderError)
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.0.large_text, self.0.high_contrast) {
            (false, false) => "standard",
            (true, false) => "large-text",
            (false, true) => "high-contrast",
            (true, true) => "large-text-high-contrast",
        })
    }
}

/// Something known of the customer, written `first-name=Anna`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known(pub AttributeName, pub String);

/// The text says nothing of anybody.
#[derive(Debug, thiserror::Error)]
pub enum AttributeError {
    /// No equals sign.
    #[error("not written like first-name=Anna")]
    Form,
    /// No name before it.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl FromStr for Known {
    type Err = AttributeError;

    fn from_str(text: &str) -> Result<Self, AttributeError> {
        let (name, value) = text.split_once('=').ok_or(AttributeError::Form)?;
        Ok(Known(name.parse()?, value.to_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_is_read_as_it_is_written() {
        for mode in Mode::ALL {
            assert_eq!(Reader(mode).to_string().parse::<Reader>().unwrap().0, mode);
        }
        assert!("large text".parse::<Reader>().is_err());
    }

    #[test]
    fn what_is_known_has_a_name_and_a_value() {
        assert_eq!("first-name=Anna=B".parse::<Known>().unwrap().1, "Anna=B");
        assert!("Anna".parse::<Known>().is_err() && "First=Anna".parse::<Known>().is_err());
    }
}
