//! The glass itself: how each kind of panel is opened, and how one that fails is left, opened again and painted again.
//!
//! ```text
//! visit loop -> KeptPanel --picture--> the panel's own thread -> DRM, fbdev, SPI, PNG
//!            <- there it is, or why not (within a deadline)
//! ```
//!
//! A kernel call that does not return keeps its thread, and no visit. Only `kernel.rs` does what the compiler cannot check.

// Which panel, and what it turned out to be.
mod choice;
mod facts;
mod wiring;

// One that may fail.
mod kept;

// Each kind.
mod drm;
mod fbdev;
mod spi;

// What Linux has for them.
mod kernel;
mod wires;

pub use choice::{PanelChoice, PanelKeys, PanelKind};
pub use facts::{Facts, OpenError, Opened};
pub use kept::{Condition, KeptPanel, PanelStatus};
pub use wiring::{SpiSection, SpiWiring};

use facts::millimetres;
