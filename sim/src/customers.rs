//! Made-up customers in the CSV that head office imports: the demo's cast, then as many others as wanted.
//!
//! The same seed and count give the same file, byte for byte, on every machine.

use crate::{
    cards,
    cast::{Cast, Consent, Person},
    random::Random,
};
use std::io::{self, Write};

/// The columns of the file, in the order in which they are written.
const HEADER: &str = "customer,card_number,loyalty_number,segments,language,marketing_consent,first_name";

/// First names of those who are not of the cast, by language.
const NAMES: [(&str, [&str; 8]); 3] = [
    ("en", ["Alice", "Daniel", "Grace", "Harry", "Olivia", "Priya", "Samuel", "Yusuf"]),
    ("de", ["Björn", "Clara", "Jürgen", "Käthe", "Leonie", "Matteo", "Sören", "Zeynep"]),
    ("fr", ["Aurélie", "Benoît", "Camille", "Étienne", "Fatou", "Gaëlle", "Noé", "Zoé"]),
];

/// Segments, and how many of a hundred customers belong to each.
const SEGMENTS: [(&str, u32); 7] =
    [("gold", 8), ("business", 9), ("mortgage", 12), ("family", 22), ("student", 14), ("saver", 30), ("mill-lane", 3)];

/// `count` customers, the cast first; fewer than the cast leave some of it out.
pub fn generate(seed: u64, count: u32) -> impl Iterator<Item = Person> {
    let mut random = Random::new(seed);
    let crowd = (Cast::SIZE..count).map(move |serial| extra(seed, serial, &mut random));
    Cast::new(seed).into_people().chain(crowd).take(count as usize)
}

/// Writes the file head office imports.
///
/// # Errors
/// The writer's.
pub fn write_csv(mut people: impl Iterator<Item = Person>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{HEADER}")?;
    people.try_for_each(|person| write_row(&person, out))
}

/// No field needs quoting: names, numbers and segments hold no comma, quote or line end.
fn write_row(person: &Person, out: &mut impl Write) -> io::Result<()> {
    let consent = match person.consent {
        Consent::Given => "yes",
        Consent::Refused => "no",
        Consent::Unknown => "",
    };
    writeln!(
        out,
        "{},{},{},{},{},{consent},{}",
        person.customer,
        person.card.as_deref().unwrap_or_default(),
        person.loyalty.as_deref().unwrap_or_default(),
        person.segments.join("|"),
        person.language.unwrap_or_default(),
        person.name,
    )
}

/// Somebody of the crowd.
fn extra(seed: u64, serial: u32, random: &mut Random) -> Person {
    let (language, names) = random.one_of(&NAMES);
    let (card, loyalty) = match random.below(100) {
        0..55 => (true, false),
        55..85 => (true, true),
        _ => (false, true),
    };
    let consent = match random.below(100) {
        0..60 => Consent::Given,
        60..75 => Consent::Refused,
        _ => Consent::Unknown,
    };
    let serial = u64::from(serial);
    Person {
        customer: format!("c-{serial:07}"),
        name: random.one_of(&names),
        card: card.then(|| cards::payment(seed, serial)),
        loyalty: loyalty.then(|| cards::loyalty(seed, serial)),
        segments: SEGMENTS.iter().filter(|(_, share)| random.percent(*share)).map(|(segment, _)| *segment).collect(),
        language: random.percent(90).then_some(language),
        consent,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn csv(seed: u64, count: u32) -> String {
        let mut out = Vec::new();
        write_csv(generate(seed, count), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_file_and_another_seed_another() {
        assert_eq!(csv(7, 500), csv(7, 500));
        assert_ne!(csv(7, 500), csv(8, 500));
        assert!(csv(7, 500).starts_with(&csv(7, 400)), "more customers change those before them");
    }

    #[test]
    fn every_row_has_its_columns_its_own_key_and_something_to_be_known_by() {
        let file = csv(7, 2_000);
        let mut keys = HashSet::new();
        let mut lines = file.lines();
        assert_eq!(lines.next(), Some(HEADER));
        for line in lines {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields.len(), HEADER.split(',').count(), "{line}");
            assert!(keys.insert(fields[0]), "{} stands twice", fields[0]);
            assert!(!fields[1].is_empty() || !fields[2].is_empty(), "{} cannot be known", fields[0]);
        }
        assert_eq!(keys.len(), 2_000);
    }

    #[test]
    fn the_crowd_is_mixed() {
        let file = csv(7, 2_000);
        let share = |part: &str| file.matches(part).count();
        for part in [",en,", ",de,", ",fr,", ",yes,", ",no,", "gold", "family", "student", "mill-lane", ",L00-"] {
            assert!(share(part) > 20, "hardly any {part}");
        }
    }
}
