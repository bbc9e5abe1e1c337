//! A condition as it stands in JSON or TOML, and what it is read as.

use super::{Clause, Predicate, PredicateProblem, Subject, Test, Value, clause};
use crate::{
    limits,
    name::{AttributeName, Purpose, ScoreName},
    zone::{DAY, TimeOfDay},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Every key a condition may have. Which of them stand together is checked when it is read, where the whole path is known.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<Vec<Written>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    any: Option<Vec<Written>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<Vec<Written>>,

    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute: Option<AttributeName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<ScoreName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<Purpose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,

    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "in")]
    one_of: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    between: Option<(Value, Value)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exists: Option<bool>,
}

/// What a test is given, before it is known whether that makes sense.
enum Given {
    Whole(Test),
    AtLeast(Value),
    AtMost(Value),
    Between(Value, Value),
}

impl Written {
    /// What it says; `path` is where it stands, and `depth` how deep, from 1.
    pub(super) fn read(mut self, path: &str, depth: usize) -> Result<Predicate, PredicateProblem> {
        let refuse =
            |path: &str, problem: String| Err(PredicateProblem { path: path.to_owned(), problem: problem.to_owned() });
        if depth > limits::CLAUSE_DEPTH {
            return refuse(path, format!("deeper than {}", limits::CLAUSE_DEPTH));
        }
        let groups = [("all", self.all.take()), ("any", self.any.take()), ("none", self.none.take())];
        let mut groups = groups.into_iter().filter_map(|(word, inner)| Some((word, inner?)));
        let (group, another) = (groups.next(), groups.next());
        let subject = match self.subject() {
            Ok(subject) => subject,
            Err(problem) => return refuse(path, problem),
        };
        let given = match self.given() {
            Ok(given) => given,
            Err(problem) => return refuse(path, problem),
        };
        let (word, inner) = match (group, another, subject, given) {
            (Some(group), None, None, None) => group,
            (None, None, Some((key, subject)), Some(given)) => {
                return match given.test(&subject).and_then(|test| Clause::new(subject, test)) {
                    Ok(clause) => Ok(Predicate::Clause(clause)),
                    Err(problem) => refuse(&format!("{path}.{key}"), problem),
                };
            }
            (None, None, Some((key, _)), None) => return refuse(&format!("{path}.{key}"), "has no test".to_owned()),
            (None, None, None, Some(_)) => return refuse(path, "has a test and no subject".to_owned()),
            (None, None, None, None) => return refuse(path, "says nothing".to_owned()),
            _ => return refuse(path, "is more than one of all, any, none and a clause".to_owned()),
        };
        if inner.is_empty() {
            return refuse(&format!("{path}.{word}"), "is empty".to_owned());
        }
        let inner = inner.into_iter().enumerate();
        let inner = inner.map(|(at, written)| written.read(&format!("{path}.{word}[{at}]"), depth + 1));
        let inner = inner.collect::<Result<_, _>>()?;
        Ok(match word {
            "all" => Predicate::All(inner),
            "any" => Predicate::Any(inner),
            _ => Predicate::None(inner),
        })
    }

    /// Its one subject, and how that is called in a path.
    fn subject(&mut self) -> Result<Option<(String, Subject)>, String> {
        let listed = |key: &str, word: Option<String>, known: &[(&str, Subject)]| {
            let Some(word) = word else { return Ok(None) };
            match known.iter().find(|(name, _)| *name == word) {
                Some((_, subject)) => Ok(Some((format!("{key}.{word}"), subject.clone()))),
                None => {
                    let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                    Err(format!("{key} is {}, not {word:?}", known.join(" or ")))
                }
            }
        };
        let subjects = [
            listed(
                "customer",
                self.customer.take(),
                &[("segment", Subject::Segment), ("language", Subject::Language)],
            )?,
            listed("visit", self.visit.take(), &[("kind", Subject::VisitKind), ("amount", Subject::VisitAmount)])?,
            listed("time", self.time.take(), &[("of_day", Subject::TimeOfDay), ("weekday", Subject::Weekday)])?,
            listed("device", self.device.take(), &[("site", Subject::Site), ("screen", Subject::Screen)])?,
            self.attribute.take().map(|name| (format!("attribute.{name}"), Subject::Attribute(name))),
            self.score.take().map(|name| (format!("score.{name}"), Subject::Score(name))),
            self.consent.take().map(|purpose| (format!("consent.{purpose}"), Subject::Consent(purpose))),
        ];
        only(subjects, "has two subjects")
    }

    /// Its one test.
    fn given(&mut self) -> Result<Option<Given>, String> {
        let tests = [
            self.is.take().map(|value| Given::Whole(Test::Is(value))),
            self.not.take().map(|value| Given::Whole(Test::Not(value))),
            self.one_of.take().map(|values| Given::Whole(Test::In(values))),
            self.exists.take().map(|known| Given::Whole(Test::Exists(known))),
            self.at_least.take().map(Given::AtLeast),
            self.at_most.take().map(Given::AtMost),
            self.between.take().map(|(low, high)| Given::Between(low, high)),
        ];
        only(tests, "has two tests: write two clauses")
    }
}

impl Given {
    /// The test, with its times and numbers read as this subject means them.
    fn test(self, subject: &Subject) -> Result<Test, String> {
        let times = *subject == Subject::TimeOfDay;
        let number = |value: Value| match value {
            Value::Number(number) if !times => Ok(number),
            Value::Word(word) if times => {
                word.parse::<TimeOfDay>().map(|time| i32::from(time.minutes())).map_err(|error| error.to_string())
            }
            Value::Number(_) => Err("is compared with a time like \"09:30\"".to_owned()),
            Value::Word(_) | Value::Day(_) | Value::Status(_) => Err("is compared with a number".to_owned()),
        };
        Ok(match self {
            Given::Whole(test) => test,
            Given::AtLeast(value) => Test::AtLeast(number(value)?),
            Given::AtMost(value) => Test::AtMost(number(value)?),
            Given::Between(low, high) if times => {
                let (from, to) = (number(low)?, number(high)?);
                if from == to {
                    return Err("between never holds".to_owned());
                }
                // Exclusive where it is written, as people say it; the last minute where it is compared.
                Test::Between(from, (to + i32::from(DAY) - 1) % i32::from(DAY))
            }
            Given::Between(low, high) => Test::Between(number(low)?, number(high)?),
        })
    }
}

/// The one that is there, if there is one.
fn only<T, const N: usize>(found: [Option<T>; N], several: &str) -> Result<Option<T>, String> {
    let mut found = found.into_iter().flatten();
    match (found.next(), found.next()) {
        (one, None) => Ok(one),
        _ => Err(several.to_owned()),
    }
}

impl From<Predicate> for Written {
    fn from(predicate: Predicate) -> Written {
        let each = |inner: Vec<Predicate>| Some(inner.into_iter().map(Written::from).collect());
        match predicate {
            Predicate::All(inner) => Written { all: each(inner), ..Written::default() },
            Predicate::Any(inner) => Written { any: each(inner), ..Written::default() },
            Predicate::None(inner) => Written { none: each(inner), ..Written::default() },
            Predicate::Clause(Clause { subject, test }) => {
                let mut written = Written::default();
                let times = subject == Subject::TimeOfDay;
                let value = |number: i32| match times {
                    true => Value::Word(clause::time(number).to_string().into()),
                    false => Value::Number(number),
                };
                match test {
                    Test::Is(value) => written.is = Some(value),
                    Test::Not(value) => written.not = Some(value),
                    Test::In(values) => written.one_of = Some(values),
                    Test::AtLeast(least) => written.at_least = Some(value(least)),
                    Test::AtMost(most) => written.at_most = Some(value(most)),
                    Test::Between(low, high) => {
                        written.between = Some((value(low), value(high + i32::from(times))));
                    }
                    Test::Exists(known) => written.exists = Some(known),
                }
                let word = |word: &str| Some(word.to_owned());
                match subject {
                    Subject::Segment => written.customer = word("segment"),
                    Subject::Language => written.customer = word("language"),
                    Subject::Attribute(name) => written.attribute = Some(name),
                    Subject::Score(name) => written.score = Some(name),
                    Subject::Consent(purpose) => written.consent = Some(purpose),
                    Subject::VisitKind => written.visit = word("kind"),
                    Subject::VisitAmount => written.visit = word("amount"),
                    Subject::TimeOfDay => written.time = word("of_day"),
                    Subject::Weekday => written.time = word("weekday"),
                    Subject::Site => written.device = word("site"),
                    Subject::Screen => written.device = word("screen"),
                }
                written
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Word(word) => serializer.serialize_str(word),
            Value::Number(number) => serializer.serialize_i32(*number),
            Value::Day(day) => serializer.serialize_str(day.as_str()),
            Value::Status(status) => serializer.serialize_str(status.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrNumber)
    }
}

struct TextOrNumber;

impl de::Visitor<'_> for TextOrNumber {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Word(text.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        i32::try_from(number).map(Value::Number).map_err(|_| E::custom("a number beyond two thousand million"))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        i32::try_from(number).map(Value::Number).map_err(|_| E::custom("a number beyond two thousand million"))
    }
}
