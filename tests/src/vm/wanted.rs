//! What should be on the glass: the demo's campaigns, drawn here by the same renderer, with each second of a countdown.

use crate::workspace;
use std::collections::BTreeMap;
use touchpoint_agent::{
    cache::StoredCampaigns,
    campaigns::Campaigns,
    domain::{customer::Customer, decide::Choice},
};
use touchpoint_display::{Glass, Picture, Point, Screen, View, panel::MemoryPanel};
use touchpoint_protocol::{
    campaign::AnswerKind,
    customer::{CustomerId, Profile},
    name::{CampaignId, Language},
};

/// How long a visit lasts, in seconds, as devices are configured.
const VISIT: u32 = 25;

/// How many of them may be gone before a message is decided upon, in seconds: on an emulated machine everything takes longer.
const LATE: u32 = 5;

/// A screen that shows what it is told, and the campaigns.
pub struct Wanted {
    screen: Screen,
    campaigns: Campaigns,
}

/// A message on the glass, found by its picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// For how many seconds it was to be shown.
    pub total: u32,
    /// How many of them are left.
    pub left: u32,
    /// Where each answer is to be touched: the middle of its button.
    pub answers: BTreeMap<AnswerKind, Point>,
}

impl Wanted {
    /// What is wanted on this glass.
    pub fn on(glass: Glass) -> Wanted {
        let checked = touchpoint_hub::check(&workspace::demo_campaigns()).unwrap();
        let media = checked.media.into_iter().map(|medium| (medium.sha256, medium.bytes)).collect();
        let stored = StoredCampaigns { revision: 1, bundle: checked.bundle.encode(), media };
        let campaigns = Campaigns::decode(&stored, glass.size).unwrap();
        let panel = Box::new(MemoryPanel::new(glass.size));
        Wanted { screen: Screen::on(glass, panel, campaigns.theme()), campaigns }
    }

    /// Whether this is the invitation.
    pub fn is_invitation(&mut self, seen: &Picture) -> bool {
        self.is(&self.campaigns.attract(), seen)
    }

    /// Whether these are the thanks in a language.
    pub fn is_thanks(&mut self, seen: &Picture, language: &str) -> bool {
        self.is(&self.campaigns.thanks(Some(&language.parse().unwrap())), seen)
    }

    /// Whether this is a campaign's message for somebody of this first name, at any second of its countdown.
    pub fn finds(&mut self, seen: &Picture, campaign: &str, language: &str, first_name: &str) -> Option<Found> {
        let (campaign, language): (CampaignId, Language) = (campaign.parse().unwrap(), language.parse().unwrap());
        let campaign = self.campaigns.bundle.campaigns.iter().find(|known| known.id == campaign).expect("a campaign");
        let text = &campaign.texts[&language];
        let attributes = BTreeMap::from([("first-name".parse().unwrap(), first_name.to_owned())]);
        let id = CustomerId::try_from(1).unwrap();
        let customer = Customer { id, profile: Profile { attributes, ..Profile::default() } };
        let choice = Choice { campaign, variant: None, language: &language, text, seconds: VISIT };
        let shown = (VISIT - LATE..=VISIT).map(|total| self.campaigns.message(&choice, Some(&customer), total));
        for (total, message) in (VISIT - LATE..).zip(shown.collect::<Vec<_>>()) {
            let areas = self.screen.show(&message.view).unwrap().answers;
            let middles = areas.iter().map(|area| area.center());
            for left in (1..=total).rev() {
                self.screen.tick(left).unwrap();
                if self.screen.frame().pixels() == seen.pixels() {
                    return Some(Found { total, left, answers: message.answers.into_iter().zip(middles).collect() });
                }
            }
        }
        None
    }

    fn is(&mut self, view: &View, seen: &Picture) -> bool {
        self.screen.show(view).unwrap();
        self.screen.frame().pixels() == seen.pixels()
    }
}
