//! What was said to a customer before, and what they answered.

use touchpoint_protocol::{campaign::AnswerKind, name::CampaignId, utc::Utc};

/// One earlier contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// About which campaign.
    pub campaign: CampaignId,
    /// When, by the clock of the machine where it happened.
    pub at: Utc,
    /// What happened.
    pub what: ContactKind,
}

/// What an earlier contact was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactKind {
    /// The message was on the glass.
    Shown,
    /// The customer answered it.
    Answered(AnswerKind),
}
