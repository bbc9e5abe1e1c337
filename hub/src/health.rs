//! How devices are: the latest word of each, and its first trouble in words.

use crate::{
    answer::Unanswered,
    office::{Office, now},
};
use serde::Serialize;
use touchpoint_link::Message;
use touchpoint_protocol::{
    health::{Health, RefusalReason},
    name::DeviceId,
    utc::Utc,
};
use tracing::debug;

/// How long a device on the line may say nothing, in milliseconds: three of its minutes.
const SILENCE_MS: i64 = 3 * 60 * 1000;

/// How long an interaction may wait on a device, in seconds. A day without a line is nothing unusual, more is.
const WAITING_S: u64 = 24 * 60 * 60;

/// How a device is, as far as head office knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthLine {
    /// When it was said.
    pub received: Utc,
    /// The first thing that somebody should see to; nothing, if all is well.
    pub trouble: Option<String>,
    /// All that was said.
    pub said: Health,
}

impl Office {
    /// Keeps what a device says of itself, in place of what it said before.
    pub(crate) async fn health(&self, device: &DeviceId, message: &Message) -> Result<Option<Message>, Unanswered> {
        let health = Health::decode(&message.payload).map_err(Unanswered::Health)?;
        debug!(%device, uptime_s = health.uptime_s, "health");
        self.store.record_health(device, health, now()).await.map_err(Unanswered::Store)?;
        Ok(None)
    }
}

impl HealthLine {
    /// What was said then, as it looks now.
    pub(crate) fn new(said: Health, received: Utc, online: Option<bool>, now: Utc) -> HealthLine {
        let silent = online == Some(true) && now.as_millis() - received.as_millis() > SILENCE_MS;
        let silence = || silent.then(|| "it is on the line, and says nothing".to_owned());
        HealthLine { received, trouble: trouble(&said).or_else(silence), said }
    }
}

/// The first trouble of a device, the worst first.
fn trouble(health: &Health) -> Option<String> {
    let Health { journal, unfollowed, refused, disk, visits, panel, .. } = health;
    let some = |count: u64| Some(count).filter(|&count| count > 0);
    let foul: u64 = refused.times.iter().filter(|(reason, _)| RefusalReason::is_foul(**reason)).map(|(_, n)| n).sum();
    let waiting = journal.oldest_unconfirmed_s.filter(|&seconds| seconds > WAITING_S);
    let troubles = [
        journal.alarm.clone(),
        some(visits.unrecorded).map(|facts| format!("{facts} facts could not be recorded")),
        panel.as_ref().filter(|panel| !panel.open).map(|panel| {
            format!("the panel shows nothing: {}", panel.error.as_deref().unwrap_or("it is being opened"))
        }),
        disk.free_bytes.filter(|_| disk.low).map(|free| format!("the disk is nearly full: {free} bytes are free")),
        (!journal.reserve).then(|| "no room is held on the disk for the next answers".to_owned()),
        unfollowed.campaigns.as_ref().map(|campaigns| {
            format!("campaigns revision {} are not followed: {}", campaigns.revision, campaigns.reason)
        }),
        unfollowed.customers.as_ref().map(|customers| {
            let (epoch, revision) = (customers.epoch, customers.revision);
            format!("customers epoch {epoch} revision {revision} are not followed: {}", customers.reason)
        }),
        some(visits.unpresented).map(|views| format!("the panel refused {views} views")),
        waiting.map(|seconds| format!("an interaction has waited for {} h", seconds / 3600)),
        some(foul).map(|times| {
            format!(
                "it refused {times} messages, the last thing it refused: {}",
                refused.last.as_deref().unwrap_or("-")
            )
        }),
        some(journal.discarded).map(|lost| format!("{lost} interactions had to be discarded")),
    ];
    troubles.into_iter().flatten().next()
}

/// How long ago that was, for a person.
pub(crate) fn age(then: Utc, now: Utc) -> String {
    let seconds = (now.as_millis() - then.as_millis()).max(0) / 1000;
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use touchpoint_protocol::health::{
        DiskHealth, HeldHealth, JournalHealth, PanelHealth, Refused, Unfollowed, UnfollowedCampaigns, VisitHealth,
    };

    fn well() -> Health {
        Health {
            version: "1.0.0".to_owned(),
            boot: "b1".parse().unwrap(),
            uptime_s: 60,
            journal: JournalHealth {
                id: "j1".parse().unwrap(),
                recorded: 9,
                confirmed: 7,
                oldest_unconfirmed_s: Some(3),
                discarded: 0,
                reserve: true,
                alarm: None,
            },
            held: HeldHealth { epoch: 1, revision: 0, rows: 3, campaigns: 1 },
            refused: Refused::default(),
            unfollowed: Unfollowed::default(),
            disk: DiskHealth { free_bytes: Some(1 << 40), low: false },
            visits: VisitHealth { count: 4, unrecorded: 0, unpresented: 0 },
            panel: Some(PanelHealth { open: true, driver: Some("drm".to_owned()), failures: 0, error: None }),
            screen: None,
            painted: None,
        }
    }

    fn line(health: Health, online: bool, age_ms: i64) -> Option<String> {
        let now = Utc::from_millis(1_795_253_400_000);
        HealthLine::new(health, now.plus_millis(-age_ms), Some(online), now).trouble
    }

    #[test]
    fn a_device_is_well_until_something_is_wrong_and_the_worst_is_named() {
        assert_eq!(line(well(), true, 60_000), None);
        let mut ill = well();
        ill.refused.times = [(RefusalReason::Unavailable, 3), (RefusalReason::Old, 1)].into();
        assert_eq!(line(ill.clone(), true, 0), None, "a poor line is no trouble of the device");
        ill.refused.times.insert(RefusalReason::Signature, 2);
        assert!(line(ill.clone(), true, 0).unwrap().starts_with("it refused 2 messages"));
        ill.unfollowed.campaigns = Some(UnfollowedCampaigns { revision: 7, reason: "too large".to_owned() });
        assert_eq!(line(ill.clone(), true, 0).unwrap(), "campaigns revision 7 are not followed: too large");
        ill.panel = Some(PanelHealth { open: false, driver: None, failures: 1, error: Some("unplugged".to_owned()) });
        assert_eq!(line(ill.clone(), true, 0).unwrap(), "the panel shows nothing: unplugged");
        ill.journal.alarm = Some("a damaged journal".to_owned());
        assert_eq!(line(ill, true, 0).unwrap(), "a damaged journal");
    }

    #[test]
    fn a_device_on_the_line_that_says_nothing_is_not_well() {
        assert_eq!(line(well(), true, SILENCE_MS + 1).unwrap(), "it is on the line, and says nothing");
        assert_eq!(line(well(), false, SILENCE_MS + 1), None, "offline, and that is said elsewhere");
    }

    #[test]
    fn ages_are_said_in_the_unit_a_person_would_use() {
        let now = Utc::from_millis(1_795_253_400_000);
        let said = [-5, 12, 300, 10_000, 400_000].map(|seconds| age(now.plus_millis(-seconds * 1000), now));
        assert_eq!(said, ["0 s ago", "12 s ago", "5 min ago", "2 h ago", "4 d ago"]);
    }
}
