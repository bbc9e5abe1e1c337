//! Third question: does what the campaign asks for hold?

use crate::domain::{customer::Customer, moment::Moment};
use std::fmt;
use touchpoint_protocol::{
    consent::Status,
    name::Segment,
    predicate::{Clause, Predicate, Subject, Test, Value},
    zone::{Local, Weekday},
};

/// The part of a condition that decided against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmet<'a> {
    /// The innermost part that decided.
    pub predicate: &'a Predicate,
    /// Whether it held, and must not.
    pub held: bool,
}

impl fmt::Display for Unmet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let must = if self.held { "must not hold" } else { "must hold" };
        write!(f, "{} {must}", self.predicate)
    }
}

/// What conditions look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) customer: Option<&'a Customer>,
    pub(super) moment: &'a Moment,
    pub(super) local: Local,
}

/// What a subject turned out to be.
enum Found<'a> {
    Nothing,
    Word(&'a str),
    Segments(&'a [Segment]),
    Number(i32),
    Day(Weekday),
    Status(Status),
}

impl Known<'_> {
    /// Why a condition does not hold, if it does not.
    pub(super) fn check<'p>(&self, predicate: &'p Predicate) -> Result<(), Unmet<'p>> {
        match predicate {
            Predicate::All(inner) => inner.iter().try_for_each(|part| self.check(part)),
            Predicate::Any(inner) if inner.iter().any(|part| self.check(part).is_ok()) => Ok(()),
            Predicate::None(inner) => match inner.iter().find(|part| self.check(part).is_ok()) {
                Some(part) => Err(Unmet { predicate: part, held: true }),
                None => Ok(()),
            },
            Predicate::Clause(clause) if self.holds(clause) => Ok(()),
            Predicate::Any(_) | Predicate::Clause(_) => Err(Unmet { predicate, held: false }),
        }
    }

    fn holds(&self, Clause { subject, test }: &Clause) -> bool {
        let found = self.find(subject);
        match test {
            Test::Is(value) => found.is(value),
            Test::Not(value) => !found.is(value),
            Test::In(values) => values.iter().any(|value| found.is(value)),
            Test::Exists(known) => found.is_known() == *known,
            Test::AtLeast(least) => found.number().is_some_and(|number| number >= *least),
            Test::AtMost(most) => found.number().is_some_and(|number| number <= *most),
            Test::Between(low, high) => found.number().is_some_and(|number| match low <= high {
                true => (*low..=*high).contains(&number),
                // A time that spans midnight.
                false => number >= *low || number <= *high,
            }),
        }
    }

    fn find(&self, subject: &Subject) -> Found<'_> {
        let profile = self.customer.map(|customer| &customer.profile);
        let word = match subject {
            Subject::Segment => return profile.map_or(Found::Nothing, |profile| Found::Segments(&profile.segments)),
            Subject::Score(name) => {
                let score = profile.and_then(|profile| profile.scores.get(name));
                return score.map_or(Found::Nothing, |score| Found::Number(*score));
            }
            Subject::TimeOfDay => return Found::Number(i32::from(self.local.minute)),
            Subject::Weekday => return Found::Day(self.local.weekday),
            Subject::Language => {
                let known = || profile.and_then(|profile| profile.language.as_ref());
                self.moment.visit.language.as_ref().or_else(known).map(|language| language.as_str())
            }
            Subject::Attribute(name) => profile.and_then(|profile| profile.attributes.get(name)).map(String::as_str),
            Subject::Consent(purpose) => {
                let consent = self.customer.and_then(|customer| customer.consent(Some(purpose)));
                return Found::Status(consent.map_or(Status::Unknown, |consent| consent.at_screen()));
            }
            Subject::VisitKind => self.moment.visit.kind.as_ref().map(|kind| kind.as_str()),
            Subject::VisitAmount => self.moment.visit.amount.as_ref().map(|amount| amount.as_str()),
            Subject::Site => self.moment.site.as_ref().map(|site| site.as_str()),
            Subject::Screen => self.moment.screen.as_ref().map(|screen| screen.as_str()),
        };
        word.map_or(Found::Nothing, Found::Word)
    }
}

impl Found<'_> {
    fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Found::Word(found), Value::Word(word)) => **found == **word,
            (Found::Segments(found), Value::Word(word)) => found.iter().any(|segment| segment.as_str() == &**word),
            (Found::Number(found), Value::Number(number)) => found == number,
            (Found::Day(found), Value::Day(day)) => found == day,
            (Found::Status(found), Value::Status(status)) => found == status,
            _ => false,
        }
    }

    fn is_known(&self) -> bool {
        match self {
            Found::Nothing => false,
            Found::Segments(segments) => !segments.is_empty(),
            Found::Word(_) | Found::Number(_) | Found::Day(_) | Found::Status(_) => true,
        }
    }

    fn number(&self) -> Option<i32> {
        match self {
            Found::Number(number) => Some(*number),
            Found::Nothing | Found::Word(_) | Found::Segments(_) | Found::Day(_) | Found::Status(_) => None,
        }
    }
}
