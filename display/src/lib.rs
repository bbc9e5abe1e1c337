//! What the customer sees: view, layout, frame, panel.
//!
//! A [`View`] says what to show, the layout turns it and the panel's size into rectangles, painting fills a [`Frame`],
//! and a [`Panel`] puts the changed part of the frame on the glass. This crate knows no customer, no card, no network
//! and no campaign file, and of the machine it reads nothing but font files with known names: the same view on the same
//! glass is the same picture everywhere, so that what head office approved is what the customer sees.

// What to show, on what, and how it should look.
mod glass;
mod theme;
mod view;

// Where everything stands.
mod area;
mod keys;
mod layout;
mod scale;

// Words.
mod fonts;
mod script;
mod text;
mod typeset;

// Pixels.
mod buffers;
mod countdown;
mod damage;
mod frame;
mod mask;
mod paint;
mod picture;
mod qr;
mod rgb565;
mod still;

// The glass, and the desk that checks what will be on it.
mod check;
pub mod panel;
mod pattern;
mod screen;
mod turned;

pub use buffers::Buffers;
pub use check::{LayoutProblem, Part, QrError, fits};
pub use fonts::FAMILIES;
pub use frame::{EncodeError, Frame, encode_png};
pub use glass::{Answering, Glass, Keys, Mode, Side};
pub use panel::{Panel, PanelError};
pub use pattern::test_pattern;
pub use picture::{Limits, Picture, PictureError};
pub use rgb565::rgb565;
pub use screen::{Screen, ShowError, Shown};
pub use theme::{Colour, ColourError, Fonts, Theme, ThemeProblem};
pub use turned::Turned;
pub use view::{AnswerButton, Emphasis, MAX_ANSWERS, Offer, View};

/// Geometry as the whole crate speaks it, so that callers need no dependency of their own.
pub use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
