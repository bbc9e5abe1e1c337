//! A time zone that travels as its rule, so that a device needs no zone database.
//!
//! Head office resolves `Europe/Berlin` to `CET-1CEST,M3.5.0,M10.5.0/3`. When a country changes its rule, the next bundle says so; a
//! device that is never updated knows it all the same.

use crate::utc::Utc;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Minutes of a day.
pub const DAY: u16 = 24 * 60;

/// Longest rule, in bytes: the longest in the zone database has 40.
const LONGEST: usize = 64;

/// A zone, written as a POSIX TZ string (IEEE 1003.1, section 8.3).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    rule: Box<str>,
    zone: TimeZone,
}

impl Zone {
    /// What a clock on the wall says.
    pub fn local(&self, utc: Utc) -> Local {
        // Within Timestamp's range by construction; the epoch is the honest fallback of an impossible case.
        let timestamp = Timestamp::from_millisecond(utc.as_millis()).unwrap_or_default();
        let civil = self.zone.to_datetime(timestamp);
        let minute = i32::from(civil.hour()) * 60 + i32::from(civil.minute());
        let weekday = usize::try_from(civil.weekday().to_monday_zero_offset()).unwrap_or_default();
        Local { minute: u16::try_from(minute).unwrap_or_default(), weekday: Weekday::ALL[weekday % 7] }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Zone { rule: "UTC0".into(), zone: TimeZone::UTC }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.rule == other.rule
    }
}

impl Eq for Zone {}

/// The text is not a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
#[derive(Debug, thiserror::Error)]
#[error("a zone is written as its rule, like CET-1CEST,M3.5.0,M10.5.0/3")]
pub struct ZoneError;

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        if text.len() > LONGEST {
            return Err(ZoneError);
        }
        let zone = TimeZone::posix(text).map_err(|_| ZoneError)?;
        Ok(Zone { rule: text.into(), zone })
    }
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;

    fn try_from(text: String) -> Result<Self, ZoneError> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> String {
        zone.rule.into()
    }
}

/// A moment as a clock on the wall shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Minutes since midnight by the clock, 0 to 1439.
    pub minute: u16,
    /// The day.
    pub weekday: Weekday,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// All of them, from Monday.
    pub const ALL: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Weekday::Mon => "mon",
            Weekday::Tue => "tue",
            Weekday::Wed => "wed",
            Weekday::Thu => "thu",
            Weekday::Fri => "fri",
            Weekday::Sat => "sat",
            Weekday::Sun => "sun",
        }
    }

    /// The day before.
    pub fn before(self) -> Weekday {
        Weekday::ALL[(self as usize + 6) % 7]
    }
}

/// A time of day, written `HH:MM`; `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Minutes since midnight, 0 to 1440.
    pub fn minutes(self) -> u16 {
        self.0
    }

    /// From minutes since midnight; what is beyond the end of the day is its end.
    pub fn from_minutes(minutes: u16) -> TimeOfDay {
        TimeOfDay(minutes.min(DAY))
    }
}

/// The text is not a time such as `09:30`.
#[derive(Debug, thiserror::Error)]
#[error("a time of day is written HH:MM, from 00:00 to 24:00")]
pub struct TimeOfDayError;

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        let digits = |part: &str| match part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) {
            true => part.parse::<u16>().map_err(|_| TimeOfDayError),
            false => Err(TimeOfDayError),
        };
        let (hours, minutes) = text.split_once(':').ok_or(TimeOfDayError)?;
        let (hours, minutes) = (digits(hours)?, digits(minutes)?);
        let total = hours * 60 + minutes;
        if minutes < 60 && total <= DAY { Ok(TimeOfDay(total)) } else { Err(TimeOfDayError) }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = TimeOfDayError;

    fn try_from(text: String) -> Result<Self, TimeOfDayError> {
        text.parse()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> String {
        time.to_string()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn local(zone: &str, utc: &str) -> (String, &'static str) {
        let local = zone.parse::<Zone>().unwrap().local(utc.parse().unwrap());
        (TimeOfDay(local.minute).to_string(), local.weekday.as_str())
    }

    #[test]
    fn summer_time_begins_and_ends_by_the_rule_alone() {
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
        assert_eq!(local(berlin, "2026-03-29T00:59:00Z"), ("01:59".to_owned(), "sun"));
        assert_eq!(local(berlin, "2026-03-29T01:00:00Z"), ("03:00".to_owned(), "sun"));
        assert_eq!(local(berlin, "2026-10-25T00:59:00Z"), ("02:59".to_owned(), "sun"));
        assert_eq!(local(berlin, "2026-10-25T01:00:00Z"), ("02:00".to_owned(), "sun"));
        assert_eq!(local("IST-5:30", "2026-11-21T20:00:00Z"), ("01:30".to_owned(), "sun"));
    }

    #[test]
    fn a_zone_is_its_rule_and_no_name_of_a_database() {
        assert!(["Europe/Berlin", "", "CET-99", &"x".repeat(65)].iter().all(|text| text.parse::<Zone>().is_err()));
        let zone: Zone = serde_json::from_str("\"EST5EDT,M3.2.0,M11.1.0\"").unwrap();
        assert_eq!(serde_json::to_string(&zone).unwrap(), "\"EST5EDT,M3.2.0,M11.1.0\"");
        assert_eq!(Zone::default(), "UTC0".parse().unwrap());
    }

    #[test]
    fn a_time_of_day_is_two_and_two_digits() {
        assert_eq!("24:00".parse::<TimeOfDay>().unwrap().minutes(), DAY);
        assert!(["9:00", "09:60", "24:01", "0900", "+9:00", ""].iter().all(|text| text.parse::<TimeOfDay>().is_err()));
        assert_eq!(Weekday::Mon.before(), Weekday::Sun);
    }
}
