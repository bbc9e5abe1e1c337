//! What campaigns take for granted of customers: segments, attributes and scores that somebody should have, or nobody is addressed.

use super::{Sheet, glass};
use crate::{placeholders, problem::Problem};
use touchpoint_protocol::{
    campaign::Audience,
    name::{AttributeName, ScoreName, Segment},
    predicate::{Clause, Predicate, Subject, Test, Value},
};

/// Something of customers that a campaign names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mentioned {
    /// A segment.
    Segment(Segment),
    /// An attribute.
    Attribute(AttributeName),
    /// A score.
    Score(ScoreName),
}

/// Where something of customers is named, and what is to be said if no customer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    /// What.
    pub(crate) of: Mentioned,
    /// What is to be said.
    pub(crate) doubt: Problem,
}

/// Everything a campaign names, each at its first place.
pub(super) fn of(sheet: &Sheet<'_>) -> Vec<Mention> {
    let campaign = &sheet.campaign;
    let mut found: Vec<(Mentioned, String)> = Vec::new();
    if let Audience::Customers { segments, except } = &campaign.audience {
        for (key, segments) in [("audience.customers", segments), ("audience.except", except)] {
            found.extend(segments.iter().map(|segment| (Mentioned::Segment(segment.clone()), key.to_owned())));
        }
    }
    found.extend(campaign.score.iter().map(|score| (Mentioned::Score(score.clone()), "score".to_owned())));
    if let Some(when) = &campaign.when {
        in_condition(when, "when", &mut found);
    }
    for (key, _, language, text) in glass::ways(sheet) {
        for (line, words) in [("title", &text.title), ("body", &text.body)] {
            let names = placeholders::attributes(words).into_iter().filter_map(|name| name.parse().ok());
            found.extend(names.map(|name| (Mentioned::Attribute(name), format!("{key}.{language}.{line}"))));
        }
    }
    let mut mentions: Vec<Mention> = Vec::new();
    for (of, key) in found {
        if mentions.iter().all(|mention| mention.of != of) {
            let doubt = sheet.tables.problem_at(&key, what(&of));
            mentions.push(Mention { of, doubt });
        }
    }
    mentions
}

fn what(of: &Mentioned) -> String {
    match of {
        Mentioned::Segment(name) => format!("no customer is in segment {name}"),
        Mentioned::Attribute(name) => format!("no customer has an attribute {name}"),
        Mentioned::Score(name) => format!("no customer has a score {name}"),
    }
}

fn in_condition(predicate: &Predicate, path: &str, found: &mut Vec<(Mentioned, String)>) {
    let (word, inner) = match predicate {
        Predicate::All(inner) => ("all", inner),
        Predicate::Any(inner) => ("any", inner),
        Predicate::None(inner) => ("none", inner),
        Predicate::Clause(Clause { subject, test }) => {
            let names = match (subject, test) {
                (Subject::Attribute(name), _) => vec![Mentioned::Attribute(name.clone())],
                (Subject::Score(name), _) => vec![Mentioned::Score(name.clone())],
                (Subject::Segment, Test::Is(value) | Test::Not(value)) => segment(value).into_iter().collect(),
                (Subject::Segment, Test::In(values)) => values.iter().filter_map(segment).collect(),
                _ => Vec::new(),
            };
            return found.extend(names.into_iter().map(|name| (name, path.to_owned())));
        }
    };
    for (at, predicate) in inner.iter().enumerate() {
        in_condition(predicate, &format!("{path}.{word}[{at}]"), found);
    }
}

fn segment(value: &Value) -> Option<Mentioned> {
    match value {
        Value::Word(word) => word.parse().ok().map(Mentioned::Segment),
        Value::Number(_) | Value::Day(_) | Value::Status(_) => None,
    }
}
