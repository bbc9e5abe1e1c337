//! What is worth telling on a terminal, a line each.

use crate::desk::{ProblemLine, State};

/// All of it; whoever prints it leaves out what was there before.
pub(super) fn lines(state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(visit) = &state.visit {
        let who = state.kiosk.customer.as_deref().unwrap_or("somebody");
        let campaign = visit.campaign.as_ref().map_or("nothing", |campaign| campaign.as_str());
        lines.push(match (visit.reason, visit.ending) {
            (Some(reason), _) => format!("visit {}: {who} is shown nothing: {reason}", visit.visit),
            (None, Some(ending)) => format!("visit {}: {campaign} ended: {ending}", visit.visit),
            (None, None) => format!("visit {}: {who} is shown {campaign}", visit.visit),
        });
    }
    let journal = &state.journal;
    lines.push(format!("journal: {} recorded, {} safe at head office", journal.recorded, journal.confirmed));
    let connected = state.line.as_ref().is_some_and(|line| line.connected);
    lines.push(format!("line: {}", if connected { "up" } else { "down" }));
    lines.push(format!("customers and campaigns: {}", if is_whole(state) { "all there" } else { "on their way" }));
    lines.push(format!("campaigns: revision {} published from {}", state.office.campaigns, state.office.folder));
    lines.extend(state.faults.iter().filter(|fault| fault.on).map(|fault| format!("{}: {}", fault.title, fault.means)));
    lines.extend(state.office.problems.iter().map(problem));
    lines
}

/// Whether the device holds what head office has.
pub(super) fn is_whole(state: &State) -> bool {
    let (line, office) = (&state.line, &state.office);
    line.as_ref().is_some_and(|line| (line.customers, line.campaigns) == (office.customers, office.campaigns))
}

/// What is to be put right in a file, and where.
pub(super) fn problem(problem: &ProblemLine) -> String {
    let place = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
    let key = problem.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
    format!("{}{place}: {key}{}", problem.file, problem.what)
}
