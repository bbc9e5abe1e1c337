//! When and where a decision is made, and what is known of the visit.

use touchpoint_protocol::{
    campaign::PanelSize,
    interaction::Trigger,
    name::{AmountBand, Site, VisitKind},
    utc::Utc,
};

/// The circumstances of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The time.
    pub utc: Utc,
    /// What called for the decision.
    pub trigger: Trigger,
    /// How many seconds remain of the visit.
    pub seconds_left: u32,
    /// What the visit is for.
    pub visit: VisitAttributes,
    /// The device's panel.
    pub panel: PanelSize,
    /// What kind of place the device stands at, if it was told.
    pub site: Option<Site>,
    /// How many showings of marketing the device has made today.
    pub shown_today: u32,
}

/// What the transaction application says of a visit, if it says anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VisitAttributes {
    /// What the customer came for.
    pub kind: Option<VisitKind>,
    /// The band in which the amount lies.
    pub amount: Option<AmountBand>,
}
