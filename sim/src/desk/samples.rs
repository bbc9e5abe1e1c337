//! The sample customers: eight people of `sim/demo/story.toml`, each with a story and a number, and a stranger.

use super::command::{Number, NumberKind};
use crate::{cards, demo::STRANGERS_CARD};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write};

/// The file, carried in the program so that it works wherever it is started.
const STORY: &str = include_str!("../../demo/story.toml");

/// Which columns of [`Samples::csv`] say what.
pub(super) const MAPPING: &str = include_str!("../../demo/mapping.toml");

/// Attributes and scores, as columns.
const MORE: [&str; 4] = ["first-name", "travel-cover", "complaint", "churn"];

/// Where their serial numbers begin: beyond those of any crowd, so that no two people have the same number.
const FIRST: u64 = 20_000_000;

/// What the stranger is called.
const STRANGER: &str = "stranger";

/// Everybody with a card at the desk.
#[derive(Debug, Clone)]
pub struct Samples(Vec<Sample>);

/// One of them.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What is told of them.
    pub about: About,
    /// By which kind of number they are known.
    pub kind: NumberKind,
    /// The number.
    pub number: Number,
}

/// What may be told of a sample customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    /// Their name in small letters without accents, as commands have it.
    pub id: String,
    /// Their first name.
    pub name: String,
    /// Who they are, in a sentence.
    pub story: String,
    /// Where they belong.
    pub segments: Vec<String>,
    /// The language they are spoken to in.
    pub language: Option<String>,
    /// What they present.
    pub known_by: &'static str,
}

/// The part of the file that is read here.
#[derive(Deserialize)]
struct Story {
    customers: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    name: String,
    known_by: String,
    story: String,
    segments: Vec<String>,
    language: String,
    consent: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    scores: BTreeMap<String, u8>,
}

impl Samples {
    /// All of them with the numbers of this seed, and the table in which head office gets them.
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    pub fn new(seed: u64) -> (Samples, Vec<u8>) {
        let story: Story = toml::from_str(STORY).expect("the sample customers are well written");
        let mut csv = format!("customer,card_number,loyalty_number,segments,language,marketing,{}\n", MORE.join(","));
        let mut samples: Vec<Sample> = Vec::new();
        for (serial, written) in (FIRST..).zip(&story.customers) {
            let (card, loyalty) = match written.known_by.as_str() {
                "loyalty" => (String::new(), cards::loyalty(seed, serial)),
                _ => (cards::payment(seed, serial), String::new()),
            };
            let more = MORE.map(|name| {
                let score = written.scores.get(name).map(u8::to_string);
                written.attributes.get(name).cloned().or(score).unwrap_or_default()
            });
            let Written { segments, language, consent, .. } = written;
            let fields =
                [&format!("s-{serial}"), &card, &loyalty, &segments.join("|"), language, consent, &more.join(",")];
            // No field needs quoting: names, numbers and segments hold no comma, quote or line end.
            let Ok(()) = writeln!(csv, "{}", fields.map(String::as_str).join(",")) else { continue };
            samples.push(Sample::of(written, card, loyalty));
        }
        samples.push(Sample::stranger());
        (Samples(samples), csv.into_bytes())
    }

    /// What may be told of each.
    pub fn about(&self) -> Vec<About> {
        self.0.iter().map(|sample| sample.about.clone()).collect()
    }

    /// The one of this name.
    pub fn get(&self, id: &str) -> Option<&Sample> {
        self.0.iter().find(|sample| sample.about.id == id)
    }
}

impl Sample {
    fn of(written: &Written, card: String, loyalty: String) -> Sample {
        let Written { name, story, segments, language, .. } = written;
        let (kind, number, known_by) = match card.is_empty() {
            true => (NumberKind::Loyalty, loyalty, "loyalty number"),
            false => (NumberKind::Card, card, "card"),
        };
        let about = About {
            id: plain(name),
            name: name.clone(),
            story: story.clone(),
            segments: segments.clone(),
            language: Some(language.clone()),
            known_by,
        };
        Sample { about, kind, number: Number::new(number) }
    }

    fn stranger() -> Sample {
        let about = About {
            id: STRANGER.to_owned(),
            name: "A stranger".to_owned(),
            story: "Another bank's card: nobody here knows it.".to_owned(),
            segments: Vec::new(),
            language: None,
            known_by: "card",
        };
        Sample { about, kind: NumberKind::Card, number: Number::new(STRANGERS_CARD.to_owned()) }
    }
}

/// A name as one types it: small letters, without accents.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter {
        'é' | 'è' => 'e',
        other => other,
    };
    name.to_lowercase().chars().map(letter).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everybody_has_a_name_a_story_and_a_number_of_their_own() {
        let (samples, csv) = Samples::new(1);
        let ids: BTreeSet<String> = samples.about().into_iter().map(|about| about.id).collect();
        let all = ["anna", "ben", "chloe", "dora", "emil", "greta", "hugo", "irene", "stranger"];
        assert_eq!(ids, all.map(str::to_owned).into());
        assert!(samples.0.iter().all(|sample| !sample.about.story.is_empty()));
        assert!(samples.0.iter().all(|sample| sample.number.card(sample.kind).is_ok()));
        let csv = String::from_utf8(csv).unwrap();
        assert_eq!(csv.lines().count(), 9);
        assert!(csv.lines().all(|line| line.split(',').count() == 10), "{csv}");
        assert!(csv.contains(",family,en,given,Ben,yes,,") && csv.contains(",mortgage,de,given,Greta,,,85"), "{csv}");
    }

    #[test]
    fn no_number_is_printed() {
        let (samples, csv) = Samples::new(1);
        let printed = format!("{samples:?}");
        let csv = String::from_utf8(csv).unwrap();
        let numbers = csv.lines().skip(1).flat_map(|line| line.split(',').skip(1).take(2)).filter(|n| !n.is_empty());
        numbers.for_each(|number| assert!(!printed.contains(number), "{printed}"));
    }
}
