//! A length of time as people say it: `30d`, `12h`, `45m`, `none`, `forever`.

use crate::utc::Utc;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longest number in an interval: 9999 days are 27 years, longer than any machine stands.
const MOST: u32 = 9_999;

/// Minutes of a day; days are of 24 hours, because a device at a border has no calendar of its own.
const DAY: u32 = 24 * 60;

/// A length of time in whole minutes. Zero is written `none` and never as a number, so that nobody says it by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval(u32);

impl Interval {
    /// No time at all.
    pub const NONE: Interval = Interval(0);

    /// All time to come.
    pub const FOREVER: Interval = Interval(u32::MAX);

    /// So many days.
    pub const fn days(days: u16) -> Interval {
        Interval(days as u32 * DAY)
    }

    /// When an interval from here ends; never, if it is for ever.
    pub fn after(self, start: Utc) -> Option<Utc> {
        (self != Interval::FOREVER).then(|| start.plus_millis(i64::from(self.0) * 60_000))
    }

    /// Whether a moment lies within this interval before `now`, or after it: a clock that was set back takes nothing out of it.
    pub fn covers(self, then: Utc, now: Utc) -> bool {
        self != Interval::NONE && self.after(then).is_none_or(|end| end > now)
    }
}

/// The text is no interval.
#[derive(Debug, thiserror::Error)]
#[error("an interval is written like 30d, 12h or 45m, from 1 to {MOST}, or none, or forever")]
pub struct IntervalError;

impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        let unit = match text.as_bytes().last() {
            _ if text == "none" => return Ok(Interval::NONE),
            _ if text == "forever" => return Ok(Interval::FOREVER),
            Some(b'd') => DAY,
            Some(b'h') => 60,
            Some(b'm') => 1,
            _ => return Err(IntervalError),
        };
        let digits = &text[..text.len() - 1];
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse::<u32>() {
            Ok(number) if plain && (1..=MOST).contains(&number) => Ok(Interval(number * unit)),
            _ => Err(IntervalError),
        }
    }
}

impl TryFrom<String> for Interval {
    type Error = IntervalError;

    fn try_from(text: String) -> Result<Self, IntervalError> {
        text.parse()
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("none"),
            u32::MAX => f.write_str("forever"),
            minutes if minutes.is_multiple_of(DAY) => write!(f, "{}d", minutes / DAY),
            minutes if minutes.is_multiple_of(60) => write!(f, "{}h", minutes / 60),
            minutes => write!(f, "{minutes}m"),
        }
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> String {
        interval.to_string()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_written_as_it_is_said() {
        for text in ["30d", "12h", "45m", "9999d", "none", "forever"] {
            assert_eq!(text.parse::<Interval>().unwrap().to_string(), text);
        }
        assert_eq!("48h".parse::<Interval>().unwrap(), Interval::days(2));
        for text in ["", "d", "0d", "10000h", "-1d", "+1d", "1.5h", "30", "30 d", "30ä"] {
            assert!(text.parse::<Interval>().is_err(), "{text} was taken");
        }
    }

    #[test]
    fn an_interval_covers_what_is_younger_and_nothing_if_it_is_none() {
        let [now, hour_ago] = [7_200_000, 3_600_000].map(Utc::from_millis);
        let covers = |text: &str| text.parse::<Interval>().unwrap().covers(hour_ago, now);
        assert!(!covers("60m") && covers("61m") && covers("forever") && !covers("none"));
        assert!(Interval::days(1).covers(now, hour_ago), "what a clock that was set back calls the future");
    }
}
