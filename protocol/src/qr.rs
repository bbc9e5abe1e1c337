//! What a QR code beside a message says: an address, with an opaque reference to the campaign where head office wants to know
//! what brought somebody there. Nothing of a customer is ever in it: a code on a screen is read by whoever stands behind them.

use crate::{
    digest::Digest,
    limits,
    name::{CampaignId, VariantId},
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What stands for the reference.
const PLACEHOLDER: &str = "{reference}";

/// Bytes of a digest in a reference: among a million campaigns, two share one with a chance of 1 in 500.
const REFERENCE: usize = 6;

/// A QR code's text, perhaps with `{reference}` in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QrTarget(Box<str>);

impl QrTarget {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the code says, with the reference in its place.
    pub fn fill(&self, reference: &str) -> String {
        self.0.replace(PLACEHOLDER, reference)
    }
}

/// What stands for one variant of a campaign in a QR code: head office, which knows its campaigns and the salt, makes the same.
pub fn reference(salt: &str, campaign: &CampaignId, variant: Option<&VariantId>) -> String {
    let variant = variant.map_or("", VariantId::as_str);
    let digest = Digest::of(format!("touchpoint/reference/v1/{salt}/{campaign}/{variant}").as_bytes());
    HEXLOWER.encode(&digest.as_bytes()[..REFERENCE])
}

/// Why a text is no QR target.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum QrTargetError {
    /// Nothing, or too much.
    #[error("{length} bytes, not 1 to {}", limits::QR)]
    Length {
        /// Bytes, with the reference in its place.
        length: usize,
    },
    /// A control character.
    #[error("holds the control character {0:?}")]
    Control(char),
    /// A placeholder other than the one there is.
    #[error("has a placeholder other than {PLACEHOLDER}: nothing of a customer may stand in a code")]
    Placeholder,
}

impl FromStr for QrTarget {
    type Err = QrTargetError;

    fn from_str(text: &str) -> Result<Self, QrTargetError> {
        let length = text.replace(PLACEHOLDER, &"0".repeat(2 * REFERENCE)).len();
        if length == 0 || length > limits::QR {
            return Err(QrTargetError::Length { length });
        }
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            return Err(QrTargetError::Control(control));
        }
        if text.replace(PLACEHOLDER, "").contains(['{', '}']) {
            return Err(QrTargetError::Placeholder);
        }
        Ok(QrTarget(text.into()))
    }
}

impl TryFrom<String> for QrTarget {
    type Error = QrTargetError;

    fn try_from(text: String) -> Result<Self, QrTargetError> {
        text.parse()
    }
}

impl From<QrTarget> for String {
    fn from(target: QrTarget) -> String {
        target.0.into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_says_which_variant_and_nothing_else() {
        let target: QrTarget = "https://bank.example/s?r={reference}".parse().unwrap();
        let (savings, a) = ("savings".parse().unwrap(), "a".parse().unwrap());
        let filled = target.fill(&reference("2026", &savings, Some(&a)));
        // Frozen: codes that were photographed must still be understood.
        assert_eq!(filled, "https://bank.example/s?r=65283c516d5a");
        assert_ne!(reference("2026", &savings, None), reference("2026", &savings, Some(&a)));
    }

    #[test]
    fn nothing_of_a_customer_stands_in_a_code() {
        let refused = |text: &str| text.parse::<QrTarget>().unwrap_err();
        for text in ["https://bank.example/{first-name}", "https://bank.example/{reference|x}", "{", "a}"] {
            assert_eq!(refused(text), QrTargetError::Placeholder, "{text}");
        }
        assert_eq!(refused("").to_string(), "0 bytes, not 1 to 120");
        assert_eq!(refused("a\nb"), QrTargetError::Control('\n'));
        assert_eq!(refused(&format!("{}{PLACEHOLDER}", "x".repeat(109))), QrTargetError::Length { length: 121 });
    }
}
