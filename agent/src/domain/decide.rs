//! Which message a customer is shown, and why not each of the others.
//!
//! Pure and deterministic: the same customer, contacts, campaigns and moment always give the same decision. Every campaign
//! gets exactly one [`Verdict`], from the first question it fails, one file for each: `schedule` and panel, audience and `consent`,
//! condition (`eligibility`), `sequence`, contact `policy`. Those that fail none are taken in the order of their `rank`; the first
//! of them that fits the time left and whose control group (`assignment`) the customer is not in has won.
//!
//! A customer waits for this, so nothing is made into text, and what is the same for all campaigns is reckoned once.

use super::{contact::Contact, customer::Customer, moment::Moment};
use std::{cmp::Reverse, collections::BinaryHeap};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::{Campaign, Text},
    interaction::{Reason, Trigger},
    name::{CampaignId, Language},
    utc::Utc,
    variant::Variant,
    zone::Local,
};

mod schedule;

mod consent;
mod eligibility;
mod history;
mod policy;
mod sequence;

mod assignment;
mod rank;
mod verdict;

pub use eligibility::Unmet;
pub use verdict::{Loss, Scope, Verdict};

use eligibility::Known;
use history::History;
use rank::Rank;
use sequence::{Standing, Ways};

/// What was decided, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'a> {
    /// What is to be shown, if anything.
    pub choice: Option<Choice<'a>>,
    /// What would have been shown, had the customer not belonged to its control group, in the order of rank.
    pub held_out: Vec<&'a CampaignId>,
    /// One verdict for each campaign, in the order of the bundle.
    pub verdicts: Vec<(&'a CampaignId, Verdict<'a>)>,
}

/// What is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The campaign.
    pub campaign: &'a Campaign,
    /// Which way of putting it, if there are several.
    pub variant: Option<&'a Variant>,
    /// The language of its words.
    pub language: &'a Language,
    /// Its words.
    pub text: &'a Text,
    /// How many seconds the words need.
    pub seconds: u32,
}

/// Decides among the campaigns of a bundle.
pub fn decide<'a>(
    bundle: &'a Bundle,
    customer: Option<&Customer>,
    contacts: &[Contact],
    moment: &Moment,
) -> Decision<'a> {
    let case = Case::new(bundle, customer, contacts, moment);
    let mut verdicts = Vec::with_capacity(bundle.campaigns.len());
    let mut candidates = Vec::new();
    for (at, campaign) in bundle.campaigns.iter().enumerate() {
        let verdict = match case.judge(campaign) {
            Ok(due) => {
                candidates.push(Rank::new(at, campaign, customer, due));
                Verdict::Outranked
            }
            Err(loss) => Verdict::Lost(loss),
        };
        verdicts.push((&campaign.id, verdict));
    }

    let mut decision = Decision { choice: None, held_out: Vec::new(), verdicts };
    // A heap, because mostly only the first is asked for.
    let mut candidates = BinaryHeap::from(candidates);
    while let Some(Rank { at, .. }) = candidates.pop() {
        let campaign = &bundle.campaigns[at];
        let verdict = match case.choose(campaign) {
            Err(loss) => Verdict::Lost(loss),
            Ok(_) if case.is_held_out(campaign) => {
                decision.held_out.push(&campaign.id);
                Verdict::Lost(Loss::HeldOut)
            }
            Ok(choice) => {
                decision.choice = Some(choice);
                decision.verdicts[at].1 = Verdict::Won;
                break;
            }
        };
        decision.verdicts[at].1 = verdict;
    }
    decision
}

impl Decision<'_> {
    /// What is decided where there are no campaigns.
    pub fn none() -> Decision<'static> {
        Decision { choice: None, held_out: Vec::new(), verdicts: Vec::new() }
    }

    /// For a decision without a choice: why, and which campaign came nearest, if it is one campaign that it is about. Consent is
    /// about all of them.
    pub fn nearest(&self) -> (Option<&CampaignId>, Reason) {
        let lost = self.verdicts.iter().filter_map(|(campaign, verdict)| match verdict {
            Verdict::Lost(loss) => Some((*campaign, loss.reason())),
            Verdict::Won | Verdict::Outranked => None,
        });
        // The first of those that are equally near, so that the answer is the same every time.
        match lost.min_by_key(|(_, reason)| Reverse(nearness(*reason))) {
            Some((campaign, reason)) => ((nearness(reason) >= nearness(Reason::NotEarned)).then_some(campaign), reason),
            None => (None, Reason::NoCampaigns),
        }
    }
}

/// What is the same for all campaigns of a decision.
struct Case<'a, 'c> {
    bundle: &'a Bundle,
    customer: Option<&'c Customer>,
    moment: &'c Moment,
    /// What the bundle's clock says.
    local: Local,
    /// When the customer last objected at a screen.
    objection: Option<Utc>,
    history: History<'c>,
    ways: Ways<'a>,
    /// What the overall policy says of marketing.
    overall: Result<(), Loss<'a>>,
}

impl<'a, 'c> Case<'a, 'c> {
    fn new(bundle: &'a Bundle, customer: Option<&'c Customer>, contacts: &'c [Contact], moment: &'c Moment) -> Self {
        let history = History::new(contacts, &bundle.campaigns);
        let overall = policy::overall(&bundle.policy, &history, moment);
        Case {
            bundle,
            customer,
            moment,
            local: bundle.zone.local(moment.utc),
            objection: consent::objection(contacts),
            history,
            ways: Ways::new(&bundle.campaigns),
            overall,
        }
    }

    /// The priority of what a campaign follows, if it is its turn in a sequence; or the first reason why it cannot be shown.
    fn judge(&self, campaign: &'a Campaign) -> Result<Option<u8>, Loss<'a>> {
        let Case { customer, moment, history, .. } = self;
        let local = campaign.schedule.zone.as_ref().map_or(self.local, |zone| zone.local(moment.utc));
        schedule::check(campaign, moment, local)?;
        consent::check(campaign, *customer, self.objection)?;
        if let Some(when) = &campaign.when {
            Known { customer: *customer, moment, local }.check(when).map_err(Loss::Unmet)?;
        }
        let told = history.of(&campaign.id);
        let due = match self.ways.standing(&campaign.id, told, history) {
            Standing::NotEarned => return Err(Loss::NotEarned),
            Standing::Open if moment.trigger == Trigger::Answer => return Err(Loss::NotNext),
            Standing::Open => None,
            Standing::Due { priority } => Some(priority),
        };
        policy::of_campaign(campaign, told, moment.utc)?;
        if campaign.kind.is_marketing() {
            self.overall?;
        }
        Ok(due)
    }

    /// What a campaign would show.
    fn choose(&self, campaign: &'a Campaign) -> Result<Choice<'a>, Loss<'a>> {
        let Case { bundle, customer, moment, .. } = self;
        let id = customer.map(|customer| customer.id);
        let variant = assignment::variant(&bundle.salt, campaign, id, moment.utc.as_millis());
        let texts = campaign.words(variant);
        let chosen = moment.visit.language.as_ref().or_else(|| customer.and_then(Customer::language));
        let spoken = chosen.and_then(|language| texts.get_key_value(language));
        let (language, text) =
            spoken.or_else(|| texts.get_key_value(&bundle.fallback_language)).ok_or(Loss::NoWords)?;
        if moment.seen.iter().any(|(seen, spoken)| (seen, spoken) == (&campaign.id, language)) {
            return Err(Loss::Repeated);
        }
        let seconds = text.seconds_needed(campaign.qr(variant).is_some());
        match moment.seconds_left < seconds {
            true => Err(Loss::NoTime { seconds }),
            false => Ok(Choice { campaign, variant, language, text, seconds }),
        }
    }

    fn is_held_out(&self, campaign: &Campaign) -> bool {
        self.customer.is_some_and(|customer| assignment::is_held_out(&self.bundle.salt, campaign, customer.id))
    }
}

/// How near to being shown a campaign was that lost for this reason: what is about this customer tells more than what is
/// about the calendar.
fn nearness(reason: Reason) -> u8 {
    match reason {
        Reason::PanelFailed => 18,
        Reason::NoTime => 17,
        Reason::HeldOut => 16,
        Reason::DeviceBudget => 15,
        Reason::TooSoon => 14,
        Reason::Capped => 13,
        Reason::Postponed => 12,
        Reason::Declined => 11,
        Reason::Accepted => 10,
        Reason::Stopped => 9,
        Reason::NotEligible => 8,
        Reason::NotEarned => 7,
        Reason::OptedOut => 6,
        Reason::NoConsent => 5,
        Reason::NotAddressed => 4,
        Reason::PanelTooSmall => 3,
        Reason::NotScheduled => 2,
        Reason::CacheFailed => 1,
        Reason::NoCampaigns => 0,
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
