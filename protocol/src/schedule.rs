//! When a campaign may be shown: between two moments, and in which parts of which days.

use crate::{
    campaign::CampaignProblem,
    limits,
    utc::Utc,
    zone::{Local, TimeOfDay, Weekday, Zone},
};
use serde::{Deserialize, Serialize};

/// A campaign's schedule; an empty one always holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// From when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Utc>,
    /// Until when, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Utc>,
    /// In which parts of the day; at any time, if none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub day_parts: Vec<DayPart>,
    /// By which clock; by the bundle's, if none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
}

/// A part of some days, by the local clock. One that ends before it begins goes on into the next day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayPart {
    /// The days on which it begins; every day, if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// Its first minute.
    pub from: TimeOfDay,
    /// Its end, exclusive.
    pub to: TimeOfDay,
}

impl Schedule {
    /// Checks what the fields' types cannot say.
    pub(crate) fn check(&self) -> Result<(), CampaignProblem> {
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            return Err(CampaignProblem::at("schedule.until", format!("{until} is not after {from}")));
        }
        let refuse = |problem: String| Err(CampaignProblem::at("schedule.day_parts", problem));
        if self.day_parts.len() > limits::DAY_PARTS {
            return refuse(format!("{} of them, over {}", self.day_parts.len(), limits::DAY_PARTS));
        }
        for DayPart { weekdays, from, to } in &self.day_parts {
            if from == to {
                return refuse(format!("one from {from} to {to} never holds"));
            }
            if let Some((_, day)) = weekdays.iter().enumerate().find(|(at, day)| weekdays[..*at].contains(day)) {
                return refuse(format!("{} stands twice", day.as_str()));
            }
        }
        Ok(())
    }
}

impl DayPart {
    /// Whether this is a moment of it.
    pub fn holds(&self, local: Local) -> bool {
        let (from, to) = (self.from.minutes(), self.to.minutes());
        let on = |day: Weekday| self.weekdays.is_empty() || self.weekdays.contains(&day);
        match from < to {
            true => (from..to).contains(&local.minute) && on(local.weekday),
            false => (local.minute >= from && on(local.weekday)) || (local.minute < to && on(local.weekday.before())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn part(json: &str) -> DayPart {
        serde_json::from_str(json).unwrap()
    }

    fn at(weekday: Weekday, time: &str) -> Local {
        Local { minute: time.parse::<TimeOfDay>().unwrap().minutes(), weekday }
    }

    #[test]
    fn a_part_of_the_day_begins_with_its_first_minute_and_ends_before_its_last() {
        let lunch = part(r#"{"weekdays": ["mon", "fri"], "from": "11:30", "to": "14:00"}"#);
        assert!(lunch.holds(at(Weekday::Mon, "11:30")) && lunch.holds(at(Weekday::Fri, "13:59")));
        assert!(!lunch.holds(at(Weekday::Mon, "14:00")) && !lunch.holds(at(Weekday::Tue, "12:00")));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = part(r#"{"weekdays": ["sat"], "from": "22:00", "to": "04:00"}"#);
        assert!(night.holds(at(Weekday::Sat, "23:00")) && night.holds(at(Weekday::Sun, "03:59")));
        assert!(!night.holds(at(Weekday::Sun, "23:00")) && !night.holds(at(Weekday::Sat, "03:00")));
    }

    #[test]
    fn a_schedule_that_never_holds_is_refused() {
        let refused = |json: &str| serde_json::from_str::<Schedule>(json).unwrap().check().unwrap_err().to_string();
        let never = refused(r#"{"day_parts": [{"from": "09:00", "to": "09:00"}]}"#);
        assert_eq!(never, "schedule.day_parts: one from 09:00 to 09:00 never holds");
        let twice = refused(r#"{"day_parts": [{"weekdays": ["mon", "mon"], "from": "09:00", "to": "10:00"}]}"#);
        assert_eq!(twice, "schedule.day_parts: mon stands twice");
        assert!(Schedule::default().check().is_ok());
    }
}
