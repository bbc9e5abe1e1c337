//! The reckoning: has head office exactly what the device recorded?

use super::{DemoError, HeadOfficeSide, JournalSide};
use crate::machine;
use touchpoint_agent::config::Config;
use touchpoint_hub::Office;
use touchpoint_protocol::{interaction::Interaction, limits, name::JournalId};

/// Both sides, and whether they agree row by row.
pub(super) struct Reckoning {
    pub(super) journal: JournalSide,
    pub(super) head_office: HeadOfficeSide,
    /// What does not agree, for a person to read.
    pub(super) differences: Vec<String>,
}

/// Compares the journal of a device that does not run with head office's database.
pub(super) async fn reckon(config: &Config, office: &Office) -> Result<Reckoning, DemoError> {
    let (id, journal, recorded) = recorded(config).await?;
    let (report, received) = (office.report().await, office.interactions().await);
    let (report, received) = (report.map_err(DemoError::Store)?, received.map_err(DemoError::Store)?);
    let head_office =
        HeadOfficeSide { received: report.interactions, duplicates: report.duplicates, gaps: report.missing };
    let differences = differences(&id, &recorded, &received, journal, head_office);
    Ok(Reckoning { journal, head_office, differences })
}

/// Everything the device's journal holds.
async fn recorded(config: &Config) -> Result<(JournalId, JournalSide, Vec<Interaction>), DemoError> {
    let device = machine::open(config).await?;
    let journal = device.journal();
    let state = journal.state().borrow().clone();
    let mut all: Vec<Interaction> = Vec::new();
    loop {
        let last = all.last().map_or(0, |interaction| interaction.sequence);
        let next = journal.after(last, limits::BATCH).await?;
        if next.is_empty() {
            device.close().await?;
            let side = JournalSide { recorded: state.recorded, confirmed: state.confirmed };
            return Ok((state.id, side, all));
        }
        all.extend(next);
    }
}

fn differences(
    id: &JournalId,
    recorded: &[Interaction],
    received: &[(JournalId, Interaction)],
    journal: JournalSide,
    head_office: HeadOfficeSide,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut equal = |what: &str, is: u64, should_be: u64| {
        if is != should_be {
            found.push(format!("{what}: {is}, not {should_be}"));
        }
    };
    equal("rows in the journal", recorded.len() as u64, journal.recorded);
    equal("interactions the device knows to be safe", journal.confirmed, journal.recorded);
    equal("interactions at head office", head_office.received, journal.recorded);
    equal("rows at head office", received.len() as u64, journal.recorded);
    equal("duplicates", head_office.duplicates, 0);
    equal("gaps", head_office.gaps, 0);
    let differ = |(here, there): &(&Interaction, &(JournalId, Interaction))| **here != there.1 || there.0 != *id;
    let pairs = recorded.iter().zip(received).filter(differ);
    found.extend(pairs.map(|(here, _)| format!("interaction {} is another at head office", here.sequence)));
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;
    use touchpoint_agent::clock::Clock;
    use touchpoint_protocol::interaction::{Fact, Reason, Trigger};

    fn interaction(sequence: u64, reason: Reason) -> Interaction {
        let fact = Fact::NotShown { reason, campaign: None, trigger: Trigger::Arrival };
        Interaction {
            sequence,
            visit: "v1".parse().unwrap(),
            at: SimulatedClock::new().now(),
            customer: None,
            backfill: false,
            fact,
        }
    }

    fn found(received: &[Interaction]) -> Vec<String> {
        let id: JournalId = "j1".parse().unwrap();
        let recorded = [interaction(1, Reason::HeldOut), interaction(2, Reason::NoTime)];
        let received: Vec<_> = received.iter().map(|interaction| (id.clone(), interaction.clone())).collect();
        let journal = JournalSide { recorded: 2, confirmed: 2 };
        let head_office = HeadOfficeSide { received: received.len() as u64, duplicates: 0, gaps: 0 };
        differences(&id, &recorded, &received, journal, head_office)
    }

    #[test]
    fn the_same_rows_agree() {
        assert!(found(&[interaction(1, Reason::HeldOut), interaction(2, Reason::NoTime)]).is_empty());
    }

    #[test]
    fn a_row_that_is_missing_or_says_something_else_does_not() {
        assert!(!found(&[interaction(1, Reason::HeldOut)]).is_empty());
        let changed = found(&[interaction(1, Reason::HeldOut), interaction(2, Reason::Capped)]);
        assert_eq!(changed, ["interaction 2 is another at head office"]);
    }
}
