//! Everything that can be seen at the desk, as one document.

use super::{Fault, command::SetUp, log, samples::About};
use serde::Serialize;
use touchpoint_agent::{
    journal::JournalState,
    status::{LineStatus, Phase, VisitLoop, VisitStatus},
};
use touchpoint_hub::{Place, Problem};
use touchpoint_protocol::{
    interaction::{Ending, Fact, Interaction, Reason},
    name::CampaignId,
    utc::Utc,
};

/// The desk at a glance.
#[derive(Debug, Clone, Serialize)]
pub struct State {
    /// The machine.
    pub kiosk: Kiosk,
    /// The visit that is going on, or the last one.
    pub visit: Option<VisitStatus>,
    /// Why each campaign won or lost in its last decision.
    pub verdicts: Vec<VerdictLine>,
    /// The visits so far, the latest first.
    pub visits: Vec<VisitLine>,
    /// The device's journal.
    pub journal: Journal,
    /// The device's end of the line; nothing while it has no power.
    pub line: Option<LineStatus>,
    /// Head office.
    pub office: Office,
    /// Every fault there is.
    pub faults: Vec<FaultLine>,
    /// The sample customers.
    pub customers: Vec<About>,
    /// The script that is played, if one is.
    pub script: Vec<StepLine>,
    /// The end of the log.
    pub log: Vec<log::Line>,
}

/// The machine.
#[derive(Debug, Clone, Serialize)]
pub struct Kiosk {
    /// What the agent is doing; nothing if it has no power.
    pub phase: Option<Phase>,
    /// Its screen, in pixels.
    pub screen: [u32; 2],
    /// The keys at the left of the glass, in thousandths of its height from the top.
    pub left: Vec<u16>,
    /// The same at the right.
    pub right: Vec<u16>,
    /// How it is set up.
    pub set_up: SetUp,
    /// By how many milliseconds its clock is ahead of this machine's.
    pub clock_ahead: i64,
    /// Who stands before it.
    pub customer: Option<String>,
    /// Whether PIN entry may be active.
    pub pin_entry: bool,
    /// Pictures that the panel refused since the agent started.
    pub unpresented: u64,
    /// Facts that could not be recorded since the agent started.
    pub unrecorded: u64,
}

/// Why a campaign won or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictLine {
    /// The campaign.
    pub campaign: CampaignId,
    /// `won`, `outranked`, or the reason why it lost.
    pub verdict: &'static str,
    /// The same for a person, with what would have to change.
    pub why: Option<String>,
}

/// One visit.
#[derive(Debug, Clone, Serialize)]
pub struct VisitLine {
    /// When.
    pub at: Utc,
    /// Whether the device knew who came.
    pub known: bool,
    /// The campaign that was chosen, or came nearest.
    pub campaign: Option<CampaignId>,
    /// Why nothing was shown.
    pub reason: Option<Reason>,
    /// How the last showing ended.
    pub ending: Option<Ending>,
}

/// The journal.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Journal {
    /// Interactions recorded.
    pub recorded: u64,
    /// Of these, how many are safe at head office.
    pub confirmed: u64,
    /// How many are not.
    pub waiting: u64,
    /// How many had to be discarded.
    pub discarded: u64,
    /// Whether room is held for answers that come after the disk is full.
    pub reserve: bool,
    /// What a technician should see to.
    pub alarm: Option<String>,
    /// The last of them, the latest first.
    pub last: Vec<FactLine>,
}

/// One interaction.
#[derive(Debug, Clone, Serialize)]
pub struct FactLine {
    /// Its sequence number.
    pub sequence: u64,
    /// When.
    pub at: Utc,
    /// What.
    pub what: String,
}

/// Head office.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Office {
    /// Whether it serves devices.
    pub serving: bool,
    /// How many tokens the device should hold.
    pub customers: u64,
    /// The revision of campaigns it has published.
    pub campaigns: u64,
    /// Where the campaign files are, which are published whenever they change.
    pub folder: String,
    /// Why they are not published as they are now; empty if they are.
    pub problems: Vec<ProblemLine>,
    /// What is doubtful about them.
    pub warnings: Vec<ProblemLine>,
}

/// Something to put right in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemLine {
    /// Which file, without its folder.
    pub file: String,
    /// Where in it.
    pub line: Option<u64>,
    /// Which key.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// A fault, there or not.
#[derive(Debug, Clone, Serialize)]
pub struct FaultLine {
    /// Which.
    pub fault: Fault,
    /// What its switch is called.
    pub title: &'static str,
    /// What it does.
    pub means: &'static str,
    /// Whether it is there.
    pub on: bool,
    /// Why it cannot be had here.
    pub unavailable: Option<String>,
}

/// A step of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepLine {
    /// What is done, or expected.
    pub what: String,
    /// How it went, once it has.
    pub outcome: Option<Result<(), String>>,
}

impl Journal {
    /// How far the journal is.
    pub(super) fn of(state: &JournalState, last: Vec<FactLine>) -> Journal {
        let JournalState { recorded, confirmed, discarded, reserve, alarm, .. } = state.clone();
        let waiting = recorded.saturating_sub(confirmed);
        Journal { recorded, confirmed, waiting, discarded, reserve, alarm, last }
    }
}

impl VisitLine {
    /// The visits of a loop, the latest first.
    pub(super) fn all(visits: &VisitLoop) -> Vec<VisitLine> {
        visits.visit.iter().chain(&visits.before).map(VisitLine::of).collect()
    }

    fn of(visit: &VisitStatus) -> VisitLine {
        let VisitStatus { at, known, campaign, reason, ending, .. } = visit;
        VisitLine { at: *at, known: *known, campaign: campaign.clone(), reason: *reason, ending: *ending }
    }
}

impl FactLine {
    /// An interaction in words.
    pub(super) fn of(interaction: &Interaction) -> FactLine {
        let what = match &interaction.fact {
            Fact::NotShown { reason, campaign: Some(campaign), .. } => format!("not shown: {campaign}, {reason}"),
            Fact::NotShown { reason, campaign: None, .. } => format!("not shown: {reason}"),
            Fact::HeldOut { campaign, .. } => format!("held out: {campaign}"),
            Fact::Shown { campaign, language, .. } => format!("shown: {campaign} in {language}"),
            Fact::Ended { campaign, ending, dwell_ms, .. } => {
                format!("ended: {campaign}, {ending} after {:.1} s", f64::from(*dwell_ms) / 1000.0)
            }
            Fact::Discarded { through } => format!("discarded: through {through}"),
            Fact::Erased { through_position } => format!("erased: through position {through_position}"),
        };
        FactLine { sequence: interaction.sequence, at: interaction.at.utc, what }
    }
}

impl From<&Problem> for ProblemLine {
    fn from(problem: &Problem) -> ProblemLine {
        let Problem { file, place, key, what } = problem;
        let file = file.file_name().unwrap_or(file.as_os_str()).display().to_string();
        ProblemLine { file, line: place.map(|Place { line, .. }| line), key: key.clone(), what: what.clone() }
    }
}
