//! Which message a customer is shown, and why not each of the others.
//!
//! Pure and deterministic: the same customer, contacts, campaigns and moment always give the same decision. Every campaign
//! gets exactly one [`Verdict`], from the first question it fails, in this order: schedule, audience, consent, segment, contact
//! policy, holdout, time left, rank. Consent is asked before anything is read of the customer that marketing would use.

use super::{
    contact::{Contact, ContactKind},
    customer::Customer,
    holdout::is_held_out,
};
use std::cmp::Reverse;
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::{AnswerKind, Audience, Campaign},
    customer::Consent,
    interaction::Reason,
    name::{CampaignId, Language},
    utc::Utc,
};

/// Milliseconds of a day. Caps count whole days of 24 hours: a device at a border has no calendar of its own.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// When a decision is made.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The time.
    pub utc: Utc,
    /// How many seconds remain of the visit.
    pub seconds_left: u32,
}

/// What was decided, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is to be shown, if anything.
    pub choice: Option<Choice>,
    /// One verdict for each campaign, in the order of the bundle.
    pub verdicts: Vec<(CampaignId, Verdict)>,
}

/// What is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The campaign.
    pub campaign: CampaignId,
    /// The language of its words.
    pub language: Language,
    /// How many seconds the words need.
    pub seconds: u32,
}

/// Why a campaign won or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is shown.
    Won,
    /// It could have been shown, but another ranks higher.
    Outranked,
    /// It could not be shown.
    Lost(Reason),
}

/// Decides among the campaigns of a bundle.
pub fn decide(bundle: &Bundle, customer: Option<&Customer>, contacts: &[Contact], moment: Moment) -> Decision {
    let judged: Vec<_> = bundle
        .campaigns
        .iter()
        .map(|campaign| (campaign, judge(campaign, bundle, customer, contacts, moment)))
        .collect();
    let winner = judged
        .iter()
        .filter(|(_, judgement)| judgement.is_ok())
        .min_by_key(|(campaign, _)| (Reverse(campaign.priority), &campaign.id))
        .map(|(campaign, _)| &campaign.id);

    let mut decision = Decision { choice: None, verdicts: Vec::with_capacity(judged.len()) };
    for (campaign, judgement) in &judged {
        let verdict = match judgement {
            Ok(choice) if winner == Some(&campaign.id) => {
                decision.choice = Some(choice.clone());
                Verdict::Won
            }
            Ok(_) => Verdict::Outranked,
            Err(reason) => Verdict::Lost(*reason),
        };
        decision.verdicts.push((campaign.id.clone(), verdict));
    }
    decision
}

impl Decision {
    /// What is decided where there are no campaigns.
    pub fn none() -> Decision {
        Decision { choice: None, verdicts: Vec::new() }
    }

    /// For a decision without a choice: why, and which campaign came nearest, if it is one campaign that it is about. Consent is
    /// about all of them.
    pub fn nearest(&self) -> (Option<&CampaignId>, Reason) {
        let lost = self.verdicts.iter().filter_map(|(campaign, verdict)| match verdict {
            Verdict::Lost(reason) => Some((campaign, *reason)),
            Verdict::Won | Verdict::Outranked => None,
        });
        // The first of those that are equally near, so that the answer is the same every time.
        match lost.min_by_key(|(_, reason)| Reverse(nearness(*reason))) {
            Some((campaign, reason)) => ((nearness(reason) >= nearness(Reason::Accepted)).then_some(campaign), reason),
            None => (None, Reason::NoCampaigns),
        }
    }
}

/// What this campaign would show this customer now, or the first reason why not.
fn judge(
    campaign: &Campaign,
    bundle: &Bundle,
    customer: Option<&Customer>,
    contacts: &[Contact],
    moment: Moment,
) -> Result<Choice, Reason> {
    if campaign.from.is_some_and(|from| moment.utc < from) || campaign.until.is_some_and(|until| moment.utc >= until) {
        return Err(Reason::NotScheduled);
    }
    match (&campaign.audience, customer) {
        (Audience::Strangers, None) => {}
        (Audience::Strangers, Some(_)) | (Audience::Customers { .. }, None) => return Err(Reason::NotAddressed),
        (Audience::Customers { segments }, Some(customer)) => {
            consent(campaign, customer, contacts)?;
            if !segments.is_empty() && !segments.iter().any(|segment| customer.profile.segments.contains(segment)) {
                return Err(Reason::NotAddressed);
            }
            contact_policy(campaign, contacts, moment.utc)?;
            if is_held_out(customer.id, campaign) {
                return Err(Reason::HeldOut);
            }
        }
    }
    let language = customer.and_then(Customer::language);
    let (language, text) = campaign.text(language, &bundle.fallback_language).ok_or(Reason::NotAddressed)?;
    let seconds = campaign.seconds_needed(text);
    if moment.seconds_left < seconds {
        return Err(Reason::NoTime);
    }
    Ok(Choice { campaign: campaign.id.clone(), language: language.clone(), seconds })
}

/// An opt-out at a screen counts at once and beats whatever head office still says of the customer.
fn consent(campaign: &Campaign, customer: &Customer, contacts: &[Contact]) -> Result<(), Reason> {
    if !campaign.kind.is_marketing() {
        return Ok(());
    }
    if contacts.iter().any(|contact| contact.what == ContactKind::Answered(AnswerKind::OptOut)) {
        return Err(Reason::OptedOut);
    }
    match customer.marketing() {
        Consent::Given => Ok(()),
        Consent::Refused => Err(Reason::OptedOut),
        Consent::Unknown => Err(Reason::NoConsent),
    }
}

/// Service messages are never capped: they are owed.
fn contact_policy(campaign: &Campaign, contacts: &[Contact], now: Utc) -> Result<(), Reason> {
    if !campaign.kind.is_marketing() {
        return Ok(());
    }
    let policy = &campaign.policy;
    let of_campaign = || contacts.iter().filter(|contact| contact.campaign == campaign.id);
    let within = |contact: &Contact, days: u16| contact.at > now.plus_millis(-DAY_MS * i64::from(days));
    let answered = |contact: &Contact, kind| contact.what == ContactKind::Answered(kind);

    if of_campaign().any(|contact| answered(contact, AnswerKind::Accept)) {
        return Err(Reason::Accepted);
    }
    let quiet = policy.quiet_days_after_decline;
    if of_campaign().any(|contact| answered(contact, AnswerKind::Decline) && within(contact, quiet)) {
        return Err(Reason::Declined);
    }
    let shown = of_campaign().filter(|contact| contact.what == ContactKind::Shown && within(contact, policy.days));
    if shown.count() >= usize::from(policy.showings) {
        return Err(Reason::Capped);
    }
    Ok(())
}

/// How near to being shown a campaign was that lost for this reason: what is about this customer tells more than what is
/// about the calendar.
fn nearness(reason: Reason) -> u8 {
    match reason {
        Reason::PanelFailed => 11,
        Reason::NoTime => 10,
        Reason::HeldOut => 9,
        Reason::Capped => 8,
        Reason::Declined => 7,
        Reason::Accepted => 6,
        Reason::OptedOut => 5,
        Reason::NoConsent => 4,
        Reason::NotAddressed => 3,
        Reason::NotScheduled => 2,
        Reason::CacheFailed => 1,
        Reason::NoCampaigns => 0,
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
