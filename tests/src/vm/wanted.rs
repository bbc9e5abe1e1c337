//! What should be on the glass: the demo's campaigns, drawn here by the same renderer, with each second of a countdown.

use crate::workspace;
use std::{collections::BTreeMap, fmt};
use touchpoint_agent::{
    cache::StoredCampaigns,
    campaigns::Campaigns,
    domain::{customer::Customer, decide::Choice},
};
use touchpoint_display::{Glass, Picture, Point, Screen, View, panel::MemoryPanel, rgb565};
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
    colours: Colours,
}

/// Which colours a panel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Eight bits of red, of green and of blue.
    All,
    /// Five of red, six of green, five of blue.
    Rgb565,
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
    /// What is wanted on this glass, in these colours.
    pub fn on(glass: Glass, colours: Colours) -> Wanted {
        let checked = touchpoint_hub::check(&workspace::demo_campaigns()).unwrap();
        let media = checked.media.into_iter().map(|medium| (medium.sha256, medium.bytes)).collect();
        let stored = StoredCampaigns { revision: 1, bundle: checked.bundle.encode(), media };
        let campaigns = Campaigns::decode(&stored, glass.size).unwrap();
        let panel = Box::new(MemoryPanel::new(glass.size));
        Wanted { screen: Screen::on(glass, panel, campaigns.theme()), campaigns, colours }
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
                if self.drawn(seen) {
                    return Some(Found { total, left, answers: message.answers.into_iter().zip(middles).collect() });
                }
            }
        }
        None
    }

    fn is(&mut self, view: &View, seen: &Picture) -> bool {
        self.screen.show(view).unwrap();
        self.drawn(seen)
    }

    /// Whether each pixel is as it was drawn here.
    fn drawn(&self, seen: &Picture) -> bool {
        let lit = |pixel: &u32| self.colours.of(*pixel);
        self.screen.frame().size() == seen.size()
            && self.screen.frame().pixels().iter().map(lit).eq(seen.pixels().iter().copied())
    }
}

impl Colours {
    /// What a panel of these colours makes of a pixel, said in all colours again: the brightest is as bright.
    fn of(self, pixel: u32) -> u32 {
        let Colours::Rgb565 = self else { return pixel };
        let (packed, fill) =
            (u32::from(rgb565(pixel)), |bits: u32, has: u32| bits << (8 - has) | bits >> (2 * has - 8));
        let channels = [fill(packed >> 11, 5), fill(packed >> 5 & 0x3f, 6), fill(packed & 0x1f, 5)];
        channels.iter().fold(0xff, |pixel, channel| pixel << 8 | channel)
    }
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wanted({:?})", self.colours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use touchpoint_display::{Limits, Size};

    #[test]
    fn the_golden_picture_of_the_demo_is_what_is_wanted() {
        let mut wanted = Wanted::on(Glass::of(Size::new(1024, 768)), Colours::All);
        let golden = fs::read(workspace::root().join("tests/golden/01-savings.png")).unwrap();
        let golden = Picture::decode(&golden, Limits::default()).unwrap();
        assert!(wanted.finds(&golden, "savings", "de", "Anna").is_some());
        assert!(wanted.finds(&golden, "savings", "de", "Ben").is_none());
        assert!(!wanted.is_invitation(&golden));
    }

    #[test]
    fn a_panel_of_fewer_colours_shows_the_nearest_it_has() {
        let shown = [0xffff_ffff, 0xff00_0000, 0xffff_fbf7, 0xff84_8284].map(|pixel| Colours::Rgb565.of(pixel));
        assert_eq!(shown, [0xffff_ffff, 0xff00_0000, 0xffff_fbf7, 0xff84_8284]);
        assert_eq!(Colours::Rgb565.of(0xff87_8387), 0xff84_8284);
    }
}
