//! The `[input]` section of the configuration: touch screen, keys and card reader as a technician describes them.

use serde::Deserialize;
use std::collections::BTreeMap;
use touchpoint_display::{Answering, Keys, Side, Turned};
use touchpoint_protocol::campaign::AnswerKind;

use crate::glass::degrees;

mod key;

use key::Key;

/// Longest name of a device, in bytes: the kernel cuts longer ones.
const LONGEST_NAME: usize = 80;

/// The section as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSection {
    touch: Option<TouchSection>,
    keys: Option<KeysSection>,
    card_reader: Option<CardReaderSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TouchSection {
    #[serde(default)]
    device: Wanted,
    #[serde(default, deserialize_with = "degrees")]
    rotate: Option<Turned>,
    edges: Option<[i32; 4]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysSection {
    #[serde(default)]
    device: Wanted,
    #[serde(default)]
    left: Vec<Key>,
    #[serde(default)]
    right: Vec<Key>,
    cancel: Option<Key>,
    #[serde(default)]
    answers: BTreeMap<AnswerKind, Key>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardReaderSection {
    device: Wanted,
    #[serde(default)]
    reads: Reads,
}

/// What customers touch, press and swipe, as far as the agent reads it itself.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The touch screen.
    pub touch: Option<TouchInput>,
    /// Keys beside the glass, or of a keyboard.
    pub keys: Option<KeysInput>,
    /// A card reader that types what it reads.
    pub card_reader: Option<CardReaderInput>,
}

/// A touch screen.
#[derive(Debug, Clone)]
pub struct TouchInput {
    /// Which device.
    pub device: Wanted,
    /// How it is turned against the picture.
    pub turned: Turned,
    /// What it measures at the left, top, right and bottom of the glass; what it says of itself, if not known better.
    pub edges: Option<[i32; 4]>,
}

/// Keys.
#[derive(Debug, Clone)]
pub struct KeysInput {
    /// Which device.
    pub device: Wanted,
    /// What each key stands for, by its code.
    pub meanings: BTreeMap<u16, Meaning>,
}

/// A card reader.
#[derive(Debug, Clone)]
pub struct CardReaderInput {
    /// Which device. The agent takes it for itself alone, so it is never just any.
    pub device: Wanted,
    /// What its cards are.
    pub reads: Reads,
}

/// Which input device is meant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum Wanted {
    /// The first that can do what is asked of it.
    #[default]
    Any,
    /// The one of this USB vendor and product.
    Id(u16, u16),
    /// The one that calls itself so.
    Name(String),
}

/// What a card reader's cards are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// Payment cards.
    #[default]
    Payment,
    /// A retailer's or bank's own customer cards.
    Loyalty,
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// What stands beside it: a side of the glass, and its number from the top, from 0.
    Side(Side, usize),
    /// An answer, wherever it stands.
    Answer(AnswerKind),
    /// Cancel.
    Cancel,
}

impl InputSection {
    /// What is read, on a glass where customers answer like this and whose panel is turned so.
    ///
    /// # Errors
    /// The first key that cannot be, and what is wrong with it.
    pub fn input(self, answering: &Answering, panel: Turned) -> Result<Input, (&'static str, String)> {
        let InputSection { touch, keys, card_reader } = self;
        if touch
            .as_ref()
            .and_then(|touch| touch.edges)
            .is_some_and(|[left, top, right, bottom]| left == right || top == bottom)
        {
            return Err(("input.touch.edges", "left and right, or top and bottom, are the same".to_owned()));
        }
        Ok(Input {
            // Mostly it is glued to the panel, and mounted with it.
            touch: touch.map(|TouchSection { device, rotate, edges }| TouchInput {
                device,
                turned: rotate.unwrap_or(panel),
                edges,
            }),
            keys: keys.map(|keys| keys.keys(answering)).transpose()?,
            card_reader: card_reader.map(|CardReaderSection { device, reads }| CardReaderInput { device, reads }),
        })
    }
}

impl KeysSection {
    fn keys(self, answering: &Answering) -> Result<KeysInput, (&'static str, String)> {
        let none = Keys::default();
        let there = match answering {
            Answering::Keys(keys) => keys,
            Answering::Touch => &none,
        };
        for (key, side, there) in
            [("input.keys.left", &self.left, &there.left), ("input.keys.right", &self.right, &there.right)]
        {
            if side.len() > there.len() {
                let problem = format!("{} keys, and screen.keys says where {} of them are", side.len(), there.len());
                return Err((key, problem));
            }
        }
        let side = |side, keys: Vec<Key>| {
            keys.into_iter().enumerate().map(move |(number, key)| (key, Meaning::Side(side, number)))
        };
        let answers = self.answers.into_iter().map(|(kind, key)| (key, Meaning::Answer(kind)));
        let all = side(Side::Left, self.left).chain(side(Side::Right, self.right)).chain(answers);
        let mut meanings = BTreeMap::new();
        for (Key(code), meaning) in all.chain(self.cancel.map(|key| (key, Meaning::Cancel))) {
            if meanings.insert(code, meaning).is_some() {
                return Err(("input.keys", format!("the key of code {code} stands for two things")));
            }
        }
        if meanings.is_empty() {
            return Err(("input.keys", "no key stands for anything".to_owned()));
        }
        Ok(KeysInput { device: self.device, meanings })
    }
}

impl TryFrom<String> for Wanted {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |digits: &str| u16::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 4);
        if let Some((vendor, product)) =
            text.split_once(':').and_then(|(vendor, product)| Some((number(vendor)?, number(product)?)))
        {
            return Ok(Wanted::Id(vendor, product));
        }
        match text.len() {
            1..=LONGEST_NAME => Ok(Wanted::Name(text)),
            length => Err(format!(
                "a device is vendor:product in hexadecimal, or a name of 1 to {LONGEST_NAME} bytes, not {length}"
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn beside() -> Answering {
        Answering::Keys(Keys { left: vec![500], right: vec![330, 500] })
    }

    fn read(text: &str) -> Result<Input, String> {
        let section: InputSection = toml::from_str(text).map_err(|error| error.to_string())?;
        section.input(&beside(), Turned::Over).map_err(|(key, problem)| format!("{key}: {problem}"))
    }

    #[test]
    fn what_is_not_named_is_not_read() {
        let input = read("").unwrap();
        assert!(input.touch.is_none() && input.keys.is_none() && input.card_reader.is_none());
        let touch = read("[touch]").unwrap().touch.unwrap();
        assert_eq!((touch.device, touch.turned, touch.edges), (Wanted::Any, Turned::Over, None));
    }

    #[test]
    fn a_touch_screen_a_keyboard_and_a_reader_are_described_in_a_few_lines() {
        let text = r#"
            touch = { device = "0EEF:1", rotate = 270, edges = [3900, 120, 180, 4000] }
            keys = { left = ["KEY_F1"], right = ["KEY_F5", "KEY_F6"], cancel = "KEY_ESC", answers = { accept = "352" } }
            card_reader = { device = "MagTek Reader", reads = "loyalty" }
        "#;
        let input = read(text).unwrap();
        let touch = input.touch.unwrap();
        assert_eq!((touch.device, touch.turned), (Wanted::Id(0x0eef, 1), Turned::Left));
        let expected = BTreeMap::from([
            (1, Meaning::Cancel),
            (59, Meaning::Side(Side::Left, 0)),
            (63, Meaning::Side(Side::Right, 0)),
            (64, Meaning::Side(Side::Right, 1)),
            (352, Meaning::Answer(AnswerKind::Accept)),
        ]);
        assert_eq!(input.keys.unwrap().meanings, expected);
        let reader = input.card_reader.unwrap();
        assert_eq!((reader.device, reader.reads), (Wanted::Name("MagTek Reader".to_owned()), Reads::Loyalty));
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        for (text, place) in [
            ("[touch]\nrotate = 45", "line 2, column 10"),
            ("[touch]\ndevice = \"\"", "line 2, column 10"),
            ("[touch]\nedges = [5, 0, 5, 9]", "input.touch.edges: left and right"),
            ("[keys]\nleft = [\"KEY_F1\", \"KEY_F2\"]", "input.keys.left: 2 keys, and screen.keys says where 1"),
            (
                "[keys]\nleft = [\"KEY_F1\"]\ncancel = \"KEY_F1\"",
                "input.keys: the key of code 59 stands for two things",
            ),
            ("[keys]", "input.keys: no key"),
            ("[keys]\ncancel = \"KEY_5\"", "digits are never read"),
            ("[keys]\ncancel = \"KEY_WHATEVER\"", "line 2, column 10"),
            ("[card_reader]", "missing field `device`"),
            ("[card_reader]\ndevice = \"801:2\"\nreads = \"pins\"", "line 3, column 9"),
            ("[mouse]", "unknown field `mouse`"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(place), "{text}: {refused}");
        }
    }
}
