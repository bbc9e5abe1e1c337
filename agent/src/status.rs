//! What the agent says of itself: to a technician, to the transaction application, to a developer at the simulator.

use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use touchpoint_protocol::{
    campaign::AnswerKind,
    health::{Painted, RefusalReason, Refused, Unfollowed, shortened},
    interaction::{Ending, Reason},
    name::{CampaignId, Language, Segment, VisitId},
};

use crate::domain::{
    customer::Customer,
    decide::{Decision, Verdict},
};

/// What the visit loop is doing.
#[derive(Debug, Clone, Serialize)]
pub struct VisitLoop {
    /// What is on the glass.
    pub phase: Phase,
    /// How many visits there were since the start.
    pub visits: u64,
    /// Facts that could not be recorded since the start; anything but 0 is an alarm.
    pub unrecorded: u64,
    /// Views the panel refused since the start.
    pub unpresented: u64,
    /// The last message that was on the glass.
    pub painted: Option<Painted>,
    /// The visit that is going on, or the last one.
    pub visit: Option<VisitStatus>,
}

/// What is on the glass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The invitation; nobody is served.
    Attract,
    /// A message.
    Showing,
    /// Nothing, because PIN entry may be active.
    PinEntry,
    /// The thanks after an answer.
    Thanks,
}

/// One visit.
#[derive(Debug, Clone, Serialize)]
pub struct VisitStatus {
    /// Which visit.
    pub visit: VisitId,
    /// Whether the device knows the customer.
    pub known: bool,
    /// Their first segment.
    pub segment: Option<Segment>,
    /// The campaign that was chosen; if none was, the one that came nearest.
    pub campaign: Option<CampaignId>,
    /// Whether its message was on the glass.
    pub shown: bool,
    /// In which language.
    pub language: Option<Language>,
    /// What the customer may answer.
    pub answers: Vec<AnswerKind>,
    /// Why nothing was shown.
    pub reason: Option<Reason>,
    /// From the reading of the card to the picture on the glass, in microseconds.
    pub card_to_pixels_us: Option<u64>,
    /// How the last showing ended.
    pub ending: Option<Ending>,
    /// How many showings there were.
    pub showings: u32,
    /// Why each campaign won or lost.
    pub verdicts: Vec<VerdictStatus>,
}

/// Why a campaign won or lost.
#[derive(Debug, Clone, Serialize)]
pub struct VerdictStatus {
    /// The campaign.
    pub campaign: CampaignId,
    /// `won`, `outranked`, or the reason why it lost.
    pub verdict: String,
}

/// What the two loops on the line are doing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LineStatus {
    /// Whether the broker has accepted the device.
    pub connected: bool,
    /// Why the last connection ended, or could not be made.
    pub last_error: Option<String>,
    /// Messages and documents refused since the start: unsigned, wrongly signed, malformed, out of date, not for this device.
    pub refused: u64,
    /// How many of them there were for each reason.
    pub refusals: BTreeMap<RefusalReason, u64>,
    /// The last of those refusals.
    pub last_refusal: Option<String>,
    /// What was announced, and why the device does not hold it.
    pub unfollowed: Unfollowed,
    /// The epoch of the customers that visits are served from.
    pub epoch: u64,
    /// How far they were changed since that epoch's snapshot.
    pub revision: u64,
    /// How many tokens they have.
    pub customers: u64,
    /// How far it knows what was said to customers at any machine: a position of the contact log.
    pub contacts: u64,
    /// The revision of the campaigns in force.
    pub campaigns: u64,
}

impl LineStatus {
    /// Counts and names what was refused.
    pub fn refuse(&mut self, reason: RefusalReason, error: &str) {
        self.refused += 1;
        *self.refusals.entry(reason).or_default() += 1;
        self.last_refusal = Some(shortened(error));
    }

    /// The same, as head office is told.
    pub fn refusals(&self) -> Refused {
        Refused { times: self.refusals.clone(), last: self.last_refusal.clone() }
    }
}

impl Default for VisitLoop {
    fn default() -> Self {
        VisitLoop { phase: Phase::Attract, visits: 0, unrecorded: 0, unpresented: 0, painted: None, visit: None }
    }
}

impl VisitStatus {
    /// What is told once it is decided what to show.
    pub fn of(visit: &VisitId, customer: Option<&Customer>, decision: &Decision<'_>) -> VisitStatus {
        let (nearest, reason) = decision.nearest();
        let choice = decision.choice.as_ref();
        VisitStatus {
            visit: visit.clone(),
            known: customer.is_some(),
            segment: customer.and_then(Customer::segment).cloned(),
            campaign: choice.map(|choice| &choice.campaign.id).or(nearest).cloned(),
            shown: false,
            language: choice.map(|choice| choice.language.clone()),
            answers: Vec::new(),
            reason: choice.is_none().then_some(reason),
            card_to_pixels_us: None,
            ending: None,
            showings: 0,
            verdicts: decision.verdicts.iter().map(VerdictStatus::of).collect(),
        }
    }

    /// The message is on the glass; `card_to_pixels` counts for the first time.
    pub fn shown(&mut self, answers: &[AnswerKind], card_to_pixels: Duration) {
        self.shown = true;
        self.showings += 1;
        self.answers = answers.to_vec();
        self.card_to_pixels_us.get_or_insert(u64::try_from(card_to_pixels.as_micros()).unwrap_or(u64::MAX));
    }
}

impl VerdictStatus {
    fn of((campaign, verdict): &(&CampaignId, Verdict<'_>)) -> VerdictStatus {
        let verdict = match verdict {
            Verdict::Won => "won".to_owned(),
            Verdict::Outranked => "outranked".to_owned(),
            Verdict::Lost(loss) => loss.reason().to_string(),
        };
        VerdictStatus { campaign: (*campaign).clone(), verdict }
    }
}
