//! A number that names a person, for the moment between the reader and its token.
//!
//! A [`Card`] can be made and turned into a token, and nothing else: it is not printed, compared, cloned, serialised or
//! stored, and its bytes are wiped when it is dropped.

use std::fmt;
use zeroize::Zeroizing;

/// Shortest and longest card number, in digits (ISO/IEC 7812-1; below 12 none is issued for payment).
const DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

/// Longest loyalty number or surrogate, in bytes.
const LONGEST: usize = 64;

/// What kind of number a card carries. Equal digits of two kinds are two identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKind {
    /// A payment card's primary account number.
    Payment,
    /// A retailer's or bank's own customer or loyalty number.
    Loyalty,
    /// A transaction application's own stand-in for a card number.
    Surrogate,
}

/// A number read from a card, in canonical form.
pub struct Card {
    kind: CardKind,
    number: Zeroizing<String>,
}

impl Card {
    /// A payment card by its number: digits, with spaces or hyphens between them, and a right check digit.
    ///
    /// # Errors
    /// Says what is wrong with the number, and never repeats any of it.
    pub fn payment(number: &str) -> Result<Card, CardError> {
        // Sized before it is filled: a growing string would leave its digits behind in freed memory.
        let mut digits = Zeroizing::new(String::with_capacity(*DIGITS.end()));
        for c in number.chars().filter(|c| !matches!(c, ' ' | '-')) {
            if !c.is_ascii_digit() {
                return Err(CardError::NotDigits);
            }
            if digits.len() == *DIGITS.end() {
                return Err(CardError::Length);
            }
            digits.push(c);
        }
        if !DIGITS.contains(&digits.len()) {
            return Err(CardError::Length);
        }
        if !luhn(digits.as_bytes()) {
            return Err(CardError::CheckDigit);
        }
        Ok(Card { kind: CardKind::Payment, number: digits })
    }

    /// A loyalty card by its number: letters, digits and hyphens, 1 to 64, in capitals or not.
    ///
    /// # Errors
    /// Says what is wrong with the number, and never repeats any of it.
    pub fn loyalty(number: &str) -> Result<Card, CardError> {
        let number = number.trim();
        if number.is_empty() || number.len() > LONGEST {
            return Err(CardError::Length);
        }
        if !number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(CardError::NotAlphanumeric);
        }
        Ok(Card { kind: CardKind::Loyalty, number: Zeroizing::new(number.to_ascii_uppercase()) })
    }

    /// A transaction application's own stand-in for a card number: visible ASCII, 1 to 64, taken as it is.
    ///
    /// # Errors
    /// Says what is wrong with it, and never repeats any of it.
    pub fn surrogate(text: &str) -> Result<Card, CardError> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(CardError::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(CardError::NotVisible);
        }
        // A card number passed by mistake must not become a second, weaker identity of the same customer.
        if Card::payment(text).is_ok() {
            return Err(CardError::CardNumber);
        }
        Ok(Card { kind: CardKind::Surrogate, number: Zeroizing::new(text.to_owned()) })
    }

    /// What kind of number this is.
    pub fn kind(&self) -> CardKind {
        self.kind
    }

    /// The canonical number, for the one place that hashes it.
    pub(crate) fn number(&self) -> &[u8] {
        self.number.as_bytes()
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(..)")
    }
}

/// Why a text is no card. No variant holds any of the text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CardError {
    /// Too short or too long.
    #[error("the number is too short or too long")]
    Length,
    /// Something else than digits in a card number.
    #[error("the card number has something other than digits")]
    NotDigits,
    /// The Luhn digit disagrees (ISO/IEC 7812-1, annex B): misread or mistyped.
    #[error("the card number's check digit is wrong")]
    CheckDigit,
    /// Something else than letters, digits and hyphens in a loyalty number.
    #[error("the loyalty number has something other than letters, digits and hyphens")]
    NotAlphanumeric,
    /// Blanks or control characters in a surrogate.
    #[error("the surrogate has something other than visible ASCII characters")]
    NotVisible,
    /// A payment card number passed as a surrogate.
    #[error("the surrogate is a card number: pass it as a card")]
    CardNumber,
}

/// The check of ISO/IEC 7812-1, annex B: from the right, every second digit doubled, the sum of all digits a multiple of ten.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, b)| {
            let digit = u32::from(b - b'0');
            match at % 2 {
                0 => digit,
                _ if digit > 4 => 2 * digit - 9,
                _ => 2 * digit,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_taken_with_or_without_blanks() {
        let plain = Card::payment("4111111111111111").unwrap();
        let spaced = Card::payment("4111 1111-1111 1111").unwrap();
        assert_eq!(plain.number(), spaced.number());
    }

    #[test]
    fn a_number_that_is_no_card_is_refused_with_the_reason() {
        for (text, reason) in [
            ("4111111111111112", CardError::CheckDigit),
            ("4111", CardError::Length),
            ("41111111111111111111111111", CardError::Length),
            ("4111x11111111111", CardError::NotDigits),
            ("", CardError::Length),
        ] {
            assert_eq!(Card::payment(text).unwrap_err(), reason, "{text}");
        }
    }

    #[test]
    fn a_loyalty_number_is_the_same_in_capitals_and_not() {
        assert_eq!(Card::loyalty("ab-12").unwrap().number(), Card::loyalty(" AB-12").unwrap().number());
        assert_eq!(Card::loyalty("a b").unwrap_err(), CardError::NotAlphanumeric);
    }

    #[test]
    fn a_card_number_is_not_accepted_as_a_surrogate() {
        assert_eq!(Card::surrogate("4111111111111111").unwrap_err(), CardError::CardNumber);
        assert!(Card::surrogate("tok_9f3a").is_ok());
    }

    #[test]
    fn a_card_never_shows_its_number() {
        let card = Card::payment("4111111111111111").unwrap();
        assert_eq!(format!("{card:?}"), "Card(..)");
    }
}
