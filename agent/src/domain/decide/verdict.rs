//! Why a campaign won or lost, as facts; words are made of them when somebody asks.

use super::eligibility::Unmet;
use std::fmt;
use touchpoint_protocol::{
    campaign::{AnswerKind, PanelSize},
    interaction::Reason,
    name::{Purpose, Segment},
    policy::Cap,
    schedule::DayPart,
    utc::Utc,
};

/// Why a campaign won or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is shown.
    Won,
    /// Nothing spoke against it, but another ranks higher.
    Outranked,
    /// It could not be shown.
    Lost(Loss<'a>),
}

/// The first question a campaign failed, with what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss<'a> {
    /// Its time has not come.
    NotYet {
        /// When it comes.
        from: Utc,
    },
    /// Its time is over.
    Over {
        /// Since when.
        until: Utc,
    },
    /// It is for other times of day.
    OutsideDayParts(&'a [DayPart]),
    /// It needs a larger panel.
    PanelTooSmall(PanelSize),
    /// It is for strangers, and the customer is known.
    ForStrangers,
    /// It is for customers, and nobody knows who this is.
    ForCustomers,
    /// It is for other segments.
    OutsideSegments(&'a [Segment]),
    /// It is for everyone but this segment.
    Excluded(&'a Segment),
    /// The customer has not consented to its purpose (marketing, if none is named).
    NoConsent(Option<&'a Purpose>),
    /// The customer has refused its purpose.
    Refused(Option<&'a Purpose>),
    /// The customer has objected at a screen.
    OptedOut {
        /// When.
        at: Utc,
    },
    /// Its condition does not hold.
    Unmet(Unmet<'a>),
    /// It follows an answer that the customer has not given.
    NotEarned,
    /// Who has just answered is shown what follows an answer, and nothing else.
    NotNext,
    /// A policy says never.
    Stopped(Scope),
    /// The customer has seen enough.
    Capped {
        /// Of what.
        scope: Scope,
        /// What was enough.
        cap: &'a Cap,
        /// Until when; for ever, if not said.
        until: Option<Utc>,
    },
    /// The last showing is not long ago.
    TooSoon {
        /// Of what.
        scope: Scope,
        /// Until when; for ever, if not said.
        until: Option<Utc>,
    },
    /// After this answer there is to be quiet.
    Answered {
        /// About what.
        scope: Scope,
        /// Which answer.
        answer: AnswerKind,
        /// Until when; for ever, if not said.
        until: Option<Utc>,
    },
    /// The device has shown as much today as it may.
    DeviceBudget(u32),
    /// Fewer seconds remain than its words need.
    NoTime {
        /// How many they need.
        seconds: u32,
    },
    /// It was on the glass in this visit already, in this language.
    Repeated,
    /// It has no words, not even in the fallback language.
    NoWords,
    /// The customer belongs to its control group.
    HeldOut,
}

/// Whose policy spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The campaign's own.
    Campaign,
    /// That of all marketing together.
    Overall,
}

impl Loss<'_> {
    /// The reason, as it is recorded.
    pub fn reason(&self) -> Reason {
        match self {
            Loss::NotYet { .. } | Loss::Over { .. } | Loss::OutsideDayParts(_) => Reason::NotScheduled,
            Loss::PanelTooSmall(_) => Reason::PanelTooSmall,
            Loss::ForStrangers | Loss::ForCustomers | Loss::OutsideSegments(_) | Loss::Excluded(_) | Loss::NoWords => {
                Reason::NotAddressed
            }
            Loss::NoConsent(_) => Reason::NoConsent,
            Loss::Refused(_) | Loss::OptedOut { .. } => Reason::OptedOut,
            Loss::Unmet(_) => Reason::NotEligible,
            Loss::NotEarned | Loss::NotNext => Reason::NotEarned,
            Loss::Stopped(_) => Reason::Stopped,
            Loss::Capped { .. } => Reason::Capped,
            Loss::TooSoon { .. } | Loss::Repeated => Reason::TooSoon,
            Loss::Answered { answer: AnswerKind::Accept, .. } => Reason::Accepted,
            Loss::Answered { answer: AnswerKind::Later, .. } => Reason::Postponed,
            Loss::Answered { .. } => Reason::Declined,
            Loss::DeviceBudget(_) => Reason::DeviceBudget,
            Loss::NoTime { .. } => Reason::NoTime,
            Loss::HeldOut => Reason::HeldOut,
        }
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Won => f.write_str("won"),
            Verdict::Outranked => f.write_str("outranked by another of higher priority or value"),
            Verdict::Lost(loss) => loss.fmt(f),
        }
    }
}

/// Says what would have to change, too.
impl fmt::Display for Loss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::NotYet { from } => write!(f, "begins at {from}"),
            Loss::Over { until } => write!(f, "ended at {until}"),
            Loss::OutsideDayParts(parts) => {
                f.write_str("is for other times:")?;
                parts.iter().try_for_each(|part| {
                    write!(f, " {}-{}", part.from, part.to)?;
                    part.weekdays.iter().try_for_each(|day| write!(f, " {}", day.as_str()))
                })
            }
            Loss::PanelTooSmall(panel) => write!(f, "needs a panel of {}x{} pixels", panel.width, panel.height),
            Loss::ForStrangers => f.write_str("is for strangers"),
            Loss::ForCustomers => f.write_str("is for known customers"),
            Loss::OutsideSegments(segments) => {
                f.write_str("is for customers in")?;
                segments.iter().try_for_each(|segment| write!(f, " {segment}"))
            }
            Loss::Excluded(segment) => write!(f, "is not for customers in {segment}"),
            Loss::NoConsent(purpose) => write!(f, "needs a consent to {}", Named(*purpose)),
            Loss::Refused(purpose) => write!(f, "the customer has refused {}", Named(*purpose)),
            Loss::OptedOut { at } => write!(f, "the customer objected at {at}: needs a later consent"),
            Loss::Unmet(unmet) => unmet.fmt(f),
            Loss::NotEarned => f.write_str("follows an answer that the customer has not given"),
            Loss::NotNext => f.write_str("does not follow an answer: after one, only what does is shown"),
            Loss::Stopped(scope) => write!(f, "{scope} says never"),
            Loss::Capped { scope, cap, until } => write!(f, "{scope} allows {cap}: again {}", Again(*until)),
            Loss::TooSoon { scope, until } => write!(f, "{scope} asks for a gap: again {}", Again(*until)),
            Loss::Answered { scope, answer, until } => {
                write!(f, "{scope} asks for quiet after {answer}: again {}", Again(*until))
            }
            Loss::DeviceBudget(budget) => write!(f, "the device has made its {budget} showings of today"),
            Loss::NoTime { seconds } => write!(f, "needs {seconds} seconds"),
            Loss::Repeated => f.write_str("was shown in this visit already: again in the next, or in another language"),
            Loss::NoWords => f.write_str("has no words for this customer"),
            Loss::HeldOut => f.write_str("the customer belongs to the control group"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::Campaign => "the campaign's policy",
            Scope::Overall => "the overall policy",
        })
    }
}

struct Named<'a>(Option<&'a Purpose>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.map_or("marketing", Purpose::as_str))
    }
}

struct Again(Option<Utc>);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(utc) => write!(f, "from {utc}"),
            None => f.write_str("never"),
        }
    }
}
