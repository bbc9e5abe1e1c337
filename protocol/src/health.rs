//! How a device is: what head office must know of it to see trouble before a customer does.
//!
//! It is not signed, changes nothing, and the latest one is all that counts. Nothing in it is secret: its texts are errors, and no error
//! repeats a card number, a token or a key.

use crate::{
    campaign::PanelSize,
    limits,
    name::{BootId, CampaignId, JournalId, Language},
    utc::Utc,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sent to `devices/<id>/health` after each hello, each minute, and within two seconds after something in it has changed that
/// somebody should see to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The agent's version.
    pub version: String,
    /// Which run of the machine this is.
    pub boot: BootId,
    /// How long the agent has been running, in seconds.
    pub uptime_s: u64,
    /// The journal, and what waits in it.
    pub journal: JournalHealth,
    /// What visits are served from.
    pub held: HeldHealth,
    /// What the device refused since its start.
    pub refused: Refused,
    /// What was announced to the device, and why it does not hold that.
    pub unfollowed: Unfollowed,
    /// The disk the databases are on.
    pub disk: DiskHealth,
    /// The visits since the agent's start.
    pub visits: VisitHealth,
    /// The panel, if it is one that says how it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<PanelHealth>,
    /// The size of what it draws on, so that campaigns are tried on panels that are in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<PanelSize>,
    /// The last message that was on the glass.
    pub painted: Option<Painted>,
}

/// The journal, and what waits in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalHealth {
    /// Which journal.
    pub id: JournalId,
    /// The last sequence number recorded, 0 for none.
    pub recorded: u64,
    /// The last sequence number that the device knows to be safe, 0 for none.
    pub confirmed: u64,
    /// How long the oldest interaction that is not confirmed has waited, in seconds; none waits if this is not there.
    pub oldest_unconfirmed_s: Option<u64>,
    /// How many interactions had to be discarded before head office had them, since the journal began.
    pub discarded: u64,
    /// Whether room is held on the disk for the answers that come after it is full.
    pub reserve: bool,
    /// What a technician should see to.
    pub alarm: Option<String>,
}

/// What visits are served from; 0 stands for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldHealth {
    /// The epoch of the customers.
    pub epoch: u64,
    /// Their revision.
    pub revision: u64,
    /// How many rows they have.
    pub rows: u64,
    /// The revision of the campaigns.
    pub campaigns: u64,
}

/// What a device refused since its start.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// How often, for each reason there was.
    pub times: BTreeMap<RefusalReason, u64>,
    /// The last of them in words.
    pub last: Option<String>,
}

/// Why a message or a document was refused or not followed, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// It came on a topic that is none of the device's.
    Topic,
    /// It is not signed, or not by a key the device trusts.
    Signature,
    /// It is rightly signed or needs no signature, and is not what it should be.
    Malformed,
    /// It is for another tenant, shard, group, device or journal.
    Elsewhere,
    /// It is older than what the device holds.
    Old,
    /// What came is not what was signed or asked for.
    Mismatch,
    /// Its tokens were made with a key that the device does not have.
    TokenKey,
    /// The campaigns in it cannot be shown here.
    Campaigns,
    /// What it speaks of could not be had from head office.
    Unavailable,
    /// The cache could not keep it.
    Cache,
    /// There is too little room on the disk for it.
    Disk,
}

/// What was announced to a device, and why it does not hold that. Nothing, as soon as it follows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfollowed {
    /// The customers.
    pub customers: Option<UnfollowedCustomers>,
    /// The campaigns.
    pub campaigns: Option<UnfollowedCampaigns>,
}

/// Customers that are not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnfollowedCustomers {
    /// The epoch announced.
    pub epoch: u64,
    /// The revision announced.
    pub revision: u64,
    /// Why.
    pub reason: String,
}

/// Campaigns that are not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnfollowedCampaigns {
    /// The revision announced.
    pub revision: u64,
    /// Why.
    pub reason: String,
}

/// The disk the databases are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskHealth {
    /// What the agent may still write; not there if the system does not say.
    pub free_bytes: Option<u64>,
    /// Whether that is too little to fetch customers and campaigns.
    pub low: bool,
}

/// The visits since an agent's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitHealth {
    /// How many.
    pub count: u64,
    /// Facts that could not be recorded; anything but 0 is an alarm.
    pub unrecorded: u64,
    /// Views the panel refused.
    pub unpresented: u64,
}

/// The panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelHealth {
    /// Whether it can show anything; if not, the agent goes on trying.
    pub open: bool,
    /// What drives it, such as `drm`; nobody knows before it was open for the first time.
    pub driver: Option<String>,
    /// How often it failed since the agent's start, or could not be opened.
    pub failures: u64,
    /// Why, the last time.
    pub error: Option<String>,
}

/// A message that was really on the glass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Painted {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// In which language.
    pub language: Language,
    /// When.
    pub at: Utc,
    /// The checksum of the whole picture, 16 hexadecimal digits: what a rendering of the same message elsewhere must give.
    #[serde(with = "checksum")]
    pub checksum: u64,
}

/// The document is not a device's health.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// Larger than any.
    #[error("health has {size} bytes, over {}", limits::HEALTH, size = .0)]
    TooLarge(usize),
    /// Not the JSON it should be.
    #[error("health is not the json it should be")]
    Json(#[source] serde_json::Error),
    /// A text or version that is too long.
    #[error("health: {0} is too long")]
    Text(&'static str),
    /// No panel is of this size.
    #[error("health: no screen has {}x{} pixels", .0.width, .0.height)]
    Screen(PanelSize),
}

impl Health {
    /// As it travels.
    #[expect(clippy::expect_used, reason = "a struct of plain fields is always written")]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("health as json")
    }

    /// Reads it.
    ///
    /// # Errors
    /// Not the JSON it should be, or out of bounds.
    pub fn decode(payload: &[u8]) -> Result<Health, HealthError> {
        if payload.len() > limits::HEALTH {
            return Err(HealthError::TooLarge(payload.len()));
        }
        let health: Health = serde_json::from_slice(payload).map_err(HealthError::Json)?;
        if health.version.len() > limits::VERSION {
            return Err(HealthError::Text("version"));
        }
        let on_a_panel = |side: u32| (1..=limits::PANEL_SIDE).contains(&side);
        if let Some(size) = health.screen.filter(|size| !on_a_panel(size.width) || !on_a_panel(size.height)) {
            return Err(HealthError::Screen(size));
        }
        let Unfollowed { customers, campaigns } = &health.unfollowed;
        let texts = [
            ("alarm", health.journal.alarm.as_ref()),
            ("refused.last", health.refused.last.as_ref()),
            ("panel.driver", health.panel.as_ref().and_then(|panel| panel.driver.as_ref())),
            ("panel.error", health.panel.as_ref().and_then(|panel| panel.error.as_ref())),
            ("unfollowed.customers", customers.as_ref().map(|unfollowed| &unfollowed.reason)),
            ("unfollowed.campaigns", campaigns.as_ref().map(|unfollowed| &unfollowed.reason)),
        ];
        let long = |text: &String| text.chars().count() > limits::HEALTH_TEXT;
        let too_long = texts.into_iter().find(|(_, text)| text.is_some_and(long)).map(|(name, _)| name);
        too_long.map_or(Ok(health), |name| Err(HealthError::Text(name)))
    }
}

impl RefusalReason {
    /// Whether somebody else than head office must have spoken, or something happened to its documents on their way: no poor line, full
    /// disk or slow reader leads to it.
    pub fn is_foul(self) -> bool {
        match self {
            Self::Topic | Self::Signature | Self::Malformed | Self::Elsewhere | Self::Mismatch => true,
            Self::Old | Self::TokenKey | Self::Campaigns | Self::Unavailable | Self::Cache | Self::Disk => false,
        }
    }
}

/// A text as far as a health document takes it.
pub fn shortened(text: &str) -> String {
    text.chars().take(limits::HEALTH_TEXT).collect()
}

/// A checksum in hexadecimal digits: JSON's numbers end at 53 bits in some readers.
mod checksum {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(checksum: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{checksum:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        u64::from_str_radix(&String::deserialize(deserializer)?, 16).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// As long as it gets, in characters that take the most bytes.
    fn largest() -> Health {
        const REASONS: [RefusalReason; 11] = {
            use RefusalReason::*;
            [Topic, Signature, Malformed, Elsewhere, Old, Mismatch, TokenKey, Campaigns, Unavailable, Cache, Disk]
        };
        let text = shortened(&"\u{10348}".repeat(2 * limits::HEALTH_TEXT));
        let name = "n".repeat(64);
        Health {
            version: "9".repeat(limits::VERSION),
            boot: name.parse().unwrap(),
            uptime_s: u64::MAX,
            journal: JournalHealth {
                id: name.parse().unwrap(),
                recorded: u64::MAX,
                confirmed: u64::MAX,
                oldest_unconfirmed_s: Some(u64::MAX),
                discarded: u64::MAX,
                reserve: false,
                alarm: Some(text.clone()),
            },
            held: HeldHealth { epoch: u64::MAX, revision: u64::MAX, rows: u64::MAX, campaigns: u64::MAX },
            refused: Refused { times: REASONS.map(|reason| (reason, u64::MAX)).into(), last: Some(text.clone()) },
            unfollowed: Unfollowed {
                customers: Some(UnfollowedCustomers { epoch: u64::MAX, revision: u64::MAX, reason: text.clone() }),
                campaigns: Some(UnfollowedCampaigns { revision: u64::MAX, reason: text.clone() }),
            },
            disk: DiskHealth { free_bytes: Some(u64::MAX), low: false },
            visits: VisitHealth { count: u64::MAX, unrecorded: u64::MAX, unpresented: u64::MAX },
            panel: Some(PanelHealth { open: false, driver: Some(text.clone()), failures: u64::MAX, error: Some(text) }),
            screen: Some(PanelSize { width: limits::PANEL_SIDE, height: limits::PANEL_SIDE }),
            painted: Some(Painted {
                campaign: name.parse().unwrap(),
                language: "de".parse().unwrap(),
                at: Utc::from_millis(i64::MAX),
                checksum: u64::MAX,
            }),
        }
    }

    #[test]
    fn the_largest_health_is_read_back_as_it_was_written() {
        let health = largest();
        assert_eq!(Health::decode(&health.encode()).unwrap(), health);
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let mut health = largest();
        health.refused.last = Some("x".repeat(limits::HEALTH_TEXT + 1));
        assert!(Health::decode(&health.encode()).unwrap_err().to_string().contains("refused.last"));
        let health = Health { version: "9".repeat(limits::VERSION + 1), ..largest() };
        assert!(Health::decode(&health.encode()).is_err());
        for (width, height) in [(0, 768), (1_024, limits::PANEL_SIDE + 1)] {
            let health = Health { screen: Some(PanelSize { width, height }), ..largest() };
            assert!(Health::decode(&health.encode()).unwrap_err().to_string().contains("no screen has"));
        }
        assert!(Health::decode(&vec![b' '; limits::HEALTH + 1]).is_err());
        assert!(Health::decode(b"{}").is_err());
    }
}
