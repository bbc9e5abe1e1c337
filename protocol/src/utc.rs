//! A point in time as every document and table writes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Milliseconds since 1970-01-01T00:00:00Z, written in documents as RFC 3339 with milliseconds.
///
/// Whole milliseconds, because SQLite, MQTT properties and people all do; a range of ten thousand years, because
/// [`Timestamp`] has it and a machine's clock may say anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Utc(i64);

impl Utc {
    /// From milliseconds since the epoch; what lies outside the years -9999 to 9999 is pulled to the nearer end.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Timestamp::MIN.as_second() * 1000, Timestamp::MAX.as_second() * 1000))
    }

    /// Milliseconds since the epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// This many milliseconds later (or earlier, if negative).
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Within Timestamp's range by construction; the epoch is the honest fallback of an impossible case.
        let timestamp = Timestamp::from_millisecond(self.0).unwrap_or_default();
        write!(f, "{timestamp:.3}")
    }
}

/// The text is not a time in the form of RFC 3339, such as `2026-11-21T09:30:00Z`.
#[derive(Debug, thiserror::Error)]
#[error("not a time like 2026-11-21T09:30:00Z")]
pub struct UtcError(#[source] jiff::Error);

impl FromStr for Utc {
    type Err = UtcError;

    fn from_str(text: &str) -> Result<Self, UtcError> {
        let timestamp: Timestamp = text.parse().map_err(UtcError)?;
        Ok(Self(timestamp.as_millisecond()))
    }
}

impl TryFrom<String> for Utc {
    type Error = UtcError;

    fn try_from(text: String) -> Result<Self, UtcError> {
        text.parse()
    }
}

impl From<Utc> for String {
    fn from(utc: Utc) -> String {
        utc.to_string()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_milliseconds_and_read_back() {
        let utc = Utc::from_millis(1_795_253_400_250);
        assert_eq!(utc.to_string(), "2026-11-21T09:30:00.250Z");
        assert_eq!(utc.to_string().parse::<Utc>().unwrap(), utc);
    }

    #[test]
    fn a_clock_that_says_anything_still_gives_a_time() {
        assert_eq!(Utc::from_millis(i64::MAX).to_string(), "9999-12-30T22:00:00.000Z");
        assert!(Utc::from_millis(i64::MIN).plus_millis(-1).to_string().starts_with("-009999-"));
    }
}
