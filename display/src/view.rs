//! What may stand on the screen, free of pixels: the only thing the rest of the software says to the display.

use std::sync::Arc;

use crate::picture::Picture;

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
    /// What follows an answer.
    Thanks {
        /// A few words.
        title: String,
        /// What happens next; may be empty.
        body: String,
    },
    /// An empty screen. PIN entry may be active, so nothing is drawn and nothing can be touched.
    #[default]
    Blank,
}

/// A message with its answers and the time it has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// Headline.
    pub title: String,
    /// The message itself; may be empty.
    pub body: String,
    /// An illustration, shown whole and never cropped.
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
