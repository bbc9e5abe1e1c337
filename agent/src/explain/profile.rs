//! Somebody made up, to try campaigns out on.

use serde::Deserialize;
use std::collections::BTreeMap;
use touchpoint_protocol::{
    campaign::AnswerKind,
    consent::{Consent, Status},
    contact::{Contact, ContactKind, InteractionId},
    customer::{CustomerId, Profile},
    name::{AttributeName, CampaignId, Language, Purpose, ScoreName, Segment},
    utc::Utc,
};

use crate::domain::customer::Customer;

/// A customer as somebody writes one down, in JSON; what is not said is not known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MadeUpProfile {
    /// Their number, by which control groups and variants are drawn.
    pub customer: Option<CustomerId>,
    /// Where they belong, the most important first.
    pub segments: Vec<Segment>,
    /// The language they are spoken to in.
    pub language: Option<Language>,
    /// Their word on marketing.
    pub marketing: Status,
    /// When they gave it.
    pub marketing_at: Option<Utc>,
    /// Their word on other purposes.
    pub purposes: BTreeMap<Purpose, Status>,
    /// What placeholders stand for.
    pub attributes: BTreeMap<AttributeName, String>,
    /// What head office has reckoned.
    pub scores: BTreeMap<ScoreName, i32>,
    /// What was said to them, and what they answered.
    pub contacts: Vec<MadeUpContact>,
}

/// Something that was said to them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeUpContact {
    /// About which campaign.
    pub campaign: CampaignId,
    /// When.
    pub at: Utc,
    /// What they answered; the message was shown, if not said.
    pub answer: Option<AnswerKind>,
}

impl MadeUpProfile {
    /// What a device would know of them.
    pub fn known(self) -> (Option<Customer>, Vec<Contact>) {
        let MadeUpProfile { customer, segments, language, marketing, marketing_at, purposes, .. } = self;
        // Whoever has no number has the first.
        let Some(id) = customer.or_else(|| CustomerId::try_from(0).ok()) else { return (None, Vec::new()) };
        let profile = Profile {
            segments,
            language,
            marketing: Consent { at: marketing_at, ..marketing.into() },
            attributes: self.attributes,
            purposes: purposes.into_iter().map(|(purpose, status)| (purpose, status.into())).collect(),
            scores: self.scores,
        };
        let contacts = (1..).zip(self.contacts).filter_map(|(sequence, contact)| {
            let MadeUpContact { campaign, at, answer } = contact;
            let id_of = InteractionId { journal: "made-up".parse().ok()?, sequence };
            let what = answer.map_or(ContactKind::Shown, ContactKind::Answered);
            Some(Contact { id: id_of, customer: id, campaign, at, what })
        });
        (Some(Customer { id, profile }), contacts.collect())
    }
}
