//! What the agent says of itself: to a technician, to the transaction application, to a developer at the simulator.

use serde::Serialize;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use touchpoint_protocol::{
    campaign::AnswerKind,
    health::{Painted, RefusalReason, Refused, Unfollowed, shortened},
    interaction::{Ending, Reason, Trigger},
    name::{CampaignId, Language, Segment, VisitId},
    utc::Utc,
};

use crate::{
    domain::{
        decide::{Decision, Verdict},
        moment::Moment,
    },
    panels::PanelStatus,
    visit::{Showing, Visit},
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
    /// How the panel is, if it is one that says so.
    pub panel: Option<PanelStatus>,
    /// The last message that was on the glass.
    pub painted: Option<Painted>,
    /// The visit that is going on, or the last one.
    pub visit: Option<VisitStatus>,
    /// The visits before that, the latest first; [`VisitLoop::LAST`] with it.
    pub before: VecDeque<VisitStatus>,
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
    /// That the machine serves nobody.
    OutOfOrder,
}

/// One visit.
#[derive(Debug, Clone, Serialize)]
pub struct VisitStatus {
    /// Which visit.
    pub visit: VisitId,
    /// When it began.
    pub at: Utc,
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
    /// What was decided, and what had called for it, from the first decision on.
    pub decisions: Vec<DecisionStatus>,
    /// Why each campaign won or lost in the last of them.
    pub verdicts: Vec<VerdictStatus>,
}

/// What was decided.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionStatus {
    /// What had called for a decision.
    pub trigger: Trigger,
    /// The campaign that was chosen; if none was, the one that came nearest.
    pub campaign: Option<CampaignId>,
    /// Why none was chosen.
    pub reason: Option<Reason>,
}

/// Why a campaign won or lost.
#[derive(Debug, Clone, Serialize)]
pub struct VerdictStatus {
    /// The campaign.
    pub campaign: CampaignId,
    /// `won`, `outranked`, or the reason why it lost.
    pub verdict: &'static str,
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
        VisitLoop {
            phase: Phase::Attract,
            visits: 0,
            unrecorded: 0,
            unpresented: 0,
            panel: None,
            painted: None,
            visit: None,
            before: VecDeque::new(),
        }
    }
}

impl VisitLoop {
    /// How many visits are told of: what somebody who complains at the counter may still speak of.
    pub const LAST: usize = 20;

    /// Tells what was decided, in a new visit or in the one that is going on.
    pub fn decided(&mut self, visit: &Visit, moment: &Moment, decision: &Decision<'_>) {
        match &mut self.visit {
            Some(told) if told.visit == visit.id => told.decided(moment, decision),
            told => {
                self.visits += 1;
                let mut new = VisitStatus::of(visit, moment);
                new.decided(moment, decision);
                if let Some(before) = told.replace(new) {
                    self.before.truncate(VisitLoop::LAST - 2);
                    self.before.push_front(before);
                }
            }
        }
    }
}

impl VisitStatus {
    fn of(visit: &Visit, moment: &Moment) -> VisitStatus {
        VisitStatus {
            visit: visit.id.clone(),
            at: moment.utc,
            known: visit.customer.is_some(),
            segment: visit.segment(),
            campaign: None,
            shown: false,
            language: None,
            answers: Vec::new(),
            reason: None,
            card_to_pixels_us: None,
            ending: None,
            showings: 0,
            decisions: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    fn decided(&mut self, moment: &Moment, decision: &Decision<'_>) {
        let (nearest, reason) = decision.nearest();
        let choice = decision.choice.as_ref();
        self.campaign = choice.map(|choice| &choice.campaign.id).or(nearest).cloned();
        self.reason = choice.is_none().then_some(reason);
        self.language = choice.map(|choice| choice.language.clone());
        self.verdicts = decision.verdicts.iter().map(VerdictStatus::of).collect();
        let (campaign, reason) = (self.campaign.clone(), self.reason);
        self.decisions.push(DecisionStatus { trigger: moment.trigger, campaign, reason });
    }

    /// The message is on the glass; `card_to_pixels` counts for the first time.
    pub fn shown(&mut self, showing: &Showing, card_to_pixels: Duration) {
        self.shown = true;
        self.showings += 1;
        self.ending = None;
        self.answers = showing.message.answers.clone();
        self.card_to_pixels_us.get_or_insert(u64::try_from(card_to_pixels.as_micros()).unwrap_or(u64::MAX));
    }
}

impl VerdictStatus {
    /// The verdict in a word.
    pub fn of((campaign, verdict): &(&CampaignId, Verdict<'_>)) -> VerdictStatus {
        let verdict = match verdict {
            Verdict::Won => "won",
            Verdict::Outranked => "outranked",
            Verdict::Lost(loss) => loss.reason().as_str(),
        };
        VerdictStatus { campaign: (*campaign).clone(), verdict }
    }
}
