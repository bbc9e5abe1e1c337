//! What there is to know of devices, journals and campaigns.

use crate::{office::Office, store::Rows};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};
use touchpoint_protocol::{
    name::{DeviceId, GroupId, JournalId, ShardId},
    utc::Utc,
};

/// Everything, of one moment. Prints for a person; a script takes its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Enrolled devices, by id.
    pub devices: Vec<DeviceLine>,
    /// Journals that something came from, by device.
    pub journals: Vec<JournalLine>,
    /// Interactions received, in all.
    pub interactions: u64,
    /// Facts that stand under two keys, found by comparing all of them; 0 unless something is broken.
    pub duplicates: u64,
    /// Deliveries of what was here already, in all.
    pub repeated: u64,
    /// Sequence numbers that are missing below the highest of their journal, in all.
    pub missing: u64,
    /// Interactions that devices had to discard before they could be delivered, in all.
    pub discarded: u64,
    /// Campaigns that were shown, by id.
    pub campaigns: BTreeMap<String, CampaignLine>,
    /// Shards from which customers were erased.
    pub erasures: Vec<ErasureLine>,
    /// Messages refused, by reason.
    pub refusals: Vec<RefusalLine>,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceLine {
    /// Which.
    pub device: DeviceId,
    /// Whose campaigns it runs.
    pub group: GroupId,
    /// Whose customers it holds.
    pub shard: ShardId,
    /// On the line, or not; unknown until it is first heard of.
    pub online: Option<bool>,
    /// The agent's version.
    pub version: Option<String>,
    /// Since when head office knows it so.
    pub since: Option<Utc>,
}

/// One journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalLine {
    /// Which.
    pub journal: JournalId,
    /// Whose.
    pub device: DeviceId,
    /// Interactions of it that are here.
    pub received: u64,
    /// The highest sequence number here.
    pub highest: u64,
    /// Sequence numbers up to it that are gone: the device's journal was full.
    pub discarded: u64,
    /// Sequence numbers up to it that are not here, for no reason that is known.
    pub missing: u64,
    /// Interactions of those received that were recorded while the line was down.
    pub backfill: u64,
    /// Up to and with this one nothing is missing.
    pub through: u64,
    /// Deliveries of what was here already.
    pub repeated: u64,
    /// Deliveries of what was here already and said something else.
    pub contradicted: u64,
}

/// One campaign.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CampaignLine {
    /// Times it was shown.
    pub showings: u64,
    /// Answers, by kind.
    pub answers: BTreeMap<String, u64>,
    /// Showings that ended without an answer, by how they ended.
    pub unanswered: BTreeMap<String, u64>,
}

/// Who was erased from one shard, and where they are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasureLine {
    /// The shard.
    pub shard: ShardId,
    /// How many customers are erased.
    pub customers: u64,
    /// Devices on which nothing is left of any of them.
    pub confirmed: Vec<DeviceId>,
    /// Devices that have not said so yet.
    pub waiting: Vec<DeviceId>,
}

/// One reason to refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalLine {
    /// Why.
    pub reason: String,
    /// How often.
    pub times: u64,
}

impl Office {
    /// Reads the report.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn report(&self) -> Result<Report, touchpoint_vault::Error> {
        Ok(self.store.report().await?.into())
    }
}

impl From<Rows> for Report {
    fn from(rows: Rows) -> Report {
        let mut campaigns = BTreeMap::<String, CampaignLine>::new();
        for (campaign, what, how, times) in rows.campaigns {
            let line = campaigns.entry(campaign).or_default();
            match what.as_str() {
                "shown" => line.showings = times,
                "answered" => drop(line.answers.insert(how, times)),
                _ => drop(line.unanswered.insert(how, times)),
            }
        }
        let mut erasures = Vec::<ErasureLine>::new();
        for (shard, customers, device) in rows.erasures {
            if erasures.last().is_none_or(|line| line.shard != shard) {
                erasures.push(ErasureLine { shard, customers, confirmed: Vec::new(), waiting: Vec::new() });
            }
            if let (Some(line), Some((device, confirmed))) = (erasures.last_mut(), device) {
                if confirmed { line.confirmed.push(device) } else { line.waiting.push(device) }
            }
        }
        let sum = |count: fn(&JournalLine) -> u64| rows.journals.iter().map(count).sum();
        Report {
            interactions: sum(|journal| journal.received),
            duplicates: rows.duplicates,
            repeated: sum(|journal| journal.repeated),
            missing: sum(|journal| journal.missing),
            discarded: sum(|journal| journal.discarded),
            campaigns,
            devices: rows.devices,
            journals: rows.journals,
            erasures,
            refusals: rows.refusals,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Devices")?;
        for line in &self.devices {
            let state = match line.online {
                Some(true) => "online",
                Some(false) => "offline",
                None => "never heard of",
            };
            write!(f, "  {:24} {:14} group {}, shard {}", line.device.as_str(), state, line.group, line.shard)?;
            if let (Some(since), Some(version)) = (&line.since, &line.version) {
                write!(f, ", since {since}, version {version}")?;
            }
            writeln!(f)?;
        }
        writeln!(f, "Interactions")?;
        writeln!(f, "  {} received, {} stored twice", self.interactions, self.duplicates)?;
        writeln!(
            f,
            "  {} repeated deliveries ignored, {} missing, {} discarded",
            self.repeated, self.missing, self.discarded
        )?;
        for line in self.journals.iter().filter(|line| line.missing + line.discarded + line.contradicted > 0) {
            let JournalLine { device, journal, missing, through, discarded, contradicted, .. } = line;
            write!(f, "  {device} journal {journal}: {missing} missing after {through}, ")?;
            writeln!(f, "{discarded} discarded, {contradicted} contradicted")?;
        }
        writeln!(f, "Campaigns")?;
        for (campaign, line) in &self.campaigns {
            write!(f, "  {campaign:24} shown {}", line.showings)?;
            for (how, times) in line.answers.iter().chain(&line.unanswered) {
                write!(f, ", {how} {times}")?;
            }
            writeln!(f)?;
        }
        if !self.erasures.is_empty() {
            writeln!(f, "Erasures")?;
        }
        for ErasureLine { shard, customers, confirmed, waiting } in &self.erasures {
            let (gone, all) = (confirmed.len(), confirmed.len() + waiting.len());
            write!(f, "  {:24} {customers} erased, confirmed by {gone} of {all} devices", shard.as_str())?;
            let mut before = "; not by ";
            for device in waiting {
                write!(f, "{before}{device}")?;
                before = ", ";
            }
            writeln!(f)?;
        }
        if !self.refusals.is_empty() {
            writeln!(f, "Refused")?;
        }
        self.refusals.iter().try_for_each(|line| writeln!(f, "  {:24} {}", line.reason, line.times))
    }
}
