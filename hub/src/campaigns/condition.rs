//! A condition as it stands in a campaign file: every key it may have, read with its place, and then by the protocol's own rules.

use super::forms::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use touchpoint_protocol::{
    limits,
    name::{AttributeName, Purpose, ScoreName},
    predicate::Predicate,
};

/// A condition: one of `all`, `any` and `none`, or a clause, which is one subject and one test. What is not known passes `not` and
/// `exists = false`, and no other test.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    /// Each of them holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = limits::CLAUSES))]
    all: Option<Vec<Condition>>,
    /// At least one of them holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = limits::CLAUSES))]
    any: Option<Vec<Condition>>,
    /// Not one of them holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = limits::CLAUSES))]
    none: Option<Vec<Condition>>,

    /// Subject: `segment` or `language` of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["segment", "language"]))]
    customer: Option<String>,
    /// Subject: one of the customer's attributes, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Name>")]
    attribute: Option<AttributeName>,
    /// Subject: one of the customer's scores, by name; compared with numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Name>")]
    score: Option<ScoreName>,
    /// Subject: the customer's word on a purpose, by name: `given`, `refused` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Name>")]
    consent: Option<Purpose>,
    /// Subject: the `kind` of the visit, or the band in which its `amount` lies, as the transaction application names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["kind", "amount"]))]
    visit: Option<String>,
    /// Subject: the local time `of_day`, compared with `HH:MM`, or the `weekday`, `mon` to `sun`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["of_day", "weekday"]))]
    time: Option<String>,
    /// Subject: the `site` of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["site"]))]
    device: Option<String>,

    /// Test: this.
    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<Value>,
    /// Test: anything but this, or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    not: Option<Value>,
    /// Test: one of these.
    #[serde(skip_serializing_if = "Option::is_none", rename = "in")]
    one_of: Option<Vec<Value>>,
    /// Test: this or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<Value>,
    /// Test: this or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<Value>,
    /// Test: from the first to the second; of times, the second is exclusive, and an earlier one is of the next day.
    #[serde(skip_serializing_if = "Option::is_none")]
    between: Option<(Value, Value)>,
    /// Test: known (`true`) or not known (`false`).
    #[serde(skip_serializing_if = "Option::is_none")]
    exists: Option<bool>,
}

/// What a subject is compared with.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text or a whole number was expected")]
enum Value {
    /// A name or a time.
    Word(String),
    /// A score.
    Number(i32),
}

impl Condition {
    /// The condition, or where it makes no sense (a key of the file) and why.
    ///
    /// It goes by its JSON, because what is written means what the protocol reads of it, and nothing else.
    pub(super) fn read(&self) -> Result<Predicate, (String, String)> {
        let json = serde_json::to_value(self).map_err(|error| ("when".to_owned(), error.to_string()))?;
        serde_json::from_value(json).map_err(|error| {
            let problem = error.to_string();
            match problem.split_once(": ") {
                Some((path, problem)) if path.starts_with("when") => (path.to_owned(), problem.to_owned()),
                _ => ("when".to_owned(), problem),
            }
        })
    }
}
