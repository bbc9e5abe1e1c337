//! The campaigns in force, decoded once and ready to be drawn.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use touchpoint_display::{AnswerButton, Emphasis, Limits, Offer, Picture, PictureError, Size, Theme, View};
use touchpoint_protocol::{
    bundle::{Bundle, BundleError, Words},
    campaign::AnswerKind,
    digest::Digest,
    limits,
    name::{CampaignId, Language},
    qr::{self, QrTarget},
};

use crate::{
    cache::StoredCampaigns,
    domain::{customer::Customer, decide::Choice, words::fill},
    look, stopped,
};

/// A bundle with its pictures.
#[derive(Debug)]
pub struct Campaigns {
    /// The revision head office gave it.
    pub revision: u64,
    /// The bundle.
    pub bundle: Bundle,
    pictures: BTreeMap<Digest, Arc<Picture>>,
    theme: Theme,
}

/// A message as it is shown: what to draw, and what may be answered.
#[derive(Debug, Clone)]
pub struct Message {
    /// What to draw.
    pub view: View,
    /// What the buttons stand for, in their order.
    pub answers: Vec<AnswerKind>,
    /// What stands in place of the body for who asks for more, if the campaign has such words.
    more: Option<String>,
}

/// What is said to whoever comes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What to draw.
    pub view: View,
    /// How long until the next language has its turn; without end, if there is no other.
    pub lasts: Option<Duration>,
}

/// Why a bundle was not put in force.
#[derive(Debug, thiserror::Error)]
pub enum CampaignsError {
    /// The bundle itself.
    #[error("revision {revision}")]
    Bundle {
        /// Of which revision.
        revision: u64,
        /// What is wrong with it.
        #[source]
        source: BundleError,
    },
    /// A campaign's picture is not among the media.
    #[error("revision {revision}: campaign {campaign} names picture {sha256}, which is not there")]
    NoPicture {
        /// Of which revision.
        revision: u64,
        /// Which campaign.
        campaign: CampaignId,
        /// Which picture.
        sha256: Digest,
    },
    /// A campaign's picture cannot be shown.
    #[error("revision {revision}: picture of campaign {campaign}")]
    Picture {
        /// Of which revision.
        revision: u64,
        /// Which campaign.
        campaign: CampaignId,
        /// What is wrong with it.
        #[source]
        source: PictureError,
    },
    /// The theme's logo is not among the media.
    #[error("revision {revision}: the theme names logo {sha256}, which is not there")]
    NoLogo {
        /// Of which revision.
        revision: u64,
        /// Which logo.
        sha256: Digest,
    },
    /// The theme's logo cannot be shown.
    #[error("revision {revision}: logo of the theme")]
    Logo {
        /// Of which revision.
        revision: u64,
        /// What is wrong with it.
        #[source]
        source: PictureError,
    },
}

impl Campaigns {
    /// Decodes a bundle, the pictures its campaigns use, of which none may be larger than the panel, and its logo.
    ///
    /// # Errors
    /// The first thing that could not be shown.
    pub fn decode(stored: &StoredCampaigns, panel: Size) -> Result<Campaigns, CampaignsError> {
        let revision = stored.revision;
        let bundle = Bundle::decode(&stored.bundle).map_err(|source| CampaignsError::Bundle { revision, source })?;
        let medium = |named| stored.media.iter().find(|(sha256, _)| *sha256 == named).map(|(_, bytes)| bytes);
        let mut pictures = BTreeMap::new();
        let used =
            bundle.campaigns.iter().flat_map(|campaign| campaign.pictures().map(move |sha256| (campaign, sha256)));
        for (campaign, sha256) in used {
            let named = || campaign.id.clone();
            let bytes =
                medium(sha256).ok_or_else(|| CampaignsError::NoPicture { revision, campaign: named(), sha256 })?;
            let picture = Picture::decode(bytes, Limits { bytes: limits::PICTURE, size: panel })
                .map_err(|source| CampaignsError::Picture { revision, campaign: named(), source })?;
            pictures.insert(sha256, Arc::new(picture));
        }
        let logo = |sha256| {
            let bytes = medium(sha256).ok_or(CampaignsError::NoLogo { revision, sha256 })?;
            look::logo(bytes).map_err(|source| CampaignsError::Logo { revision, source })
        };
        let theme = look::theme(&bundle.theme, bundle.theme.logo.map(logo).transpose()?);
        Ok(Campaigns { revision, bundle, pictures, theme })
    }

    /// Which media the campaigns and the theme use.
    pub fn used(&self) -> BTreeSet<Digest> {
        self.pictures.keys().copied().chain(self.bundle.theme.logo).collect()
    }

    /// The message of a choice.
    pub fn message(&self, choice: &Choice<'_>, customer: Option<&Customer>, seconds: u32) -> Message {
        let Choice { campaign, variant, text, .. } = *choice;
        let reference = |target: &QrTarget| {
            target.fill(&qr::reference(&self.bundle.salt, &campaign.id, variant.map(|variant| &variant.id)))
        };
        let qr = campaign.qr(variant).map(reference);
        let none = BTreeMap::new();
        let attributes = customer.map_or(&none, |customer| &customer.profile.attributes);
        let longest = if qr.is_some() { limits::BODY_WITH_QR } else { limits::BODY };
        let button = |(position, (kind, label)): (usize, (&AnswerKind, &String))| AnswerButton {
            label: label.clone(),
            emphasis: emphasis(position, *kind),
        };
        let offer = Offer {
            title: fill(&text.title, attributes, limits::TITLE),
            body: fill(&text.body, attributes, longest),
            picture: campaign.picture(variant).and_then(|sha256| self.pictures.get(&sha256).cloned()),
            qr,
            answers: campaign.answers.iter().zip(&text.answers).enumerate().map(button).collect(),
            seconds_left: seconds,
            seconds_total: seconds,
        };
        let more = text.more.as_ref().map(|more| fill(more, attributes, limits::MORE));
        Message { view: View::Offer(offer), answers: campaign.answers.clone(), more }
    }

    /// What is shown while nobody is there, in the language whose turn it is.
    pub fn attract(&self, turn: usize) -> Invitation {
        Invitation::of(&self.bundle, &self.bundle.attract, turn, |title, body| View::Attract { title, body })
            .unwrap_or(Invitation { view: View::Blank, lasts: None })
    }

    /// What is shown after an answer.
    pub fn thanks(&self, language: Option<&Language>) -> View {
        match self.bundle.words(&self.bundle.thanks, language) {
            Some(Words { title, body }) => View::Thanks { title: title.clone(), body: body.clone() },
            None => View::Blank,
        }
    }

    /// What is shown while the machine serves nobody, in the language whose turn it is.
    pub fn out_of_order(&self, turn: usize) -> Invitation {
        Invitation::of(&self.bundle, &self.bundle.out_of_order, turn, |title, body| View::OutOfOrder { title, body })
            .unwrap_or_else(|| Invitation { view: stopped::view(Some(&self.bundle.fallback_language)), lasts: None })
    }

    /// The look.
    pub fn theme(&self) -> Theme {
        self.theme.clone()
    }
}

impl Invitation {
    fn of(
        bundle: &Bundle,
        words: &BTreeMap<Language, Words>,
        turn: usize,
        view: fn(String, String) -> View,
    ) -> Option<Invitation> {
        let said = bundle.words_in_turn(words, turn)?;
        // Whoever waits for their own language waits no longer than others need to read theirs.
        let lasts = (words.len() > 1).then(|| Duration::from_secs(said.seconds_needed().into()));
        Some(Invitation { view: view(said.title.clone(), said.body.clone()), lasts })
    }
}

impl Message {
    /// Whether there is more to be seen of it: other words, or a code that can be larger.
    pub fn has_more(&self) -> bool {
        matches!(&self.view, View::Offer(offer) if self.more.is_some() || offer.qr.is_some())
    }

    /// What is shown to who asks for more: the words for that and the code; or the code alone, with room for it. And the other answers.
    pub fn more(self, seconds_left: u32) -> Message {
        let Message { view, mut answers, more } = self;
        let View::Offer(mut offer) = view else { return Message { view, answers, more } };
        if let Some(asked) = answers.iter().position(|kind| *kind == AnswerKind::More) {
            answers.remove(asked);
            offer.answers.remove(asked);
        }
        let (picture, seconds_total) = (None, seconds_left);
        let offer = Offer { picture, seconds_left, seconds_total, ..offer };
        let view = match more {
            Some(body) => View::Detail(Offer { body, ..offer }),
            None => View::Offer(Offer { body: String::new(), ..offer }),
        };
        Message { view, answers, more: None }
    }
}

/// The first answer asks to be pressed, the others may be. An objection is as large as a yes, and quieter.
fn emphasis(position: usize, kind: AnswerKind) -> Emphasis {
    match (position, kind) {
        (_, AnswerKind::OptOut) => Emphasis::Quiet,
        (0, _) => Emphasis::Primary,
        (_, _) => Emphasis::Secondary,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
