//! What may stand on the screen, free of pixels: the only thing the rest of the software says to the display.

use std::sync::Arc;

use crate::{picture::Picture, script::Script};

/// Most answers an offer may have: more cannot be read and weighed in the seconds a customer waits.
pub const MAX_ANSWERS: usize = 3;

/// One thing to show, covering the whole panel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum View {
    /// The invitation between two customers.
    Attract {
        /// A few words, read from two metres away.
        title: String,
        /// What to do; may be empty.
        body: String,
    },
    /// The one message meant for this customer.
    Offer(Offer),
    /// What a customer asked to know more about: longer words, smaller, usually with a code to take along.
    Detail(Offer),
    /// What follows an answer.
    Thanks {
        /// A few words.
        title: String,
        /// What happens next; may be empty.
        body: String,
    },
    /// The machine serves nobody. Says so, and where help is.
    OutOfOrder {
        /// A few words.
        title: String,
        /// Where help is; may be empty.
        body: String,
    },
    /// An empty screen. PIN entry may be active, so nothing is drawn and nothing can be touched.
    #[default]
    Blank,
}

/// Characters that are read in a second, slow readers included.
const CHARACTERS_A_SECOND: u32 = 12;
/// Seconds to notice a new screen, before the first word is read.
const NOTICING: u32 = 3;
/// No message is shown for less: shorter is a flicker.
const LEAST_SECONDS: u32 = 6;
/// Seconds to take out a phone and point it at a code.
const SCANNING: u32 = 12;

/// A message with its answers and the time it has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// Headline.
    pub title: String,
    /// The message itself; may be empty.
    pub body: String,
    /// An illustration, shown whole and never cropped; left out on a panel where words need all the room.
    pub picture: Option<Arc<Picture>>,
    /// Content of a QR code, usually an address.
    pub qr: Option<String>,
    /// Answers in reading order; those beyond [`MAX_ANSWERS`] are not shown.
    pub answers: Vec<AnswerButton>,
    /// Seconds until the offer ends by itself.
    pub seconds_left: u32,
    /// Seconds the offer had in all; 0 shows no countdown.
    pub seconds_total: u32,
}

impl Offer {
    /// Seconds a customer needs to read the words and, with a code, to scan it.
    #[must_use]
    pub fn reading_seconds(&self) -> u32 {
        let weight = |character: char| match character {
            // Marks that only say where a word may end, or which way it runs.
            '\u{200b}'..='\u{200f}' => 0,
            // One of Chinese, Japanese or Korean says as much as two or three letters, and takes as long.
            _ if Script::of(character) == Some(Script::Han) => 2,
            _ => 1,
        };
        let characters: usize = self.title.chars().chain(self.body.chars()).map(weight).sum();
        let reading = NOTICING.saturating_add(u32::try_from(characters).unwrap_or(u32::MAX) / CHARACTERS_A_SECOND);
        reading.max(if self.qr.is_some() { SCANNING } else { LEAST_SECONDS })
    }
}

impl View {
    /// All words of the view.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let (title, body, answers): (&str, &str, &[AnswerButton]) = match self {
            Self::Attract { title, body } | Self::Thanks { title, body } | Self::OutOfOrder { title, body } => {
                (title, body, &[])
            }
            Self::Offer(offer) | Self::Detail(offer) => (&offer.title, &offer.body, &offer.answers),
            Self::Blank => ("", "", &[]),
        };
        [title, body].into_iter().chain(answers.iter().map(|answer| answer.label.as_str()))
    }
}

/// One way to answer an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerButton {
    /// The words on the button.
    pub label: String,
    /// How much the button asks to be pressed.
    pub emphasis: Emphasis,
}

/// Visual weight of a button. All are equally large: declining must be as easy as accepting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Emphasis {
    /// Filled with the accent colour.
    Primary,
    /// Outlined in the accent colour.
    #[default]
    Secondary,
    /// Plain, for "not now".
    Quiet,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn reading_takes_a_second_for_twelve_characters_and_scanning_a_while() {
        let words = |count: usize| Offer { body: "x".repeat(count), ..Offer::default() };
        assert_eq!(words(0).reading_seconds(), 6);
        assert_eq!(words(120).reading_seconds(), 13);
        assert_eq!(Offer { body: "口".repeat(60), ..Offer::default() }.reading_seconds(), 13);
        assert_eq!(Offer { qr: Some("x".to_owned()), ..words(24) }.reading_seconds(), 12);
    }
}
