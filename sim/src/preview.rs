//! A campaign folder as a device would show it, without a device: head office's own draft, put in force as a device does it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use touchpoint_agent::{
    cache::StoredCampaigns,
    campaigns::{Campaigns, CampaignsError, Message},
    domain::{customer::Customer, decide::Choice},
};
use touchpoint_display::{Size, Theme, View};
use touchpoint_hub::{CheckError, Draft, Medium, Problem, Trial, draft};
use touchpoint_protocol::{
    campaign::{AnswerKind, Audience, Campaign, PanelSize},
    customer::{CustomerId, Profile},
    name::{AttributeName, Language},
    variant::Variant,
};

/// What customers are called by, for the texts that call them.
pub type Attributes = BTreeMap<AttributeName, String>;

/// Largest side of a picture, in pixels. What is too large for a panel is told as a problem, and is seen all the same.
const LARGEST: u32 = 1 << 12;

/// A folder that can be looked at.
#[derive(Debug)]
pub struct Preview {
    campaigns: Campaigns,
    panels: Vec<PanelSize>,
    window_seconds: u32,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

/// One view of a folder, with its name: `attract`, `thanks`, `out-of-order`, or a campaign's, such as `savings`. Of a variant it is `savings+warm`, and
/// `savings+more` is what is shown to who asks for more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Its name, in characters that a file may have.
    pub name: String,
    /// What is on the glass.
    pub view: View,
}

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The folder, or what holds for all of its campaigns, cannot be read.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A device would not put it in force.
    #[error("no device puts it in force")]
    Campaigns(#[from] CampaignsError),
}

impl Preview {
    /// Reads a campaign folder, and tries it on these panels, for these readers and in this look. Opens fonts and decodes pictures: not
    /// for a runtime's threads.
    ///
    /// # Errors
    /// There is nothing to look at. What is only wrong with it is in [`problems`](Self::problems).
    pub fn open(folder: &Path, trial: Trial<'_>) -> Result<Preview, PreviewError> {
        let Draft { bundle, media, panels, window_seconds, problems, warnings, .. } = draft(folder, trial)?;
        let media = media.into_iter().map(|Medium { sha256, bytes }| (sha256, bytes)).collect();
        let stored = StoredCampaigns { revision: 0, bundle: bundle.encode(), media };
        let campaigns = Campaigns::decode(&stored, Size::new_equal(LARGEST))?;
        Ok(Preview { campaigns, panels, window_seconds, problems, warnings })
    }

    /// The look.
    pub fn theme(&self) -> Theme {
        self.campaigns.theme()
    }

    /// The panels on which it was tried: those asked for, or those of the folder.
    pub fn panels(&self) -> &[PanelSize] {
        &self.panels
    }

    /// What must be put right before it can be published.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What is doubtful about it.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Every language in which anything is said.
    pub fn languages(&self) -> BTreeSet<Language> {
        let bundle = &self.campaigns.bundle;
        let texts = bundle.campaigns.iter().flat_map(|campaign| campaign.texts.keys());
        bundle.attract.keys().chain(bundle.thanks.keys()).chain(texts).cloned().collect()
    }

    /// Everything a customer with these attributes may see in a language, in the order of a visit. What is not said in it is shown in the
    /// fallback language, as a device does.
    pub fn sights(&self, language: &Language, attributes: &Attributes) -> Vec<Sight> {
        let bundle = &self.campaigns.bundle;
        let invitation = bundle.words(&bundle.attract, Some(language));
        let invitation = invitation.map(|words| View::Attract { title: words.title.clone(), body: words.body.clone() });
        let mut sights = vec![Sight { name: "attract".to_owned(), view: invitation.unwrap_or_default() }];
        for campaign in &bundle.campaigns {
            let variants = campaign.variants.iter().map(Some);
            let own = campaign.variants.is_empty().then_some(None);
            for variant in own.into_iter().chain(variants) {
                sights.extend(self.of_campaign(campaign, variant, language, attributes));
            }
        }
        sights.push(Sight { name: "thanks".to_owned(), view: self.campaigns.thanks(Some(language)) });
        let stopped = bundle.words(&bundle.out_of_order, Some(language));
        let stopped = stopped.map(|words| View::OutOfOrder { title: words.title.clone(), body: words.body.clone() });
        let stopped = stopped.unwrap_or_else(|| self.campaigns.out_of_order(0).view);
        sights.push(Sight { name: "out-of-order".to_owned(), view: stopped });
        sights
    }

    /// The message of a campaign, and what is shown to who asks for more.
    fn of_campaign(
        &self,
        campaign: &Campaign,
        variant: Option<&Variant>,
        language: &Language,
        attributes: &Attributes,
    ) -> Vec<Sight> {
        let words = campaign.words(variant);
        let fallback = &self.campaigns.bundle.fallback_language;
        let Some((language, text)) = words.get_key_value(language).or_else(|| words.get_key_value(fallback)) else {
            return Vec::new();
        };
        let seconds = text.seconds_needed(campaign.qr(variant).is_some());
        let choice = Choice { campaign, variant, language, text, seconds };
        let known = campaign.audience != Audience::Strangers;
        let customer = known.then(|| somebody(attributes)).flatten();
        let message = self.campaigns.message(&choice, customer.as_ref(), self.window_seconds);
        let name = variant.map_or(campaign.id.to_string(), |variant| format!("{}+{}", campaign.id, variant.id));
        let more = more(&message, self.window_seconds);
        let more = more.map(|view| Sight { name: format!("{name}+more"), view });
        [Sight { name, view: message.view }].into_iter().chain(more).collect()
    }
}

/// What "more" shows, where there is more and it can be asked for.
fn more(message: &Message, seconds: u32) -> Option<View> {
    let asked = message.has_more() && message.answers.contains(&AnswerKind::More);
    asked.then(|| message.clone().more(seconds).view)
}

/// Somebody with these attributes.
fn somebody(attributes: &Attributes) -> Option<Customer> {
    let profile = Profile { attributes: attributes.clone(), ..Profile::default() };
    Some(Customer { id: CustomerId::try_from(1).ok()?, profile })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::fs;
    use touchpoint_display::Offer;

    fn folder(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(name)
    }

    fn names(sights: &[Sight]) -> Vec<&str> {
        sights.iter().map(|sight| sight.name.as_str()).collect()
    }

    #[test]
    fn a_folder_is_seen_from_the_invitation_to_the_end_with_each_variant() {
        let preview = Preview::open(&folder("campaigns"), Trial::default()).unwrap();
        assert_eq!((preview.problems(), preview.warnings()), (&[][..], &[][..]));
        let sights = preview.sights(&"de".parse().unwrap(), &Attributes::new());
        let names = names(&sights);
        assert_eq!(names[0], "attract");
        assert_eq!(names[names.len() - 2..], ["thanks", "out-of-order"]);
        assert!(names.contains(&"travel-cover+price") && names.contains(&"travel-cover+care"), "{names:?}");
        let View::Attract { title, .. } = &sights[0].view else { panic!("{sights:?}") };
        assert_eq!(title, "Willkommen");
    }

    #[test]
    fn a_customer_is_called_by_what_is_known_of_them() {
        let preview = Preview::open(&folder("campaigns"), Trial::default()).unwrap();
        let anna = Attributes::from([("first-name".parse().unwrap(), "Anna".to_owned())]);
        let body = |attributes: &Attributes| {
            let sights = preview.sights(&"en".parse().unwrap(), attributes);
            let sight = sights.into_iter().find(|sight| sight.name == "savings").unwrap();
            let View::Offer(Offer { body, .. }) = sight.view else { panic!("{sight:?}") };
            body
        };
        assert!(body(&anna).starts_with("Anna, earn") && body(&Attributes::new()).starts_with("Hello, earn"));
    }

    #[test]
    fn what_who_asks_for_more_is_shown_has_a_view_of_its_own() {
        let copy = tempfile::tempdir().unwrap();
        for name in ["bundle.toml", "join-us.toml", "logo.png"] {
            fs::copy(folder("retailer").join(name), copy.path().join(name)).unwrap();
        }
        let file = copy.path().join("join-us.toml");
        let text = fs::read_to_string(&file).unwrap().replacen("answers = []", "answers = [\"more\"]", 1);
        fs::write(&file, text.replace("answers = []", "answers = [\"More\"]")).unwrap();
        let preview = Preview::open(copy.path(), Trial::default()).unwrap();
        assert_eq!(preview.problems(), []);
        let sights = preview.sights(&"en".parse().unwrap(), &Attributes::new());
        assert_eq!(names(&sights), ["attract", "join-us", "join-us+more", "thanks", "out-of-order"]);
    }

    #[test]
    fn a_folder_is_seen_in_another_ones_look() {
        let (bank, shop) = (folder("campaigns"), folder("retailer"));
        let own = Preview::open(&bank, Trial::default()).unwrap().theme();
        let dressed = Preview::open(&bank, Trial { look: Some(&shop), ..Trial::default() }).unwrap();
        let others = Preview::open(&shop, Trial::default()).unwrap().theme();
        assert_ne!(own, others);
        assert_eq!(dressed.theme(), others);
        assert!(dressed.theme().logo.is_some());
    }

    #[test]
    fn where_there_is_no_bundle_there_is_nothing_to_see() {
        let empty = tempfile::tempdir().unwrap();
        let error = Preview::open(empty.path(), Trial::default()).unwrap_err();
        assert!(matches!(error, PreviewError::Check(CheckError::Problems { .. })), "{error:?}");
    }
}
