//! For whom and when, said in clauses: a tree of `all`, `any` and `none` over tests of what is known.
//!
//! Written by hand, a clause names one subject and one test:
//!
//! ```toml
//! [[when.all]]
//! score = "churn"
//! at_least = 70
//!
//! [[when.all]]
//! visit = "amount"
//! in = ["large", "huge"]
//! ```
//!
//! | subject | tests |
//! | --- | --- |
//! | `customer = "segment"`, `customer = "language"`, `attribute = NAME` | `is`, `not`, `in`, `exists` |
//! | `visit = "kind"`, `visit = "amount"` (a band's name, never an amount), `device = "site"` or `"screen"` | `is`, `not`, `in`, `exists` |
//! | `score = NAME` | `is`, `not`, `in`, `at_least`, `at_most`, `between`, `exists` |
//! | `consent = PURPOSE` | `is`, `not`, `in`: `given`, `refused`, `unknown` |
//! | `time = "of_day"` | `at_least`, `at_most`, `between`: `HH:MM`, the second of two exclusive |
//! | `time = "weekday"` | `is`, `not`, `in`: `mon` to `sun` |
//!
//! What is not known passes `not` and `exists = false`, and no other test.

use crate::{
    consent::Status,
    limits,
    name::{AttributeName, Purpose, ScoreName},
    zone::Weekday,
};
use serde::{Deserialize, Serialize};
use std::fmt;

mod clause;
mod written;

use written::Written;

/// A condition: a clause, or several conditions taken together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Predicate {
    /// Each of them holds.
    All(Vec<Predicate>),
    /// At least one of them holds.
    Any(Vec<Predicate>),
    /// Not one of them holds.
    None(Vec<Predicate>),
    /// One test.
    Clause(Clause),
}

/// One test of one subject; the two make sense together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// What is looked at.
    pub subject: Subject,
    /// What it must be.
    pub test: Test,
}

/// What a clause looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The segments of a customer; passes if one of them does.
    Segment,
    /// The customer's language: what they chose at the machine, or else what head office knows.
    Language,
    /// One of the customer's attributes.
    Attribute(AttributeName),
    /// One of the customer's scores.
    Score(ScoreName),
    /// The customer's word on a purpose.
    Consent(Purpose),
    /// What the visit is for, as the transaction application says.
    VisitKind,
    /// The band in which the visit's amount lies, as the transaction application says.
    VisitAmount,
    /// The local time, in minutes since midnight.
    TimeOfDay,
    /// The local day of the week.
    Weekday,
    /// Where the device stands.
    Site,
    /// What its screen is called.
    Screen,
}

/// What a subject must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// This.
    Is(Value),
    /// Anything but this, or nothing.
    Not(Value),
    /// One of these.
    In(Vec<Value>),
    /// This or more.
    AtLeast(i32),
    /// This or less.
    AtMost(i32),
    /// From the first to the second, both inclusive. Of a time of day the first may be later: the time then spans midnight.
    Between(i32, i32),
    /// Known, or not known.
    Exists(bool),
}

/// What a subject is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A name.
    Word(Box<str>),
    /// A score, or minutes.
    Number(i32),
    /// A day.
    Day(Weekday),
    /// A word on a purpose.
    Status(Status),
}

/// Why a condition was not taken.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{path}: {problem}")]
pub struct PredicateProblem {
    /// Where, as it is written: `when.all[2].score.churn`.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

impl Predicate {
    /// How many clauses it has.
    pub fn clauses(&self) -> usize {
        match self {
            Predicate::All(inner) | Predicate::Any(inner) | Predicate::None(inner) => {
                inner.iter().map(Predicate::clauses).sum()
            }
            Predicate::Clause(_) => 1,
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, inner) = match self {
            Predicate::All(inner) => ("all", inner),
            Predicate::Any(inner) => ("any", inner),
            Predicate::None(inner) => ("none", inner),
            Predicate::Clause(clause) => return clause.fmt(f),
        };
        write!(f, "{word} of (")?;
        for (at, predicate) in inner.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            predicate.fmt(f)?;
        }
        f.write_str(")")
    }
}

impl TryFrom<Written> for Predicate {
    type Error = PredicateProblem;

    fn try_from(written: Written) -> Result<Predicate, PredicateProblem> {
        let predicate = written.read("when", 1)?;
        match predicate.clauses() {
            count if count > limits::CLAUSES => {
                let problem = format!("{count} clauses, over {}", limits::CLAUSES);
                Err(PredicateProblem { path: "when".to_owned(), problem })
            }
            _ => Ok(predicate),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
