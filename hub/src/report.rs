//! What there is to know of devices, journals and campaigns.

mod chart;
mod interval;
mod page;
mod print;
mod results;
mod told;

pub use interval::{Difference, Rate};
pub use results::{AnswerCount, By, OutcomeLine, ReasonLine, ResultLine, Results};
pub(crate) use results::{Counting, Outcome};
pub(crate) use told::Told;

use crate::{
    health::{HealthLine, age},
    office::Office,
    store::Rows,
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};
use touchpoint_protocol::{
    name::{DeviceId, GroupId, JournalId, ShardId},
    utc::Utc,
};

/// Everything, of one moment. Prints for a person; a script takes its JSON, a spreadsheet the CSV of its results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Which moment.
    pub at: Utc,
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
    /// How campaigns are doing, with what is certain about it.
    pub results: Results,
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
    /// How it is, if it has ever said.
    pub health: Option<HealthLine>,
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

    /// A report as a page of HTML.
    ///
    /// # Errors
    /// A chart cannot be drawn.
    pub fn page(&self, report: &Report) -> Result<String, fmt::Error> {
        report.page(self.tenant(), crate::office::now())
    }
}

impl From<Rows> for Report {
    fn from(rows: Rows) -> Report {
        let mut campaigns = BTreeMap::<String, CampaignLine>::new();
        for line in rows.results.lines.iter().filter(|line| line.by == By::All) {
            let campaign = campaigns.entry(line.campaign.clone()).or_default();
            campaign.showings += line.showings;
            for (kind, answer) in &line.answers {
                *campaign.answers.entry(kind.clone()).or_default() += answer.times;
            }
            for (how, times) in &line.unanswered {
                *campaign.unanswered.entry(how.clone()).or_default() += times;
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
            at: rows.at,
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
            results: rows.results,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.results)?;
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
            if let Some(HealthLine { received, trouble, .. }) = &line.health {
                let (how, said) = (trouble.as_deref().unwrap_or("ok"), age(*received, self.at));
                writeln!(f, "  {:24} {how} (said {said})", "")?;
            }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{Import, OnBadRows, store::Enrolment};
    use std::path::Path;
    use tempfile::TempDir;
    use touchpoint_protocol::utc::Utc;

    /// 2026-11-01T00:00:00Z.
    const BEGIN: i64 = 1_793_491_200_000;

    /// What a device with one visit a minute recorded, each visit one customer's: a tenth of them is held out from the loan, a quarter
    /// of the others accepts.
    fn facts(visits: u32, campaign: &'static str, accept: u32) -> impl Iterator<Item = String> {
        (0..visits).flat_map(move |visit| {
            let at = Utc::from_millis(BEGIN + i64::from(visit) * 60_000);
            // Anything that looks drawn.
            let lot = visit.wrapping_mul(2_654_435_761) >> 8;
            let variant = ["a", "b"][lot as usize % 2];
            let segment = ["gold", "student", "family"][lot as usize / 7 % 3];
            let trigger = ["arrival", "balance_enquiry"][lot as usize / 11 % 2];
            let answer = match lot / 64 % 100 {
                low if low < accept => r#"{"answered":"accept"}"#,
                low if low < 50 => r#"{"answered":"decline"}"#,
                low if low < 58 => r#"{"answered":"later"}"#,
                low if low < 80 => r#""time_up""#,
                _ => r#""customer_left""#,
            };
            let about = format!(r#""segment":"{segment}","trigger":"{trigger}""#);
            let told = match lot / 64 / 100 % 10 {
                0 => vec![format!(r#"{{"held_out":{{"campaign":"{campaign}",{about}}}}}"#)],
                1 => vec![r#"{"not_shown":{"reason":"no_consent","campaign":null,"trigger":"arrival"}}"#.to_owned()],
                _ => vec![
                    format!(
                        r#"{{"shown":{{"campaign":"{campaign}","variant":"{variant}","language":"en",{about}}}}}"#
                    ),
                    format!(
                        r#"{{"ended":{{"campaign":"{campaign}","variant":"{variant}","ending":{answer},"dwell_ms":9}}}}"#
                    ),
                ],
            };
            told.into_iter().enumerate().map(move |(nth, fact)| {
                let at = format!(
                    r#"{{"utc":"{at}","boot":"b0","since_boot_ms":{},"clock":"synchronised"}}"#,
                    visit * 1_000 + nth as u32
                );
                let customer = visit + 1;
                format!(
                    r#"{{"sequence":1,"visit":"v{visit}","at":{at},"customer":{customer},"backfill":false,"fact":{fact}}}"#
                )
            })
        })
    }

    async fn office(folder: &TempDir) -> Office {
        let broker = "mqtt://127.0.0.1:1".parse().unwrap();
        let office = crate::init(folder.path(), &"acme".parse().unwrap(), &broker).unwrap();
        for (device, group) in [("kiosk-1", "branches"), ("kiosk-2", "airport")] {
            let enrolment = Enrolment { group: group.parse().unwrap(), shard: "all".parse().unwrap() };
            office.store.register(&device.parse().unwrap(), &enrolment, Utc::from_millis(0)).await.unwrap();
        }
        office
    }

    #[tokio::test]
    async fn a_report_says_who_accepted_and_what_a_campaign_was_good_for() {
        let (folder, visits) = (TempDir::new().unwrap(), 2_000);
        let office = office(&folder).await;
        // Nobody's key sorts another way than their number.
        let rows: String = (1..=visits).map(|number| format!("c{number:07},,L{number},,,,\n")).collect();
        let header = "customer,card_number,loyalty_number,segments,language,marketing_consent,first_name\n";
        let rows = std::io::Cursor::new(format!("{header}{rows}"));
        let how: Import = OnBadRows::Refuse.into();
        office.import(&"all".parse().unwrap(), Path::new("c.csv"), rows, how).await.unwrap();
        office.store.tell("kiosk-1", "j1", facts(visits, "loan", 25)).await;
        office.store.tell("kiosk-2", "j2", facts(visits / 2, "card", 12)).await;
        let signed = (1..=visits).filter(|number| number % 9 == 0 || number % 7 == 0);
        let outcomes: String = signed.map(|number| format!("c{number:07},loan,2026-12-24\n")).collect();
        let outcomes = format!("customer,campaign,at\n{outcomes}nobody,loan,2026-12-24\n");
        let import =
            async || office.outcomes(Path::new("o.csv"), std::io::Cursor::new(outcomes.clone())).await.unwrap();
        let (first, again) = (import().await, import().await);
        assert_eq!((first.strangers, first.new, again.new), (1, first.rows - 1, 0));
        assert_eq!(first.problems[0].to_string(), format!("o.csv:{}: customer: was never imported", first.rows + 1));

        let report = office.report().await.unwrap();
        let loan = || report.results.lines.iter().filter(|line| line.campaign == "loan");
        let all: Vec<&ResultLine> = loan().filter(|line| line.by == By::All).collect();
        assert_eq!(all.iter().map(|line| line.variant.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let count = |by, field: fn(&ResultLine) -> u64| loan().filter(|line| line.by == by).map(field).sum::<u64>();
        let accepted = |line: &ResultLine| line.answers["accept"].times;
        for by in [By::Segment, By::Group, By::Trigger] {
            let (people, showings) = (|line: &ResultLine| line.people, |line: &ResultLine| line.showings);
            for field in [people as fn(&ResultLine) -> u64, showings, accepted] {
                assert_eq!(count(by, field), count(By::All, field), "{by:?}");
            }
        }
        assert_eq!(report.campaigns["loan"].showings, count(By::All, |line| line.showings));
        let rate = all[0].answers["accept"].rate.unwrap();
        assert!((0.20..0.30).contains(&rate.share), "{rate:?}");
        let [card, .., whole, a, b] = &report.results.outcomes[..] else { panic!("{:?}", report.results.outcomes) };
        assert_eq!((card.campaign.as_str(), card.reached.unwrap().people), ("card", 0));
        let (reached, held_out) = (whole.reached.unwrap(), whole.held_out.unwrap());
        assert_eq!(reached.of, a.reached.unwrap().of + b.reached.unwrap().of);
        assert!(whole.difference.is_some() && held_out.of > 100 && a.held_out == whole.held_out);
        assert!((0.2..0.3).contains(&reached.share) && (0.1..0.4).contains(&held_out.share), "{whole:?}");

        let page = office.page(&report).unwrap();
        assert_eq!((page.matches("<svg").count(), page.matches("<svg role=\"img\" aria-label=").count()), (7, 7));
        assert!(page.matches("<caption>").count() >= 7 && !page.contains("<script") && !page.contains("http://127"));
        let mut csv = Vec::new();
        report.results.write_csv(&mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        assert!(csv.starts_with("campaign,variant,by,of,measure,count,people,share,low,high\n"));
        assert!(csv.contains("\nloan,,all,,\"outcome, held out\","), "{csv}");
        assert!(report.to_string().contains("    difference   "), "{report}");
    }
}
