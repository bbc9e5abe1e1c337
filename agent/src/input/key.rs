//! One key of a keyboard, by its name in linux/input-event-codes.h.

use serde::Deserialize;

/// Names and codes: function keys, letters, and what stands on the pads of machines. What is not here has its number.
const NAMED: [(&str, u16); 39] = [
    ("ESC", 1),
    ("MINUS", 12),
    ("EQUAL", 13),
    ("BACKSPACE", 14),
    ("TAB", 15),
    ("ENTER", 28),
    ("SPACE", 57),
    ("KPASTERISK", 55),
    ("F1", 59),
    ("F2", 60),
    ("F3", 61),
    ("F4", 62),
    ("F5", 63),
    ("F6", 64),
    ("F7", 65),
    ("F8", 66),
    ("F9", 67),
    ("F10", 68),
    ("KPMINUS", 74),
    ("KPPLUS", 78),
    ("F11", 87),
    ("F12", 88),
    ("KPENTER", 96),
    ("KPSLASH", 98),
    ("HOME", 102),
    ("UP", 103),
    ("PAGEUP", 104),
    ("LEFT", 105),
    ("RIGHT", 106),
    ("END", 107),
    ("DOWN", 108),
    ("PAGEDOWN", 109),
    ("INSERT", 110),
    ("DELETE", 111),
    ("HELP", 138),
    ("CANCEL", 223),
    ("OK", 352),
    ("SELECT", 353),
    ("CLEAR", 355),
];

/// Rows of letters, and the code of the first of each.
const LETTERS: [(&str, u16); 3] = [("QWERTYUIOP", 16), ("ASDFGHJKL", 30), ("ZXCVBNM", 44)];

/// The keys of digits, on a keyboard and on its pads.
const DIGITS: [std::ops::RangeInclusive<u16>; 5] = [2..=11, 71..=73, 75..=77, 79..=82, 0x200..=0x209];

/// Highest code there is.
const LAST: u16 = 0x2ff;

/// A key's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Key(pub(super) u16);

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let code = text.parse().ok().filter(|code| (1..=LAST).contains(code)).or_else(|| named(&text));
        let digit = |code: u16| DIGITS.iter().any(|keys| keys.contains(&code));
        match code {
            Some(code) if digit(code) => Err("digits are never read: a PIN could be among them".to_owned()),
            Some(code) => Ok(Key(code)),
            None => Err("a key has a name such as KEY_F1, or its number in linux/input-event-codes.h".to_owned()),
        }
    }
}

/// The code of a key with such a name.
fn named(text: &str) -> Option<u16> {
    let name = text.strip_prefix("KEY_")?;
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*code);
    }
    // `KEY_1` to `KEY_9` and `KEY_0`, so that the reason why they are refused is the right one.
    let rows = LETTERS.into_iter().chain([("1234567890", 2)]);
    let at = |(row, first): (&str, u16)| Some(first + u16::try_from(row.find(name)?).ok()?);
    Some(name).filter(|name| name.len() == 1).and_then(|_| rows.into_iter().find_map(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_names_and_numbers_of_the_kernel() {
        let code = |text: &str| Key::try_from(text.to_owned()).map(|key| key.0);
        assert_eq!(
            ["KEY_ESC", "KEY_A", "KEY_M", "KEY_F10", "KEY_CANCEL", "767"].map(code),
            [1, 30, 50, 68, 223, 767].map(Ok)
        );
        for text in ["", "F1", "KEY_", "KEY_QW", "KEY_ÄÖ", "768", "0", "-1", "key_f1"] {
            assert!(code(text).is_err_and(|error| error.starts_with("a key has a name")), "{text}");
        }
    }

    #[test]
    fn no_key_of_a_digit_stands_for_anything() {
        for text in ["KEY_1", "KEY_0", "2", "11", "71", "77", "82", "512"] {
            assert!(Key::try_from(text.to_owned()).is_err_and(|error| error.starts_with("digits")), "{text}");
        }
    }
}
