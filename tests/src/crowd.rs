//! Customers who come, go and change: head office's table, and what a device must know after each import of it.

use std::collections::{BTreeMap, BTreeSet};
use touchpoint_protocol::{
    consent::Status,
    customer::{CustomerId, Profile},
};
use touchpoint_sim::random::Random;

use crate::books::Books;

/// How many there are at first: their snapshot travels in more than one block.
const FIRST: u32 = 4_000;

/// The segments of the demo's campaigns.
const SEGMENTS: [&str; 5] = ["gold", "family", "business", "mortgage", "saver"];

/// The customers of a head office.
#[derive(Debug)]
pub struct Crowd {
    /// By loyalty number.
    present: BTreeMap<String, Person>,
    gone: BTreeSet<String>,
    last: u32,
    /// What head office numbered whom, as far as a device has shown it.
    numbers: BTreeMap<String, CustomerId>,
}

#[derive(Debug, Clone)]
struct Person {
    segment: &'static str,
    language: &'static str,
    consents: bool,
    name: String,
}

impl Crowd {
    /// A new one.
    pub fn new(random: &mut Random) -> Crowd {
        let mut crowd = Crowd { present: BTreeMap::new(), gone: BTreeSet::new(), last: 0, numbers: BTreeMap::new() };
        (0..FIRST).for_each(|_| crowd.comes(random));
        crowd
    }

    /// Some go, some come, some come back, and some are told apart differently.
    pub fn changes(&mut self, random: &mut Random) {
        for _ in 0..=random.below(20) {
            let number = self.anybody(random);
            self.present.remove(&number);
            self.gone.insert(number);
            self.comes(random);
            let number = self.anybody(random);
            self.present.insert(number, person(random));
        }
        let back = if random.percent(50) { self.gone.pop_first() } else { None };
        if let Some(number) = back {
            self.present.insert(number, person(random));
        }
    }

    /// The loyalty number of somebody who is there.
    pub fn anybody(&self, random: &mut Random) -> String {
        let at = random.below(u32::try_from(self.present.len()).unwrap()) as usize;
        self.present.keys().nth(at).expect("one of them").clone()
    }

    /// Their rows in head office's table.
    pub fn rows(&self) -> String {
        let row = |(number, Person { segment, language, consents, name }): (&String, &Person)| {
            let consent = if *consents { "yes" } else { "no" };
            format!("k-{number},,{number},{segment},{language},{consent},{name}\n")
        };
        self.present.iter().map(row).collect()
    }

    /// Makes sure that a device knows each of them as they are now, and nobody else.
    ///
    /// # Panics
    /// It does not.
    pub async fn check(&mut self, books: &Books) {
        assert_eq!(books.tokens().await, self.present.len() as u64, "as many tokens as customers");
        for (number, person) in &self.present {
            let (id, profile) = books.customer(number).unwrap_or_else(|| panic!("{number} is not known"));
            assert_eq!(profile, person.profile(), "{number}");
            let known = *self.numbers.entry(number.clone()).or_insert(id);
            assert_eq!(known, id, "{number} keeps their number for ever");
        }
        let different: BTreeSet<CustomerId> = self.numbers.values().copied().collect();
        assert_eq!(different.len(), self.numbers.len(), "two customers have one number");
        for number in &self.gone {
            assert_eq!(books.customer(number), None, "{number} has gone");
        }
    }

    fn comes(&mut self, random: &mut Random) {
        self.last += 1;
        self.present.insert(format!("L{:06}", self.last), person(random));
    }
}

impl Person {
    fn profile(&self) -> Profile {
        Profile {
            segments: vec![self.segment.parse().unwrap()],
            language: Some(self.language.parse().unwrap()),
            marketing: if self.consents { Status::Given } else { Status::Refused }.into(),
            attributes: BTreeMap::from([("first-name".parse().unwrap(), self.name.clone())]),
            ..Profile::default()
        }
    }
}

fn person(random: &mut Random) -> Person {
    Person {
        segment: random.one_of(&SEGMENTS),
        language: random.one_of(&["en", "de", "fr"]),
        consents: random.percent(80),
        name: format!("Name {:06}", random.below(1_000_000)),
    }
}
