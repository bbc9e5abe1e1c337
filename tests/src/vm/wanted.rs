//! What should be on the glass: the demo's campaigns, drawn here by the same renderer, with each second of a countdown.

use crate::workspace;
use std::{collections::BTreeMap, fmt, time::Duration};
use touchpoint_agent::{
    cache::StoredCampaigns,
    campaigns::Campaigns,
    domain::{customer::Customer, decide::Choice},
};
use touchpoint_display::{Frame, Glass, Picture, Point, Screen, View, panel::MemoryPanel, rgb565};
use touchpoint_protocol::{
    campaign::AnswerKind,
    customer::{CustomerId, Profile},
    name::{CampaignId, Language},
};

/// How long a visit lasts, in seconds, as devices are configured.
const VISIT: u32 = 25;

/// How many of them may be gone before a message is decided upon, in seconds: on an emulated machine everything takes longer.
const LATE: u32 = 5;

/// Most rows that the bar of a countdown has, in pixels.
const BAR: usize = 32;

/// Between two looks for the time that is left: the bar moves on by a pixel in some 20 ms.
const STEP: Duration = Duration::from_millis(5);

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

    /// Whether this is the invitation, in any of its languages.
    pub fn is_invitation(&mut self, seen: &Picture) -> bool {
        (0..self.campaigns.bundle.attract.len()).any(|turn| self.is(&self.campaigns.attract(turn).view, seen))
    }

    /// Whether these are the thanks in a language.
    pub fn is_thanks(&mut self, seen: &Picture, language: &str) -> bool {
        self.is(&self.campaigns.thanks(Some(&language.parse().unwrap())), seen)
    }

    /// Whether this is a campaign's message for somebody of this first name, at any moment of its countdown: where each answer is to be
    /// touched, which is the middle of its button.
    pub fn is_offer(
        &mut self,
        seen: &Picture,
        campaign: &str,
        language: &str,
        first_name: &str,
    ) -> Option<BTreeMap<AnswerKind, Point>> {
        let (campaign, language): (CampaignId, Language) = (campaign.parse().unwrap(), language.parse().unwrap());
        let campaign = self.campaigns.bundle.campaigns.iter().find(|known| known.id == campaign).expect("a campaign");
        let text = &campaign.texts[&language];
        let attributes = BTreeMap::from([("first-name".parse().unwrap(), first_name.to_owned())]);
        let id = CustomerId::try_from(1).unwrap();
        let customer = Customer { id, profile: Profile { attributes, ..Profile::default() } };
        let choice = Choice { campaign, variant: None, language: &language, text, seconds: VISIT };
        // By how many seconds were left when it was decided upon: the bar is as long.
        let totals = (VISIT - LATE..=VISIT).rev();
        let shown: Vec<_> =
            totals.map(|total| (total, self.campaigns.message(&choice, Some(&customer), total))).collect();
        shown.into_iter().find_map(|(total, message)| {
            let areas = self.screen.show(&message.view).unwrap().answers;
            let middles = areas.iter().map(|area| area.center());
            self.counts_down(seen, total).then(|| message.answers.into_iter().zip(middles).collect())
        })
    }

    fn is(&mut self, view: &View, seen: &Picture) -> bool {
        self.screen.show(view).unwrap();
        self.drawn(seen)
    }

    /// Whether this is the offer that was just shown here, which lasts so many seconds, at any moment of it.
    fn counts_down(&mut self, seen: &Picture, total: u32) -> bool {
        let colours = self.colours;
        let differs = |drawn: &Frame, at: &usize| colours.of(drawn.pixels()[*at]) != seen.pixels()[*at];
        let mut all = 0..self.screen.frame().pixels().len().min(seen.pixels().len());
        let Some(first) = all.find(|at| differs(self.screen.frame(), at)) else { return self.drawn(seen) };
        let last = all.rfind(|at| differs(self.screen.frame(), at)).unwrap_or(first);
        // Nothing but the bar may differ, so that it is enough to look there for the time.
        let steps = total * 1000 / STEP.as_millis() as u32;
        last - first <= BAR * seen.size().width as usize
            && (0..=steps).rev().any(|step| {
                self.screen.tick(STEP * step).unwrap();
                !(first..=last).any(|at| differs(self.screen.frame(), &at)) && self.drawn(seen)
            })
    }

    /// Whether each pixel is as it was drawn here.
    fn drawn(&mut self, seen: &Picture) -> bool {
        let (colours, drawn) = (self.colours, self.screen.frame());
        let lit = |pixel: &u32| colours.of(*pixel);
        drawn.size() == seen.size() && drawn.pixels().iter().map(lit).eq(seen.pixels().iter().copied())
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
        assert!(wanted.is_offer(&golden, "savings", "de", "Anna").is_some());
        assert!(wanted.is_offer(&golden, "savings", "de", "Ben").is_none());
        assert!(!wanted.is_invitation(&golden));
    }

    #[test]
    fn a_panel_of_fewer_colours_shows_the_nearest_it_has() {
        let shown = [0xffff_ffff, 0xff00_0000, 0xffff_fbf7, 0xff84_8284].map(|pixel| Colours::Rgb565.of(pixel));
        assert_eq!(shown, [0xffff_ffff, 0xff00_0000, 0xffff_fbf7, 0xff84_8284]);
        assert_eq!(Colours::Rgb565.of(0xff87_8387), 0xff84_8284);
    }
}
