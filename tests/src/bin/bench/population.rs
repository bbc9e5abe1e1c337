//! The customers: as many as asked for, each with one loyalty number, and the same every time.

use std::{collections::BTreeMap, fmt::Write};
use touchpoint_protocol::{
    block::{Block, Packer, Row},
    card::Card,
    consent::Status,
    customer::{CustomerId, Profile},
    token::{Token, TokenKeys},
};
use touchpoint_sim::random::Random;

/// Segments a customer may belong to; most belong to two.
const SEGMENTS: [&str; 8] = ["gold", "family", "business", "mortgage", "saver", "student", "branch-north", "app-user"];

/// What they speak.
const LANGUAGES: [&str; 4] = ["en", "de", "fr", "it"];

/// First names, which are told apart by a number: no two customers compress to one.
const NAMES: [&str; 8] = ["Anna", "Benjamin", "Chloe", "Dora", "Emil", "Friederike", "Giuseppe", "Hannah"];

/// A row as it is kept: token, customer, profile in CBOR.
pub(crate) type Kept = (Token, CustomerId, Vec<u8>);

/// A customer.
struct Person {
    segments: [&'static str; 2],
    language: &'static str,
    consents: bool,
    name: String,
}

/// The loyalty number of the nth customer, from 1.
pub(crate) fn loyalty_number(number: u32) -> String {
    format!("L{number:08}")
}

/// Their rows in head office's table, without its header.
pub(crate) fn table(customers: u32) -> String {
    let mut text = String::new();
    let mut random = Random::new(1);
    for number in 1..=customers {
        let Person { segments: [one, other], language, consents, name } = person(&mut random);
        let (loyalty, consent) = (loyalty_number(number), if consents { "yes" } else { "no" });
        writeln!(text, "c-{number},,{loyalty},{one}|{other},{language},{consent},{name}").expect("text");
    }
    text
}

/// Their rows as a device keeps them, sorted by token.
pub(crate) fn rows(customers: u32, keys: &TokenKeys) -> Vec<Kept> {
    let mut random = Random::new(1);
    let mut rows: Vec<Kept> = (1..=customers)
        .map(|number| {
            let card = Card::loyalty(&loyalty_number(number)).expect("a loyalty number");
            let token = keys.tokens(card)[0];
            (token, CustomerId::try_from(i64::from(number)).expect("a number"), profile(person(&mut random)).to_cbor())
        })
        .collect();
    rows.sort_unstable_by_key(|(token, ..)| *token);
    rows
}

/// Sorted rows in blocks, as head office packs them.
pub(crate) fn blocks<'a>(rows: impl IntoIterator<Item = &'a Kept>) -> Vec<Block> {
    let (mut packer, mut blocks) = (Packer::default(), Vec::new());
    for (token, customer, profile) in rows {
        blocks.extend(packer.push(Row { token: *token, customer: *customer, profile }).expect("sorted rows"));
    }
    blocks.extend(packer.finish().expect("small rows"));
    blocks
}

/// What is known of somebody once it has changed: the nth time.
pub(crate) fn changed(times: usize) -> Vec<u8> {
    let person = Person { segments: ["gold", "saver"], language: "en", consents: true, name: format!("Anna {times}") };
    profile(person).to_cbor()
}

fn person(random: &mut Random) -> Person {
    let at = random.below(SEGMENTS.len() as u32) as usize;
    Person {
        // Two different ones.
        segments: [SEGMENTS[at], SEGMENTS[(at + 1 + random.below(6) as usize) % SEGMENTS.len()]],
        language: random.one_of(&LANGUAGES),
        consents: random.percent(80),
        name: format!("{} {}", random.one_of(&NAMES), random.below(100_000)),
    }
}

fn profile(person: Person) -> Profile {
    Profile {
        segments: person.segments.map(|segment| segment.parse().expect("a segment")).to_vec(),
        language: Some(person.language.parse().expect("a language")),
        marketing: if person.consents { Status::Given } else { Status::Refused }.into(),
        attributes: BTreeMap::from([("first-name".parse().expect("a name"), person.name)]),
        ..Profile::default()
    }
}
