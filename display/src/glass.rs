//! What is true of one device's glass and of the person before it: size, density, keys, fonts, and how they need to
//! read.

use std::{fmt, path::PathBuf};

use embedded_graphics::geometry::Size;

/// Where Debian's font packages put their files.
const FONT_FOLDER: &str = "/usr/share/fonts";

/// One device's screen, as far as layout depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glass {
    /// Width and height in pixels.
    pub size: Size,
    /// Width and height of the visible area in millimetres, where the panel knows them. Otherwise the panel is taken
    /// for one of 15 inches, whatever its pixels.
    pub millimetres: Option<Size>,
    /// How customers answer.
    pub answering: Answering,
    /// Folders in which fonts for other than European scripts are looked for, themselves and as Debian divides them.
    pub fonts: Vec<PathBuf>,
}

/// How customers answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Answering {
    /// By touching a button.
    #[default]
    Touch,
    /// By function keys beside the glass, as on most ATMs: labels stand at the edge, level with their keys.
    Keys(Keys),
}

/// Where the function keys are: the middle of each, in thousandths of the glass's height from its top, downwards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// Keys at the left of the glass.
    pub left: Vec<u16>,
    /// Keys at the right of it.
    pub right: Vec<u16>,
}

/// A side of the glass, as seen by who stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The left.
    Left,
    /// The right.
    Right,
}

/// How this customer needs to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Mode {
    /// Capitals of at least 7.3 mm, which are 0.7 degrees at 60 cm (EN 301 549, 5.1.4).
    pub large_text: bool,
    /// White and yellow on black instead of the institution's colours.
    pub high_contrast: bool,
}

impl Glass {
    /// A touch panel of this many pixels, about which nothing more is known.
    #[must_use]
    pub fn of(size: Size) -> Self {
        Self { size, millimetres: None, answering: Answering::Touch, fonts: vec![PathBuf::from(FONT_FOLDER)] }
    }
}

impl Mode {
    /// Every mode: what is published should be readable in each.
    pub const ALL: [Self; 4] = [
        Self { large_text: false, high_contrast: false },
        Self { large_text: true, high_contrast: false },
        Self { large_text: false, high_contrast: true },
        Self { large_text: true, high_contrast: true },
    ];
}

impl fmt::Display for Mode {
    /// As a person who chooses one calls it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.large_text, self.high_contrast) {
            (false, false) => "standard",
            (true, false) => "large text",
            (false, true) => "high contrast",
            (true, true) => "large text and high contrast",
        })
    }
}

impl Keys {
    /// The keys of one side.
    pub(crate) fn of(&self, side: Side) -> &[u16] {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}
