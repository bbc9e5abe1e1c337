//! Names that stand in topics, tables and logs: short, lower case, and free of anything a topic or a shell would read as
//! structure. Each kind of name is a type of its own, so that a shard can never be passed where a device is meant.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longest name, in bytes. Five of them and the fixed parts of a topic stay far below MQTT's 65,535.
const LONGEST: usize = 64;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// 1 to 64 characters of `a-z`, `0-9` and `-`, the first not a `-`.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                check($what, text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A customer of this software: one bank or one retailer.
    Tenant, "tenant";
    /// One machine.
    DeviceId, "device";
    /// Devices that run the same campaigns.
    GroupId, "group";
    /// A named set of customers, held whole by each device that serves it.
    ShardId, "shard";
    /// One campaign.
    CampaignId, "campaign";
    /// A part of the customer base that is spoken to alike.
    Segment, "segment";
    /// A signing or token key.
    KeyId, "key id";
    /// What a customer attribute is called.
    AttributeName, "attribute";
    /// What a customer's score is called.
    ScoreName, "score";
    /// What customers consent to.
    Purpose, "purpose";
    /// Who took a consent down.
    ConsentSource, "consent source";
    /// One way of putting a campaign, compared with its others.
    VariantId, "variant";
    /// What a visit is for, such as `withdrawal`.
    VisitKind, "kind of visit";
    /// The band in which a visit's amount lies, such as `large`. The amount itself is nobody's business here.
    AmountBand, "amount band";
    /// What kind of place a device stands at, such as `airport`.
    Site, "site";
    /// What a screen is called, where machines have several kinds of them, such as `window`.
    ScreenName, "screen";
    /// One device's journal, from its creation to the day it is set aside.
    JournalId, "journal";
    /// One customer's stay at a machine.
    VisitId, "visit";
    /// One run of a machine's operating system, as the kernel names it.
    BootId, "boot id";
    /// A BCP 47 language tag in lower case, such as `de` or `pt-br`.
    Language, "language";
}

/// Why a text is not a name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing, or too much.
    #[error("{what} has {length} characters, not 1 to {LONGEST}")]
    Length {
        /// Which kind of name.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// A character that names do not have.
    #[error("{what} has {character:?}, but only a-z, 0-9 and - are allowed, and no - first")]
    Character {
        /// Which kind of name.
        what: &'static str,
        /// The first character refused.
        character: char,
    },
}

fn check(what: &'static str, text: &str) -> Result<(), NameError> {
    if text.is_empty() || text.len() > LONGEST {
        return Err(NameError::Length { what, length: text.len() });
    }
    let allowed = |(at, c): (usize, char)| matches!(c, 'a'..='z' | '0'..='9') || (c == '-' && at > 0);
    match text.char_indices().find(|&found| !allowed(found)) {
        Some((_, character)) => Err(NameError::Character { what, character }),
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_is_taken_as_it_is() {
        assert_eq!("kiosk-0012".parse::<DeviceId>().unwrap().as_str(), "kiosk-0012");
    }

    #[test]
    fn what_would_be_structure_in_a_topic_is_refused() {
        for text in ["", "a/b", "+", "#", "$share", "-x", "Kiosk", "a b", "ä", &"x".repeat(65)] {
            assert!(text.parse::<DeviceId>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_refusal_says_which_kind_of_name_it_is_about() {
        let error = "Gold".parse::<Segment>().unwrap_err();
        assert_eq!(error.to_string(), "segment has 'G', but only a-z, 0-9 and - are allowed, and no - first");
    }
}
