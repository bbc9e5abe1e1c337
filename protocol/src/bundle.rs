//! Everything a group's devices show: its campaigns, its look, and the words around them.

use crate::{
    campaign::{self, Campaign, CampaignProblem, check_line},
    limits,
    name::{CampaignId, Language},
    policy::OverallPolicy,
    sequence,
    theme::Theme,
    zone::Zone,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One publication of campaigns, in JSON; pinned by a signed [`crate::group::GroupHead`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Which language stands in for a missing one; every text has it.
    pub fallback_language: Language,
    /// By which clock campaigns are scheduled that name none of their own.
    #[serde(default)]
    pub zone: Zone,
    /// How often people may be shown marketing at all.
    #[serde(default)]
    pub policy: OverallPolicy,
    /// What the draws for control groups and variants are mixed with, at most [`Bundle::LONGEST_SALT`] bytes. Another salt is another
    /// draw, in every campaign.
    #[serde(default)]
    pub salt: String,
    /// The look.
    pub theme: Theme,
    /// What is shown while nobody is there, by language: in each of them in turn.
    pub attract: BTreeMap<Language, Words>,
    /// What is shown after an answer, by language.
    pub thanks: BTreeMap<Language, Words>,
    /// What is shown while the machine serves nobody, by language, in turn as well; nothing, for words that every device knows by itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub out_of_order: BTreeMap<Language, Words>,
    /// The campaigns.
    pub campaigns: Vec<Campaign>,
}

/// A title and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// At most [`limits::TITLE`] characters.
    pub title: String,
    /// At most [`limits::BODY`] characters.
    pub body: String,
}

impl Words {
    /// How many seconds they need, as [`Text::seconds_needed`](crate::campaign::Text::seconds_needed) reckons without a code.
    pub fn seconds_needed(&self) -> u32 {
        campaign::seconds_needed(&self.title, &self.body)
    }
}

/// Why a bundle was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Larger than any bundle.
    #[error("the bundle has {size} bytes, over {}", limits::BUNDLE, size = .0)]
    TooLarge(usize),
    /// Not the JSON it should be.
    #[error("the bundle is not the json it should be")]
    Json(#[source] serde_json::Error),
    /// Too many campaigns.
    #[error("the bundle has {size} campaigns, over {}", limits::CAMPAIGNS, size = .0)]
    Campaigns(usize),
    /// Two campaigns of one name.
    #[error("two campaigns are called {0}")]
    Twice(CampaignId),
    /// A campaign out of bounds.
    #[error("campaign {campaign}")]
    Campaign {
        /// Which campaign.
        campaign: CampaignId,
        /// Which key, and what is wrong with it.
        #[source]
        source: CampaignProblem,
    },
    /// The words around the campaigns, or what holds for all of them, are out of bounds.
    #[error("{0}")]
    Words(CampaignProblem),
}

impl Bundle {
    /// Longest salt, in bytes: a date, or 256 random bits in hexadecimal.
    pub const LONGEST_SALT: usize = 64;

    /// As it travels.
    #[expect(clippy::expect_used, reason = "maps with text keys and plain fields are always written")]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("bundle as json")
    }

    /// Reads and checks it. Its digest must have been checked before.
    ///
    /// # Errors
    /// The first thing out of bounds.
    pub fn decode(bytes: &[u8]) -> Result<Bundle, BundleError> {
        if bytes.len() > limits::BUNDLE {
            return Err(BundleError::TooLarge(bytes.len()));
        }
        let bundle: Bundle = serde_json::from_slice(bytes).map_err(BundleError::Json)?;
        bundle.check()?;
        Ok(bundle)
    }

    /// Checks what the fields' types cannot say.
    ///
    /// # Errors
    /// The first thing out of bounds.
    pub fn check(&self) -> Result<(), BundleError> {
        if self.campaigns.len() > limits::CAMPAIGNS {
            return Err(BundleError::Campaigns(self.campaigns.len()));
        }
        if self.salt.len() > Bundle::LONGEST_SALT {
            let problem = format!("{} bytes, over {}", self.salt.len(), Bundle::LONGEST_SALT);
            return Err(BundleError::Words(CampaignProblem::at("salt", problem)));
        }
        self.policy.check().map_err(BundleError::Words)?;
        self.check_words("attract", &self.attract)?;
        self.check_words("thanks", &self.thanks)?;
        if !self.out_of_order.is_empty() {
            self.check_words("out_of_order", &self.out_of_order)?;
        }
        let mut seen = std::collections::BTreeSet::new();
        for campaign in &self.campaigns {
            if !seen.insert(&campaign.id) {
                return Err(BundleError::Twice(campaign.id.clone()));
            }
            let named = |source| BundleError::Campaign { campaign: campaign.id.clone(), source };
            campaign.check(&self.fallback_language).map_err(named)?;
        }
        sequence::check_all(&self.campaigns)
            .map_err(|(campaign, source)| BundleError::Campaign { campaign: campaign.clone(), source })
    }

    /// The words for this language, or in the fallback language.
    pub fn words<'a>(&self, words: &'a BTreeMap<Language, Words>, language: Option<&Language>) -> Option<&'a Words> {
        language.and_then(|language| words.get(language)).or_else(|| words.get(&self.fallback_language))
    }

    /// The words in the language whose turn it is, from 0: the fallback language, then the others, and from the beginning again.
    pub fn words_in_turn<'a>(&self, words: &'a BTreeMap<Language, Words>, turn: usize) -> Option<&'a Words> {
        let others = words.iter().filter(|(language, _)| **language != self.fallback_language).map(|(_, words)| words);
        words.get(&self.fallback_language).into_iter().chain(others).nth(turn % words.len().max(1))
    }

    fn check_words(&self, key: &str, words: &BTreeMap<Language, Words>) -> Result<(), BundleError> {
        let refuse = |key: String, problem| Err(BundleError::Words(CampaignProblem { key, problem }));
        if words.len() > limits::LANGUAGES {
            return refuse(key.to_owned(), format!("{} languages, over {}", words.len(), limits::LANGUAGES));
        }
        if !words.contains_key(&self.fallback_language) {
            return refuse(
                key.to_owned(),
                format!("there is none in the fallback language {}", self.fallback_language),
            );
        }
        for (language, words) in words {
            if let Err(problem) = check_line(&words.title, limits::TITLE) {
                return refuse(format!("{key}.{language}.title"), problem);
            }
            if let Err(problem) = check_line(&words.body, limits::BODY) {
                return refuse(format!("{key}.{language}.body"), problem);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{campaign::tests::savings, theme::tests::theme};

    fn bundle() -> Bundle {
        let words = Words { title: "Welcome".to_owned(), body: "Please insert your card.".to_owned() };
        let words = BTreeMap::from([("en".parse().unwrap(), words)]);
        Bundle {
            fallback_language: "en".parse().unwrap(),
            zone: Zone::default(),
            policy: OverallPolicy::default(),
            salt: "2026".to_owned(),
            theme: theme(),
            attract: words.clone(),
            thanks: words,
            out_of_order: BTreeMap::new(),
            campaigns: vec![savings()],
        }
    }

    #[test]
    fn a_bundle_is_read_back_as_it_was_written() {
        assert_eq!(Bundle::decode(&bundle().encode()).unwrap(), bundle());
    }

    #[test]
    fn a_bundle_out_of_bounds_is_refused_with_the_place() {
        let refused = |bundle: Bundle| Bundle::decode(&bundle.encode()).unwrap_err().to_string();
        assert_eq!(
            refused(Bundle { campaigns: vec![savings(), savings()], ..bundle() }),
            "two campaigns are called savings"
        );
        assert_eq!(
            refused(Bundle { attract: BTreeMap::new(), ..bundle() }),
            "attract: there is none in the fallback language en"
        );
        assert_eq!(
            refused(Bundle { campaigns: vec![savings(); 501], ..bundle() }),
            "the bundle has 501 campaigns, over 500"
        );
        assert!(Bundle::decode(b"{}").is_err() && Bundle::decode(&[b'['; 100_000]).is_err());
    }
}
