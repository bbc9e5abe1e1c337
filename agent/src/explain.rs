//! Why a customer would be shown what they would be shown: the decision of a visit without the visit.
//!
//! Nothing is recorded, nobody is asked on the line, and nothing that is said names a card or a token.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use tokio::{
    sync::watch,
    task::{JoinError, spawn_blocking},
};
use touchpoint_protocol::{
    bundle::Bundle,
    card::Card,
    interaction::{Reason, Trigger},
    name::{CampaignId, Language, VariantId},
    token::TokenKeys,
    utc::Utc,
};

use crate::{
    cache::Cache,
    campaigns::Campaigns,
    desk::{LookUpError, look_up},
    domain::{
        contact::Contact,
        customer::Customer,
        decide::{Decision, decide},
        moment::{Moment, Place, VisitAttributes},
    },
    journal::Journal,
    status::VerdictStatus,
};

mod profile;

pub use profile::{MadeUpContact, MadeUpProfile};

/// What a device decides with: all of it can be read while it serves.
#[derive(Debug, Clone)]
pub struct Explainer {
    /// Who is who.
    pub cache: Cache,
    /// What was said here.
    pub journal: Journal,
    /// The campaigns in force.
    pub campaigns: watch::Receiver<Option<Arc<Campaigns>>>,
    /// What turns cards into tokens.
    pub tokens: Arc<TokenKeys>,
    /// Where the device stands.
    pub place: Place,
    /// How long a visit lasts if nobody says.
    pub visit_seconds: u32,
}

/// Whose decision is explained.
#[derive(Debug)]
pub enum Whose {
    /// Of whoever has this card.
    Card(Card),
    /// Of somebody made up.
    Profile(Box<MadeUpProfile>),
}

/// In which circumstances, as far as they are not the usual ones.
#[derive(Debug)]
pub struct Circumstances {
    /// When.
    pub at: Utc,
    /// What calls for the decision.
    pub trigger: Trigger,
    /// How many seconds are left.
    pub seconds: Option<u32>,
    /// What is said of the visit.
    pub attributes: VisitAttributes,
}

/// A decision and its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// For when.
    pub at: Utc,
    /// What calls for the decision.
    pub trigger: Trigger,
    /// Whether the device knows the customer.
    pub known: bool,
    /// How many contacts with them were looked at.
    pub contacts: usize,
    /// The campaign whose message would be shown.
    pub campaign: Option<CampaignId>,
    /// Which way of putting it.
    pub variant: Option<VariantId>,
    /// In which language.
    pub language: Option<Language>,
    /// Why nothing would be shown.
    pub reason: Option<Reason>,
    /// Each campaign, in the order of the bundle.
    pub verdicts: Vec<Explained>,
}

/// Why a campaign won or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The campaign.
    pub campaign: CampaignId,
    /// `won`, `outranked`, or the reason why it lost.
    pub verdict: String,
    /// The same for a person: which clause it was, and what would have to change.
    pub why: String,
}

/// Why a decision is not explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The cache or the journal cannot be read.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// The agent stops meanwhile.
    #[error("the look-up was cut off")]
    CutOff(#[source] JoinError),
}

impl Explainer {
    /// Explains a decision of this device.
    ///
    /// # Errors
    /// The cache or the journal cannot be read, or the agent stops.
    pub async fn explain(&self, whose: Whose, circumstances: Circumstances) -> Result<Explanation, ExplainError> {
        let Circumstances { at, trigger, seconds, attributes } = circumstances;
        let (customer, contacts) = match whose {
            Whose::Card(card) => {
                let (cache, journal, tokens) = (self.cache.clone(), self.journal.clone(), self.tokens.tokens(card));
                // Not on a thread of the runtime: it serves others, and a disk may be slow.
                let known = spawn_blocking(move || look_up(&cache, &journal, &tokens, at));
                known.await.map_err(ExplainError::CutOff)??
            }
            Whose::Profile(profile) => profile.known(),
        };
        let moment = self.place.moment(at, trigger, seconds.unwrap_or(self.visit_seconds), attributes);
        let campaigns = self.campaigns.borrow().clone();
        Ok(explain(campaigns.as_ref().map(|campaigns| &campaigns.bundle), customer.as_ref(), &contacts, &moment))
    }
}

/// Explains a decision.
pub fn explain(
    bundle: Option<&Bundle>,
    customer: Option<&Customer>,
    contacts: &[Contact],
    moment: &Moment,
) -> Explanation {
    let decision = match bundle {
        Some(bundle) => decide(bundle, customer, contacts, moment),
        None => Decision::none(),
    };
    let choice = decision.choice.as_ref();
    let explained = |verdict| {
        let VerdictStatus { campaign, verdict: word } = VerdictStatus::of(verdict);
        Explained { campaign, verdict: word.to_owned(), why: verdict.1.to_string() }
    };
    Explanation {
        at: moment.utc,
        trigger: moment.trigger,
        known: customer.is_some(),
        contacts: contacts.len(),
        campaign: choice.map(|choice| choice.campaign.id.clone()),
        variant: choice.and_then(|choice| choice.variant).map(|variant| variant.id.clone()),
        language: choice.map(|choice| choice.language.clone()),
        reason: choice.is_none().then(|| decision.nearest().1),
        verdicts: decision.verdicts.iter().map(explained).collect(),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { at, known, contacts, campaign, variant, language, reason, verdicts, .. } = self;
        match known {
            true => writeln!(f, "{at}, a known customer with {contacts} contacts")?,
            false => writeln!(f, "{at}, a stranger")?,
        }
        match (campaign, language, reason) {
            (Some(campaign), Some(language), _) => {
                write!(f, "shows {campaign} in {language}")?;
                variant.as_ref().map_or(Ok(()), |variant| write!(f, ", variant {variant}"))?;
                writeln!(f)?;
            }
            (.., Some(reason)) => writeln!(f, "shows nothing: {reason}")?,
            _ => {}
        }
        let width = verdicts.iter().map(|verdict| verdict.campaign.as_str().len()).max().unwrap_or(0);
        verdicts
            .iter()
            .try_for_each(|Explained { campaign, why, .. }| writeln!(f, "  {:width$}  {why}", campaign.as_str()))
    }
}
