//! When and where a decision is made, and what is known of the visit.

use touchpoint_protocol::{
    campaign::PanelSize,
    interaction::Trigger,
    name::{AmountBand, CampaignId, Language, ScreenName, Site, VisitKind},
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
    /// What its screen is called, if it was told.
    pub screen: Option<ScreenName>,
    /// How many showings of marketing the device has made today.
    pub shown_today: u32,
    /// Which messages were on the glass in this visit, and in which language.
    pub seen: Vec<(CampaignId, Language)>,
}

/// What a device knows of where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its panel.
    pub panel: PanelSize,
    /// What kind of place it is, if it was told.
    pub site: Option<Site>,
    /// What its screen is called, if it was told.
    pub screen: Option<ScreenName>,
}

/// What the transaction application says of a visit, if it says anything. No more than names and how they read: no amount, no account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VisitAttributes {
    /// What the customer came for.
    pub kind: Option<VisitKind>,
    /// The band in which the amount lies.
    pub amount: Option<AmountBand>,
    /// The language that the customer chose at the machine.
    pub language: Option<Language>,
    /// Whether the customer needs large text, if they said; no campaign can ask for it.
    pub large_text: Option<bool>,
    /// Whether they need high contrast, if they said; the same.
    pub high_contrast: Option<bool>,
}

impl Place {
    /// The circumstances of a visit's first decision.
    pub fn moment(&self, utc: Utc, trigger: Trigger, seconds_left: u32, visit: VisitAttributes) -> Moment {
        let Place { panel, site, screen } = self.clone();
        Moment { utc, trigger, seconds_left, visit, panel, site, screen, shown_today: 0, seen: Vec::new() }
    }
}
