//! What the report reads of an interaction's document: less than all of it, because it reads millions. Pure.

use serde::Deserialize;
use std::borrow::Cow;
use touchpoint_protocol::{interaction::Fact, utc::Utc};

/// One interaction.
#[derive(Debug, Deserialize)]
pub(crate) struct Told<'a> {
    /// During which visit.
    #[serde(borrow)]
    pub(crate) visit: Cow<'a, str>,
    /// When.
    pub(crate) at: At,
    /// With which customer, if the device knew them and head office still does.
    pub(crate) customer: Option<i64>,
    /// What happened.
    pub(crate) fact: Fact,
}

/// When something happened.
#[derive(Debug, Deserialize)]
pub(crate) struct At {
    /// By the machine's clock.
    pub(crate) utc: Utc,
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
