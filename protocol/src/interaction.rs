//! One recorded fact of a visit. The journal keeps it, head office receives it exactly once.

use crate::{
    campaign::AnswerKind,
    customer::CustomerId,
    name::{BootId, CampaignId, Language, Segment, VariantId, VisitId},
    utc::Utc,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A fact, when it happened, and whom it concerns. No card number, and no token either: head office knows its customers by
/// their own number, and strangers stay strangers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interaction {
    /// Its place in the device's journal, from 1, without gaps.
    pub sequence: u64,
    /// During which visit.
    pub visit: VisitId,
    /// When.
    pub at: Moment,
    /// With whom, if the device knew them.
    pub customer: Option<CustomerId>,
    /// Whether the line was down when it was recorded, so that it comes later than it happened.
    pub backfill: bool,
    /// What.
    pub fact: Fact,
}

impl Interaction {
    /// The last sequence number it accounts for: its own, unless it stands for a run that the device had to discard.
    pub fn through(&self) -> u64 {
        match self.fact {
            Fact::Discarded { through } => through,
            Fact::NotShown { .. }
            | Fact::HeldOut { .. }
            | Fact::Shown { .. }
            | Fact::Ended { .. }
            | Fact::Erased { .. } => self.sequence,
        }
    }
}

/// A point in time that stays useful when the clock was wrong: two facts of one boot are ordered, and their distance known, by
/// the time since boot alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// What the clock said.
    pub utc: Utc,
    /// Which run of the machine.
    pub boot: BootId,
    /// Milliseconds since it began, suspended time included.
    pub since_boot_ms: u64,
    /// Whether the clock could be believed.
    pub clock: ClockQuality,
}

/// Whether a machine's clock follows a time server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockQuality {
    /// The kernel says it does.
    Synchronised,
    /// The kernel says it does not.
    Unsynchronised,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// A decision was made, and no message was shown.
    NotShown {
        /// Why.
        reason: Reason,
        /// The campaign that came nearest to being shown, if there was one.
        campaign: Option<CampaignId>,
        /// What called for the decision.
        trigger: Trigger,
    },
    /// A message would have been shown, had the customer not belonged to its campaign's control group. What is shown instead, or
    /// that nothing is, follows as a fact of its own.
    HeldOut {
        /// Whose message.
        campaign: CampaignId,
        /// The customer's first segment.
        segment: Option<Segment>,
        /// What called for the decision.
        trigger: Trigger,
    },
    /// A message's picture was really presented.
    Shown {
        /// Whose message.
        campaign: CampaignId,
        /// Which way of putting it, if there are several.
        variant: Option<VariantId>,
        /// In which language.
        language: Language,
        /// The customer's first segment.
        segment: Option<Segment>,
        /// What called for the decision.
        trigger: Trigger,
    },
    /// A showing ended.
    Ended {
        /// Whose message.
        campaign: CampaignId,
        /// Which way of putting it, if there are several.
        variant: Option<VariantId>,
        /// How.
        ending: Ending,
        /// How long it was on the glass, in milliseconds.
        dwell_ms: u32,
    },
    /// The device's journal was full before this could be delivered: what stood here is gone, and what followed it up to and
    /// with `through`. Visit and moment are those of the first that is gone.
    Discarded {
        /// The last sequence number that is gone; not below the interaction's own.
        through: u64,
    },
    /// Nothing is left on the device of the customers who are erased in the contact log up to and with this position. Names none of
    /// them, belongs to no visit, and is recorded when the last of what it speaks of is gone.
    Erased {
        /// The position of a [`crate::contacts::ContactPage`].
        through_position: u64,
    },
}

/// What called for a decision: the moment of a visit to which a result is put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The customer came.
    #[default]
    Arrival,
    /// The customer answered the message before.
    Answer,
    /// The customer asked for their balance.
    BalanceEnquiry,
    /// The customer chose another language.
    LanguageChange,
    /// Time is running out for what was to be shown.
    TimeRunningOut,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trigger::Arrival => "arrival",
            Trigger::Answer => "answer",
            Trigger::BalanceEnquiry => "balance_enquiry",
            Trigger::LanguageChange => "language_change",
            Trigger::TimeRunningOut => "time_running_out",
        })
    }
}

/// Why no message was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The device holds no campaigns.
    NoCampaigns,
    /// No campaign's schedule holds now.
    NotScheduled,
    /// The panel is smaller than the campaign asks for.
    PanelTooSmall,
    /// No campaign addresses this customer.
    NotAddressed,
    /// The customer never opted in to marketing.
    NoConsent,
    /// The customer objected to marketing.
    OptedOut,
    /// A condition of the campaign does not hold.
    NotEligible,
    /// It follows an answer that the customer has not given.
    NotEarned,
    /// The policy says never, for now.
    Stopped,
    /// It has been shown often enough.
    Capped,
    /// It is too soon after the last showing.
    TooSoon,
    /// The customer declined it not long ago.
    Declined,
    /// The customer said "later", and it is not later yet.
    Postponed,
    /// The customer has accepted it already.
    Accepted,
    /// The device has shown enough today.
    DeviceBudget,
    /// The customer belongs to the control group.
    HeldOut,
    /// Fewer seconds remain than the message needs.
    NoTime,
    /// The cache could not be read.
    CacheFailed,
    /// The panel could not present it.
    PanelFailed,
}

impl Reason {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NoCampaigns => "no_campaigns",
            Reason::NotScheduled => "not_scheduled",
            Reason::PanelTooSmall => "panel_too_small",
            Reason::NotAddressed => "not_addressed",
            Reason::NoConsent => "no_consent",
            Reason::OptedOut => "opted_out",
            Reason::NotEligible => "not_eligible",
            Reason::NotEarned => "not_earned",
            Reason::Stopped => "stopped",
            Reason::Capped => "capped",
            Reason::TooSoon => "too_soon",
            Reason::Declined => "declined",
            Reason::Postponed => "postponed",
            Reason::Accepted => "accepted",
            Reason::DeviceBudget => "device_budget",
            Reason::HeldOut => "held_out",
            Reason::NoTime => "no_time",
            Reason::CacheFailed => "cache_failed",
            Reason::PanelFailed => "panel_failed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a showing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The customer answered.
    Answered(AnswerKind),
    /// Its time was up. No answer; never a decline.
    TimeUp,
    /// The customer left: card, cash or receipt taken.
    CustomerLeft,
    /// Something else needed the screen, PIN entry above all.
    Interrupted,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Answered(answer) => answer.fmt(f),
            Ending::TimeUp => f.write_str("time_up"),
            Ending::CustomerLeft => f.write_str("customer_left"),
            Ending::Interrupted => f.write_str("interrupted"),
        }
    }
}
