//! First question: is this the time, and is this the place?

use super::verdict::Loss;
use crate::domain::moment::Moment;
use touchpoint_protocol::{campaign::Campaign, zone::Local};

/// Why this is not the moment of a campaign, if it is not; `local` is what its clock says.
pub(super) fn check<'a>(campaign: &'a Campaign, moment: &Moment, local: Local) -> Result<(), Loss<'a>> {
    let schedule = &campaign.schedule;
    if let Some(from) = schedule.from.filter(|from| moment.utc < *from) {
        return Err(Loss::NotYet { from });
    }
    if let Some(until) = schedule.until.filter(|until| moment.utc >= *until) {
        return Err(Loss::Over { until });
    }
    if !schedule.day_parts.is_empty() && !schedule.day_parts.iter().any(|part| part.holds(local)) {
        return Err(Loss::OutsideDayParts(&schedule.day_parts));
    }
    match campaign.smallest_panel {
        Some(panel) if moment.panel.width < panel.width || moment.panel.height < panel.height => {
            Err(Loss::PanelTooSmall(panel))
        }
        _ => Ok(()),
    }
}
