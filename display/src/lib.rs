//! What the customer sees: view, layout, frame, panel.
//!
//! A [`View`] says what to show, the layout turns it and the panel's size into rectangles, painting fills a [`Frame`],
//! and a [`Panel`] puts the changed part of the frame on the glass. This crate knows no customer, no card, no network
//! and no campaign file, and it reads no font or setting from the machine: the same view on the same size is the same
//! picture everywhere, so that what head office approved is what the customer sees.

// What to show, and how it should look.
mod theme;
mod view;

// Where everything stands.
mod layout;
mod text;
mod typeset;

// Pixels.
mod damage;
mod frame;
mod mask;
mod paint;
mod picture;
mod qr;

// The glass, and the desk that checks what will be on it.
mod check;
pub mod panel;
mod screen;

pub use check::{LayoutProblem, Part, QrError, fits};
pub use frame::{EncodeError, Frame, encode_png};
pub use panel::{Panel, PanelError};
pub use picture::{Limits, Picture, PictureError};
pub use screen::{Screen, ShowError, Shown};
pub use theme::{Colour, ColourError, Theme};
pub use view::{AnswerButton, Emphasis, MAX_ANSWERS, Offer, View};

/// Geometry as the whole crate speaks it, so that callers need no dependency of their own.
pub use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
