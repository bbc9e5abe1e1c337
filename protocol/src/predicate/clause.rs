//! Which tests make sense of which subject, and how both are said in an explanation.

use super::{Clause, Subject, Test, Value};
use crate::{
    consent::Status,
    limits,
    name::{AmountBand, Language, NameError, ScreenName, Segment, Site, VisitKind},
    zone::{DAY, TimeOfDay, Weekday},
};
use std::fmt;

impl Clause {
    /// A clause, if the test makes sense of the subject; otherwise what is wrong.
    pub(super) fn new(subject: Subject, test: Test) -> Result<Clause, String> {
        let key = test.word();
        let wrong = |what: &str| Err(format!("{key} {what}"));
        match (&subject, &test) {
            (Subject::Consent(_), Test::Exists(_)) => return wrong("makes no sense here: say is = \"unknown\""),
            (Subject::TimeOfDay, Test::AtLeast(_) | Test::AtMost(_) | Test::Between(..)) => {}
            (Subject::TimeOfDay, _) => return wrong("makes no sense of a time: say at_least, at_most or between"),
            (Subject::Weekday, Test::Exists(_)) => return wrong("makes no sense: every day is one"),
            (Subject::Score(_), Test::Between(low, high)) if low > high => return wrong("runs backwards"),
            (Subject::Score(_), _) | (_, Test::Is(_) | Test::Not(_) | Test::In(_) | Test::Exists(_)) => {}
            (_, Test::AtLeast(_) | Test::AtMost(_) | Test::Between(..)) => return wrong("needs a number"),
        }
        let test = match test {
            Test::Is(value) => Test::Is(subject.read(value)?),
            Test::Not(value) => Test::Not(subject.read(value)?),
            Test::In(values) if values.is_empty() => return wrong("nothing never holds"),
            Test::In(values) => {
                Test::In(values.into_iter().map(|value| subject.read(value)).collect::<Result<_, _>>()?)
            }
            test @ (Test::AtLeast(_) | Test::AtMost(_) | Test::Between(..) | Test::Exists(_)) => test,
        };
        Ok(Clause { subject, test })
    }
}

impl Subject {
    /// A value as it is written, as this subject can be it; otherwise what is wrong.
    fn read(&self, value: Value) -> Result<Value, String> {
        let word = match (self, value) {
            (Subject::Score(_), Value::Number(number)) => return Ok(Value::Number(number)),
            (Subject::Score(_), _) => return Err("is compared with a number".to_owned()),
            (_, Value::Word(word)) => word,
            (_, Value::Number(_) | Value::Day(_) | Value::Status(_)) => {
                return Err("is compared with a text".to_owned());
            }
        };
        let named = |read: Result<(), NameError>| read.map_err(|error| error.to_string());
        match self {
            Subject::Weekday => {
                let day = Weekday::ALL.into_iter().find(|day| day.as_str() == &*word);
                return day.map(Value::Day).ok_or_else(|| format!("{word:?} is not a day from mon to sun"));
            }
            Subject::Consent(_) => {
                let status = Status::ALL.into_iter().find(|status| status.as_str() == &*word);
                return status.map(Value::Status).ok_or_else(|| format!("{word:?} is not given, refused or unknown"));
            }
            Subject::Segment => named(word.parse::<Segment>().map(drop))?,
            Subject::Language => named(word.parse::<Language>().map(drop))?,
            Subject::VisitKind => named(word.parse::<VisitKind>().map(drop))?,
            Subject::VisitAmount => named(word.parse::<AmountBand>().map(drop))?,
            Subject::Site => named(word.parse::<Site>().map(drop))?,
            Subject::Screen => named(word.parse::<ScreenName>().map(drop))?,
            Subject::Attribute(_) if word.len() > limits::ATTRIBUTE_VALUE => {
                return Err(format!("{} bytes, over {}", word.len(), limits::ATTRIBUTE_VALUE));
            }
            Subject::Attribute(_) | Subject::Score(_) | Subject::TimeOfDay => {}
        }
        Ok(Value::Word(word))
    }
}

impl Test {
    /// Its key, as it is written.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Test::Is(_) => "is",
            Test::Not(_) => "not",
            Test::In(_) => "in",
            Test::AtLeast(_) => "at_least",
            Test::AtMost(_) => "at_most",
            Test::Between(..) => "between",
            Test::Exists(_) => "exists",
        }
    }
}

/// A minute as a time; the end of a time that spans it.
pub(super) fn time(minutes: i32) -> TimeOfDay {
    TimeOfDay::from_minutes(u16::try_from(minutes).unwrap_or(DAY))
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Clause { subject, test } = self;
        match (subject, test) {
            (Subject::TimeOfDay, Test::AtLeast(from)) => write!(f, "{subject} at least {}", time(*from)),
            (Subject::TimeOfDay, Test::AtMost(to)) => write!(f, "{subject} at most {}", time(*to)),
            (Subject::TimeOfDay, Test::Between(from, last)) => {
                write!(f, "{subject} between {} and {}", time(*from), time(*last + 1))
            }
            (_, Test::Is(value)) => write!(f, "{subject} is {value}"),
            (_, Test::Not(value)) => write!(f, "{subject} is not {value}"),
            (_, Test::In(values)) => {
                write!(f, "{subject} is ")?;
                values.iter().enumerate().try_for_each(|(at, value)| match at {
                    0 => value.fmt(f),
                    _ => write!(f, " or {value}"),
                })
            }
            (_, Test::AtLeast(least)) => write!(f, "{subject} at least {least}"),
            (_, Test::AtMost(most)) => write!(f, "{subject} at most {most}"),
            (_, Test::Between(low, high)) => write!(f, "{subject} between {low} and {high}"),
            (_, Test::Exists(true)) => write!(f, "{subject} known"),
            (_, Test::Exists(false)) => write!(f, "{subject} not known"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::Attribute(name) => return write!(f, "attribute {name}"),
            Subject::Score(name) => return write!(f, "score {name}"),
            Subject::Consent(purpose) => return write!(f, "consent to {purpose}"),
            Subject::Segment => "segment",
            Subject::Language => "language",
            Subject::VisitKind => "kind of visit",
            Subject::VisitAmount => "amount of visit",
            Subject::TimeOfDay => "time of day",
            Subject::Weekday => "day",
            Subject::Site => "site",
            Subject::Screen => "screen",
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Word(word) => f.write_str(word),
            Value::Number(number) => number.fmt(f),
            Value::Day(day) => f.write_str(day.as_str()),
            Value::Status(status) => f.write_str(status.as_str()),
        }
    }
}
