//! What a demo came to: the visits, and the reckoning between the device's journal and head office.

use serde::Serialize;
use touchpoint_protocol::{
    campaign::AnswerKind,
    name::{CampaignId, Segment},
};

/// The whole demo, as `report.json` has it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Every visit, in order.
    pub visits: Vec<Visit>,
    /// The device's side.
    pub journal: JournalSide,
    /// Head office's side.
    pub head_office: HeadOfficeSide,
    /// The first synchronisation.
    pub sync: Sync,
}

/// One visit.
#[derive(Debug, Clone, Serialize)]
pub struct Visit {
    /// Which, from 1.
    pub n: usize,
    /// What the customer brought.
    pub by: By,
    /// Their first segment; `None` for strangers.
    pub segment: Option<Segment>,
    /// What was decided.
    pub decision: Verdict,
    /// The campaign shown; if none was, the one that came nearest.
    pub campaign: Option<CampaignId>,
    /// Why none was shown.
    pub reason: Option<String>,
    /// How the showing ended.
    pub answer: Option<String>,
    /// The message that it followed at once, if it did.
    pub after: Option<After>,
    /// From the reading of the card to the picture on the glass, in microseconds.
    pub card_to_pixels_us: Option<u64>,
    /// Whether the device could reach head office.
    pub line: LineState,
}

/// A message that another one followed in the same visit.
#[derive(Debug, Clone, Serialize)]
pub struct After {
    /// Its campaign.
    pub campaign: Option<CampaignId>,
    /// What the customer answered.
    pub answer: AnswerKind,
}

/// What a customer brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A payment card, read from its stripe.
    Card,
    /// A loyalty number.
    Loyalty,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A message was on the glass.
    Shown,
    /// None was.
    NotShown,
}

/// Whether the device could reach head office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// It could.
    Up,
    /// The line was cut.
    Cut,
}

/// The device's side of the reckoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct JournalSide {
    /// Interactions recorded.
    pub recorded: u64,
    /// Of these, how many the device knows to be safe.
    pub confirmed: u64,
}

/// Head office's side of the reckoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeadOfficeSide {
    /// Interactions kept.
    pub received: u64,
    /// Of these, how many stand there twice.
    pub duplicates: u64,
    /// How many are missing between the first and the last.
    pub gaps: u64,
}

/// The first synchronisation.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Sync {
    /// Customers the device can be asked for, by their tokens.
    pub customers: u64,
    /// Campaigns in force.
    pub campaigns: u64,
    /// From the device's start to both being there, in seconds.
    pub seconds: f64,
}
