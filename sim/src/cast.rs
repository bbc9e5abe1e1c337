//! The people of the demo: who they are never changes, only their numbers do with the seed.
//!
//! Each of them meets one rule, so each belongs to one segment: whoever is held out, has not consented or has opted out must
//! not be caught by another campaign.

use crate::cards;
use std::fmt;

/// Somebody head office knows.
///
/// The numbers are made up, and still print like real ones: not at all.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Head office's own key for them.
    pub customer: String,
    /// First name.
    pub name: &'static str,
    /// Payment card number, 16 digits.
    pub card: Option<String>,
    /// Loyalty number.
    pub loyalty: Option<String>,
    /// Where they belong, the most important first.
    pub segments: Vec<&'static str>,
    /// The language they are spoken to in.
    pub language: Option<&'static str>,
    /// Their word on marketing.
    pub consent: Consent,
}

/// A customer's word on marketing, as head office's file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Yes.
    Given,
    /// No.
    Refused,
    /// Never asked.
    Unknown,
}

/// Everybody of the demo.
#[derive(Debug)]
pub struct Cast {
    /// Gold, German, with a card: takes the offer.
    pub anna: Person,
    /// Family, known by loyalty number: declines, and comes back.
    pub ben: Person,
    /// Student, French.
    pub chloe: Person,
    /// Saver: opts out, and comes back.
    pub dora: Person,
    /// Gold, but was never asked for consent.
    pub emil: Person,
    /// Mortgage, German: leaves before answering.
    pub greta: Person,
    /// Family: must type the PIN in the middle of it.
    pub hugo: Person,
    /// Saver, French: lets the time run out.
    pub irene: Person,
    /// Gold: comes while the line is cut.
    pub jonas: Person,
    /// Customer of the branch that moves, without consent: a service message is owed to her all the same.
    pub lea: Person,
    /// Student, German: comes after the restart.
    pub milo: Person,
    /// Mortgage: comes when the line is back.
    pub nora: Person,
    /// Business, all alike: chance, fixed by their numbers, puts about half of them in the control group.
    pub business: [Person; 8],
}

/// Person by person as [`Cast::new`] takes them: name, known by, segment, language, consent.
const ROLES: [(&str, Known, &str, &str, Consent); 12] = [
    ("Anna", Known::Card, "gold", "de", Consent::Given),
    ("Ben", Known::Loyalty, "family", "en", Consent::Given),
    ("Chloé", Known::Card, "student", "fr", Consent::Given),
    ("Dora", Known::Card, "saver", "en", Consent::Given),
    ("Emil", Known::Card, "gold", "en", Consent::Unknown),
    ("Greta", Known::Card, "mortgage", "de", Consent::Given),
    ("Hugo", Known::Card, "family", "de", Consent::Given),
    ("Irène", Known::Loyalty, "saver", "fr", Consent::Given),
    ("Jonas", Known::Card, "gold", "en", Consent::Given),
    ("Léa", Known::Card, "mill-lane", "fr", Consent::Unknown),
    ("Milo", Known::Loyalty, "student", "de", Consent::Given),
    ("Nora", Known::Card, "mortgage", "en", Consent::Given),
];

/// First names of those among whom chance chooses.
const BUSINESS: [&str; 8] = ["Farid", "Karin", "Leon", "Mina", "Oskar", "Paula", "Rosa", "Tariq"];

/// What somebody brings along.
#[derive(Clone, Copy)]
enum Known {
    Card,
    Loyalty,
}

impl Cast {
    /// How many they are.
    pub const SIZE: u32 = (ROLES.len() + BUSINESS.len()) as u32;

    /// The cast with the numbers of this seed.
    pub fn new(seed: u64) -> Cast {
        let role = |at: usize| {
            let (name, known, segment, language, consent) = ROLES[at];
            person(seed, BUSINESS.len() + at, name, known, segment, language, consent)
        };
        let [anna, ben, chloe, dora, emil, greta, hugo, irene, jonas, lea, milo, nora] = std::array::from_fn(role);
        let business =
            std::array::from_fn(|at| person(seed, at, BUSINESS[at], Known::Card, "business", "en", Consent::Given));
        Cast { anna, ben, chloe, dora, emil, greta, hugo, irene, jonas, lea, milo, nora, business }
    }

    /// All of them, in the order in which head office's file has them.
    pub fn into_people(self) -> impl Iterator<Item = Person> {
        let Cast { anna, ben, chloe, dora, emil, greta, hugo, irene, jonas, lea, milo, nora, business } = self;
        business.into_iter().chain([anna, ben, chloe, dora, emil, greta, hugo, irene, jonas, lea, milo, nora])
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({})", self.name)
    }
}

fn person(
    seed: u64,
    at: usize,
    name: &'static str,
    known: Known,
    segment: &'static str,
    language: &'static str,
    consent: Consent,
) -> Person {
    let serial = at as u64;
    let (card, loyalty) = match known {
        Known::Card => (Some(cards::payment(seed, serial)), None),
        Known::Loyalty => (None, Some(cards::loyalty(seed, serial))),
    };
    let (segments, language) = (vec![segment], Some(language));
    Person { customer: format!("c-{serial:07}"), name, card, loyalty, segments, language, consent }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn everybody_of_the_cast_is_who_the_demo_takes_them_for() {
        let cast = Cast::new(7);
        assert_eq!((cast.chloe.name, cast.nora.name), ("Chloé", "Nora"));
        assert_eq!(cast.emil.consent, Consent::Unknown);
        let people: Vec<Person> = cast.into_people().collect();
        assert_eq!(people.len(), Cast::SIZE as usize);
        assert!(people.iter().all(|person| person.segments.len() == 1), "one segment, one rule");
    }

    #[test]
    fn nobody_prints_their_number() {
        let cast = Cast::new(7);
        let printed = format!("{cast:?}");
        for person in cast.into_people() {
            for number in person.card.iter().chain(&person.loyalty) {
                assert!(!printed.contains(number), "{} printed a number", person.name);
            }
        }
    }
}
