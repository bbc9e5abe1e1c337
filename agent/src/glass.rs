//! The `[screen]` section of the configuration: the glass as a technician describes it.

use serde::{Deserialize, Deserializer, de::Error};
use std::path::PathBuf;
use touchpoint_display::{Answering, Glass, Keys, Mode, Size, Turned};
use touchpoint_protocol::limits::PANEL_SIDE;

use crate::panels::{PanelChoice, PanelKeys, PanelKind, SpiSection};

/// Largest panel, in millimetres a side: a wall.
const LARGEST_MILLIMETRES: u32 = 5000;

/// Most function keys on one side: machines have four, and none has more than eight.
pub(crate) const MOST_KEYS: usize = 8;

/// The section as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenSection {
    width: u32,
    height: u32,
    /// Width and height of the visible area, for a panel that does not tell.
    millimetres: Option<[u32; 2]>,
    keys: Option<KeysSection>,
    fonts: Option<Vec<PathBuf>>,
    #[serde(default)]
    large_text: bool,
    #[serde(default)]
    high_contrast: bool,
    /// What it is called, for campaigns that ask.
    pub name: Option<String>,
    panel: Option<PanelKind>,
    device: Option<PathBuf>,
    connector: Option<String>,
    /// How the panel is mounted; all other keys are of the picture.
    #[serde(default, deserialize_with = "degrees")]
    pub(crate) rotate: Option<Turned>,
    spi: Option<SpiSection>,
    /// The file of a panel that is one.
    picture: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysSection {
    #[serde(default)]
    left: Vec<u16>,
    #[serde(default)]
    right: Vec<u16>,
}

impl ScreenSection {
    /// The glass, and how customers read on it unless one of them needs it otherwise.
    ///
    /// # Errors
    /// The first key that is out of bounds, and what is wrong with it.
    pub fn glass(&self) -> Result<(Glass, Mode), (&'static str, String)> {
        for (key, side) in [("screen.width", self.width), ("screen.height", self.height)] {
            if !(1..=PANEL_SIDE).contains(&side) {
                return Err((key, format!("{side} is not 1 to {PANEL_SIDE} pixels")));
            }
        }
        for side in self.millimetres.iter().flatten() {
            if !(1..=LARGEST_MILLIMETRES).contains(side) {
                return Err(("screen.millimetres", format!("{side} is not 1 to {LARGEST_MILLIMETRES}")));
            }
        }
        let known = Glass::of(Size::new(self.width, self.height));
        let glass = Glass {
            millimetres: self.millimetres.map(Size::from),
            answering: self.keys.as_ref().map_or(Ok(Answering::Touch), KeysSection::answering)?,
            fonts: self.fonts.clone().unwrap_or(known.fonts),
            ..known
        };
        Ok((glass, Mode { large_text: self.large_text, high_contrast: self.high_contrast }))
    }

    /// Which panel it is; `beside` makes a path of one that is relative to the configuration.
    ///
    /// # Errors
    /// The first key that does not belong to this panel or that it lacks, and what is wrong.
    pub fn panel(&self, beside: impl Fn(PathBuf) -> PathBuf) -> Result<PanelChoice, (&'static str, String)> {
        let keys = PanelKeys {
            panel: self.panel,
            device: self.device.clone(),
            connector: self.connector.clone(),
            rotate: self.rotate,
            spi: self.spi.clone(),
            picture: self.picture.clone().map(beside),
        };
        PanelChoice::parse(keys, Size::new(self.width, self.height))
    }
}

impl KeysSection {
    fn answering(&self) -> Result<Answering, (&'static str, String)> {
        for (key, side) in [("screen.keys.left", &self.left), ("screen.keys.right", &self.right)] {
            if side.len() > MOST_KEYS {
                return Err((key, format!("{} keys, over {MOST_KEYS}", side.len())));
            }
            if side.iter().any(|middle| *middle >= 1000) || !side.is_sorted_by(|upper, lower| upper < lower) {
                return Err((key, format!("{side:?} is not thousandths of the height, from the top down")));
            }
        }
        Ok(Answering::Keys(Keys { left: self.left.clone(), right: self.right.clone() }))
    }
}

/// How something is turned against the picture, in degrees to the right.
pub(crate) fn degrees<'de, D: Deserializer<'de>>(degrees: D) -> Result<Option<Turned>, D::Error> {
    u16::deserialize(degrees)?.try_into().map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(more: &str) -> Result<(Glass, Mode), (&'static str, String)> {
        toml::from_str::<ScreenSection>(&format!("width = 1024\nheight = 768\n{more}")).unwrap().glass()
    }

    #[test]
    fn a_panel_of_which_only_its_pixels_are_known_is_a_touch_panel() {
        assert_eq!(read(""), Ok((Glass::of(Size::new(1024, 768)), Mode::default())));
    }

    #[test]
    fn what_a_technician_knows_of_the_glass_is_taken_over() {
        let text = "millimetres = [305, 229]\nkeys = { right = [330, 500] }\nfonts = [\"/fonts\"]\nlarge_text = true";
        let (glass, mode) = read(text).unwrap();
        assert_eq!(glass.millimetres, Some(Size::new(305, 229)));
        assert_eq!(glass.answering, Answering::Keys(Keys { left: vec![], right: vec![330, 500] }));
        assert_eq!(glass.fonts, [PathBuf::from("/fonts")]);
        assert_eq!(mode, Mode { large_text: true, high_contrast: false });
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_key() {
        let key = |text: &str| read(text).unwrap_err().0;
        assert_eq!(key("millimetres = [0, 229]"), "screen.millimetres");
        assert_eq!(key("keys = { left = [500, 330] }"), "screen.keys.left");
        assert_eq!(key("keys = { right = [1000] }"), "screen.keys.right");
        assert_eq!(key("keys = { left = [1, 2, 3, 4, 5, 6, 7, 8, 9] }"), "screen.keys.left");
    }
}
