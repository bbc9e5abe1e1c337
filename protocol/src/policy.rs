//! How often people may be spoken to. Says nothing to service messages: they are owed.

use crate::{campaign::CampaignProblem, interval::Interval, limits};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How often a customer may be shown one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContactPolicy {
    /// Not at all, for now. Holds for service messages too.
    pub never: bool,
    /// How many showings within which times; each of them holds.
    pub caps: Vec<Cap>,
    /// Least time between two showings.
    pub gap: Interval,
    /// Not again for this long after a decline.
    pub quiet_after_decline: Interval,
    /// Not again for this long after "later".
    pub quiet_after_later: Interval,
    /// Not again for this long after a yes.
    pub quiet_after_accept: Interval,
}

impl Default for ContactPolicy {
    /// Three times a month, a decline holds for a month, "later" for a day, and a yes for ever: what people put up with.
    fn default() -> Self {
        ContactPolicy {
            never: false,
            caps: vec![Cap { showings: 3, within: Interval::days(30) }],
            gap: Interval::NONE,
            quiet_after_decline: Interval::days(30),
            quiet_after_later: Interval::days(1),
            quiet_after_accept: Interval::FOREVER,
        }
    }
}

/// How often a customer, and how often a device's customers, may be shown marketing at all: every campaign of it together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OverallPolicy {
    /// No marketing at all, for now.
    pub never: bool,
    /// How many showings to one customer within which times; each of them holds.
    pub caps: Vec<Cap>,
    /// Least time between two showings to one customer.
    pub gap: Interval,
    /// Nothing else for this long after a decline.
    pub quiet_after_decline: Interval,
    /// Nothing else for this long after "later".
    pub quiet_after_later: Interval,
    /// Nothing else for this long after a yes.
    pub quiet_after_accept: Interval,
    /// How many showings a device makes in a day, to whomever; as many as come, if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_showings_a_day: Option<u32>,
}

impl Default for OverallPolicy {
    /// Nothing beyond what each campaign says of itself.
    fn default() -> Self {
        OverallPolicy {
            never: false,
            caps: Vec::new(),
            gap: Interval::NONE,
            quiet_after_decline: Interval::NONE,
            quiet_after_later: Interval::NONE,
            quiet_after_accept: Interval::NONE,
            device_showings_a_day: None,
        }
    }
}

/// At most so many showings within so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// At least 1.
    pub showings: u16,
    /// Any time but none.
    pub within: Interval,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} within {}", self.showings, self.within)
    }
}

impl ContactPolicy {
    pub(crate) fn check(&self) -> Result<(), CampaignProblem> {
        check_caps(&self.caps)
    }
}

impl OverallPolicy {
    pub(crate) fn check(&self) -> Result<(), CampaignProblem> {
        if self.device_showings_a_day == Some(0) {
            let problem = "a budget of zero shows nothing: say never = true".to_owned();
            return Err(CampaignProblem::at("policy.device_showings_a_day", problem));
        }
        check_caps(&self.caps)
    }
}

fn check_caps(caps: &[Cap]) -> Result<(), CampaignProblem> {
    let refuse = |problem: String| Err(CampaignProblem::at("policy.caps", problem));
    if caps.len() > limits::CAPS {
        return refuse(format!("{} of them, over {}", caps.len(), limits::CAPS));
    }
    if caps.iter().any(|cap| cap.showings == 0) {
        return refuse("a cap of zero shows nothing: say never = true".to_owned());
    }
    if caps.iter().any(|cap| cap.within == Interval::NONE) {
        return refuse("a cap within no time holds nothing back: leave it out".to_owned());
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_does_not_say_is_as_usual() {
        let policy: ContactPolicy = serde_json::from_str(r#"{"gap": "12h"}"#).unwrap();
        assert_eq!(policy, ContactPolicy { gap: "12h".parse().unwrap(), ..ContactPolicy::default() });
        let overall: OverallPolicy = serde_json::from_str("{}").unwrap();
        assert_eq!(overall, OverallPolicy::default());
    }

    #[test]
    fn zero_is_refused_and_never_is_a_word_of_its_own() {
        let refused =
            |json: &str| serde_json::from_str::<OverallPolicy>(json).unwrap().check().unwrap_err().to_string();
        assert!(refused(r#"{"caps": [{"showings": 0, "within": "1d"}]}"#).ends_with("say never = true"));
        assert!(refused(r#"{"caps": [{"showings": 1, "within": "none"}]}"#).ends_with("leave it out"));
        assert!(refused(r#"{"device_showings_a_day": 0}"#).ends_with("say never = true"));
        assert!(serde_json::from_str::<OverallPolicy>(r#"{"gap": "0d"}"#).is_err());
        assert!(serde_json::from_str::<OverallPolicy>(r#"{"never": true}"#).unwrap().check().is_ok());
    }
}
