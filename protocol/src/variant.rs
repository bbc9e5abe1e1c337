//! Ways of putting one campaign, compared with each other (A/B arms).

use crate::{campaign::Text, digest::Digest, limits, name::Language, name::VariantId, qr::QrTarget};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One way of putting a campaign; what it does not say is as the campaign says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name, the same in every report.
    pub id: VariantId,
    /// How many customers see it, compared with the weights of the others; 1 to [`Variant::HEAVIEST`].
    pub weight: u16,
    /// Other words: none, or some in each language of the campaign, so that a comparison is not one of languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<Language, Text>,
    /// Another picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Digest>,
    /// Another QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr: Option<QrTarget>,
}

impl Variant {
    /// Heaviest weight: shares in per mille can be written as they are.
    pub const HEAVIEST: u16 = 1_000;
}

/// Checks the variants of a campaign with these texts; a problem is named by what follows `variants`.
pub(crate) fn check(variants: &[Variant], texts: &BTreeMap<Language, Text>) -> Result<(), (String, String)> {
    if variants.len() > limits::VARIANTS {
        return Err((String::new(), format!("{} of them, over {}", variants.len(), limits::VARIANTS)));
    }
    for (at, variant) in variants.iter().enumerate() {
        let refuse = |key: &str, problem: String| Err((format!(".{}.{key}", variant.id), problem));
        if variants[..at].iter().any(|before| before.id == variant.id) {
            return refuse("id", "stands twice".to_owned());
        }
        if !(1..=Variant::HEAVIEST).contains(&variant.weight) {
            return refuse("weight", format!("{} is not 1 to {}", variant.weight, Variant::HEAVIEST));
        }
        if !variant.texts.is_empty() && !variant.texts.keys().eq(texts.keys()) {
            return refuse("text", "has other languages than the campaign".to_owned());
        }
    }
    Ok(())
}
