//! What the report reads of an interaction's document: less than all of it, because it reads millions. Pure.

use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use touchpoint_protocol::utc::Utc;

/// The reason that makes somebody part of the control group.
pub(crate) const HELD_OUT: &str = "held_out";

/// One interaction.
#[derive(Debug, Deserialize)]
pub(crate) struct Told<'a> {
    /// During which visit.
    #[serde(borrow)]
    pub(crate) visit: Cow<'a, str>,
    /// When.
    #[serde(borrow)]
    pub(crate) at: At<'a>,
    /// With which customer, if the device knew them and head office still does.
    pub(crate) customer: Option<i64>,
    /// What happened; at most one of these.
    pub(crate) fact: Fact,
}

/// When something happened.
#[derive(Debug, Deserialize)]
pub(crate) struct At<'a> {
    #[serde(borrow)]
    utc: Cow<'a, str>,
}

/// The facts that say something of a campaign.
#[derive(Debug, Deserialize)]
pub(crate) struct Fact {
    /// It was shown.
    pub(crate) shown: Option<Body>,
    /// Its showing ended.
    pub(crate) ended: Option<Body>,
    /// Nothing was shown.
    pub(crate) not_shown: Option<Body>,
    /// It would have been shown, had the customer not been held out.
    pub(crate) held_out: Option<Body>,
}

/// What a fact says.
#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    /// Of which campaign.
    pub(crate) campaign: Option<String>,
    /// Why nothing was shown.
    pub(crate) reason: Option<String>,
    /// The segment that made the customer eligible.
    pub(crate) segment: Option<String>,
    /// What made the device decide.
    pub(crate) trigger: Option<String>,
    variant: Option<Value>,
    ending: Option<Value>,
}

impl<'a> Told<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// It is no interaction.
    pub(crate) fn read(document: &'a str) -> serde_json::Result<Told<'a>> {
        serde_json::from_str(document)
    }
}

impl At<'_> {
    /// Milliseconds since the epoch; 0 if it is no time.
    pub(crate) fn millis(&self) -> i64 {
        self.utc.parse::<Utc>().map_or(0, Utc::as_millis)
    }
}

impl Body {
    /// The variant's name or number.
    pub(crate) fn variant(&self) -> Option<Cow<'_, str>> {
        self.variant.as_ref().and_then(label)
    }

    /// How a showing ended, and whether that is an answer.
    pub(crate) fn ending(&self) -> (Option<Cow<'_, str>>, bool) {
        match self.ending.as_ref() {
            Some(Value::Object(answered)) => (answered.get("answered").and_then(label), true),
            other => (other.and_then(label), false),
        }
    }
}

fn label(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}
