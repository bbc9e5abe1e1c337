//! A number that somebody types, key by key. How long it is stands beside the glass, and nothing else of it anywhere.

use crate::desk::{Number, NumberKind};
use zeroize::Zeroizing;

/// Longest number of any kind.
const LONGEST: usize = 64;

/// A number as far as it is typed.
pub(super) struct Typing {
    kind: NumberKind,
    /// Sized before it is filled: a growing string would leave its digits behind in freed memory.
    text: Zeroizing<String>,
}

/// What becomes of it.
pub(super) enum Typed {
    /// There is more to come.
    On(Typing),
    /// It is whole.
    Done(NumberKind, Number),
    /// There is none after all.
    Away,
}

impl Typing {
    /// A payment card's, if nothing else is said.
    pub(super) fn begin() -> Typing {
        Typing { kind: NumberKind::Card, text: Zeroizing::new(String::with_capacity(LONGEST)) }
    }

    /// What a key does to it, by its name in SDL.
    pub(super) fn key(mut self, name: &str, shift: bool) -> Typed {
        match name {
            "Return" | "Keypad Enter" if self.text.is_empty() => return Typed::Away,
            "Return" | "Keypad Enter" => return Typed::Done(self.kind, Number::new(std::mem::take(&mut *self.text))),
            "Backspace" if self.text.pop().is_none() => return Typed::Away,
            "Tab" => {
                self.kind = match self.kind {
                    NumberKind::Card => NumberKind::Loyalty,
                    NumberKind::Loyalty => NumberKind::Token,
                    NumberKind::Token => NumberKind::Card,
                }
            }
            _ => {
                let mut letters = name.strip_prefix("Keypad ").unwrap_or(name).chars();
                if let (Some(letter), None, true) = (letters.next(), letters.next(), self.text.len() < LONGEST) {
                    self.text.push(if shift { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() });
                }
            }
        }
        Typed::On(self)
    }

    /// As it is told.
    pub(super) fn told(&self) -> String {
        let kind = match self.kind {
            NumberKind::Card => "card",
            NumberKind::Loyalty => "loyalty number",
            NumberKind::Token => "token",
        };
        format!("{kind} {}_  Tab: another kind, Enter: done", "*".repeat(self.text.len().min(LONGEST / 3)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    /// What becomes of a number after these keys.
    fn typed(keys: &[(&str, bool)]) -> Typed {
        keys.iter().fold(Typed::On(Typing::begin()), |typed, (name, shift)| match typed {
            Typed::On(typing) => {
                assert!(!typing.told().contains(char::is_numeric), "{}", typing.told());
                typing.key(name, *shift)
            }
            ended => ended,
        })
    }

    #[test]
    fn a_number_is_typed_with_either_block_of_keys_and_put_right() {
        let mut keys = vec![("4", false), ("Keypad 2", false), ("Backspace", false)];
        keys.extend([("Keypad 1", false); 15]);
        keys.extend([("Left Shift", true), ("Return", false)]);
        let Typed::Done(NumberKind::Card, number) = typed(&keys) else { panic!("no card") };
        assert!(number == Number::new("4111111111111111".to_owned()) && number.card(NumberKind::Card).is_ok());
    }

    #[test]
    fn a_token_is_typed_in_capitals_and_in_small_letters() {
        let tab = ("Tab", false);
        let keys = [tab, tab, ("A", true), ("B", false), ("-", false), ("7", false), ("Return", false)];
        let Typed::Done(NumberKind::Token, number) = typed(&keys) else { panic!("no token") };
        assert!(number == Number::new("Ab-7".to_owned()));
    }

    #[test]
    fn nothing_typed_is_no_number_and_too_much_is_not_taken() {
        assert!(matches!(typed(&[("Return", false)]), Typed::Away));
        assert!(matches!(typed(&[("1", false), ("Backspace", false), ("Backspace", false)]), Typed::Away));
        let Typed::On(typing) = typed(&[("1", false); LONGEST + 1]) else { panic!("it ended") };
        assert_eq!(typing.text.len(), LONGEST);
    }
}
