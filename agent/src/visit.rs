//! One visit: who is served, what is known of them, and what has been on the glass for them.

use std::time::{Duration, Instant};
use touchpoint_protocol::{
    campaign::AnswerKind,
    contact::{Contact, ContactKind, InteractionId},
    customer::CustomerId,
    interaction::{Ending, Fact, Trigger},
    name::{CampaignId, JournalId, Language, Segment, VariantId, VisitId},
    utc::Utc,
};

use crate::{
    campaigns::{Campaigns, Message},
    domain::{
        customer::Customer,
        decide::Choice,
        moment::{Moment, Place, VisitAttributes},
    },
    identify::Turn,
};

/// Most showings in one visit: who has passed over three messages came for something else.
const SHOWINGS: u32 = 3;

/// Most decisions in one visit: more than a person can call for who looks at what comes of them.
const DECISIONS: u32 = 12;

/// What a visit is for once the customer asks for their balance, as a campaign's condition may name it.
const BALANCE_ENQUIRY: &str = "balance-enquiry";

/// Who is served.
#[derive(Debug)]
pub struct Visit {
    /// Which visit.
    pub id: VisitId,
    /// The customer, if they are known.
    pub customer: Option<Customer>,
    /// What was said to them before, and what they answered, in this visit too.
    pub contacts: Vec<Contact>,
    /// What is said of the visit.
    pub attributes: VisitAttributes,
    /// When the card was read.
    pub received: Instant,
    /// When the visit is over.
    pub ends: Ends,
    /// How many decisions there were.
    decisions: u32,
    /// How many showings there were.
    showings: u32,
    /// The messages among them that are over, and in which language they were.
    seen: Vec<(CampaignId, Language)>,
    /// Whose control groups were recorded already.
    held_out: Vec<CampaignId>,
}

/// When a visit is over: at its time-out, which whoever touches the machine puts off, and in the end for good.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    at: Duration,
    window: Duration,
    latest: Duration,
}

/// A message on the glass.
#[derive(Debug)]
pub struct Showing {
    /// Whose message.
    pub campaign: CampaignId,
    /// Which way of putting it, if there are several.
    pub variant: Option<VariantId>,
    /// In which language.
    pub language: Language,
    /// Whether it counts for the device's daily budget.
    pub marketing: bool,
    /// The answers that something may follow.
    pub followed: Vec<AnswerKind>,
    /// How many seconds its words need.
    pub seconds: u32,
    /// What is drawn, and what may be answered.
    pub message: Message,
    /// Since when it is there, after boot.
    pub began: Duration,
}

impl Ends {
    /// A visit that begins now, after boot: over after `window`, or so long after the last touch, and never later than after `longest`.
    pub fn new(now: Duration, window: Duration, longest: Duration) -> Ends {
        Ends { at: now + window.min(longest), window, latest: now + longest }
    }

    /// When it is over as things stand, after boot.
    pub fn at(self) -> Duration {
        self.at
    }

    /// The customer is there, and does something.
    pub fn extend(&mut self, now: Duration) {
        self.at = (now + self.window).min(self.latest).max(self.at);
    }
}

impl Visit {
    /// A visit that begins.
    pub fn new(
        id: VisitId,
        (customer, contacts): (Option<Customer>, Vec<Contact>),
        attributes: VisitAttributes,
        received: Instant,
        ends: Ends,
    ) -> Visit {
        let (seen, held_out) = (Vec::new(), Vec::new());
        Visit { id, customer, contacts, attributes, received, ends, decisions: 0, showings: 0, seen, held_out }
    }

    /// Who it is, if they are known.
    pub fn customer_id(&self) -> Option<CustomerId> {
        self.customer.as_ref().map(|customer| customer.id)
    }

    /// Where the customer belongs first.
    pub fn segment(&self) -> Option<Segment> {
        self.customer.as_ref().and_then(Customer::segment).cloned()
    }

    /// The language in which they were spoken to last.
    pub fn spoken(&self) -> Option<&Language> {
        self.seen.last().map(|(_, language)| language)
    }

    /// Whether there may be another showing.
    pub fn may_show(&self) -> bool {
        self.showings < SHOWINGS && self.decisions < DECISIONS
    }

    /// The circumstances of its next decision.
    pub fn moment(&mut self, place: &Place, utc: Utc, trigger: Trigger, seconds_left: u32, shown_today: u32) -> Moment {
        self.decisions += 1;
        let (visit, seen) = (self.attributes.clone(), self.seen.clone());
        Moment { shown_today, seen, ..place.moment(utc, trigger, seconds_left, visit) }
    }

    /// Takes note of what the customer does at the machine; what it calls for.
    pub fn turn(&mut self, turn: Turn) -> Trigger {
        match turn {
            Turn::BalanceEnquiry => {
                self.attributes.kind = BALANCE_ENQUIRY.parse().ok();
                Trigger::BalanceEnquiry
            }
            Turn::Language(language) => {
                self.attributes.language = Some(language);
                Trigger::LanguageChange
            }
        }
    }

    /// Whether it has to be recorded that the customer belongs to a campaign's control group: once a visit.
    pub fn is_news(&mut self, held_out: &CampaignId) -> bool {
        let news = !self.held_out.contains(held_out);
        if news {
            self.held_out.push(held_out.clone());
        }
        news
    }

    /// A message is on the glass.
    pub fn shown(&mut self) {
        self.showings += 1;
    }

    /// A showing is over. Unless it goes on after an interruption, or in another language, it counts from now on.
    ///
    /// What was answered counts at once, whether or not the journal could write it down.
    pub fn over(&mut self, showing: &Showing, ending: Ending, counts: bool, journal: &JournalId, utc: Utc) {
        let Showing { campaign, language, .. } = showing;
        if counts {
            self.seen.push((campaign.clone(), language.clone()));
        }
        let Some(customer) = self.customer_id() else { return };
        let answered = match ending {
            Ending::Answered(kind) => Some(ContactKind::Answered(kind)),
            Ending::TimeUp | Ending::CustomerLeft | Ending::Interrupted => None,
        };
        for what in counts.then_some(ContactKind::Shown).into_iter().chain(answered) {
            // Named after no interaction: it is told to nobody.
            let id = InteractionId { journal: journal.clone(), sequence: 0 };
            self.contacts.push(Contact { id, customer, campaign: campaign.clone(), at: utc, what });
        }
    }
}

impl Showing {
    /// The message of a choice, ready for the glass.
    pub fn new(choice: &Choice<'_>, campaigns: &Campaigns, customer: Option<&Customer>, seconds_left: u32) -> Showing {
        let Choice { campaign, variant, language, seconds, .. } = *choice;
        Showing {
            campaign: campaign.id.clone(),
            variant: variant.map(|variant| variant.id.clone()),
            language: language.clone(),
            marketing: campaign.kind.is_marketing(),
            followed: campaign.next.iter().map(|next| next.after).collect(),
            seconds,
            message: campaigns.message(choice, customer, seconds_left),
            began: Duration::ZERO,
        }
    }

    /// Whether this is what was chosen.
    pub fn is(&self, choice: &Choice<'_>) -> bool {
        (&self.campaign, &self.language) == (&choice.campaign.id, choice.language)
    }

    /// Whether there is more to be shown to who asks for it.
    pub fn has_more(&self) -> bool {
        self.message.has_more()
    }

    /// What is shown to who asks for more.
    pub fn more(self, seconds_left: u32) -> Showing {
        Showing { message: self.message.more(seconds_left), ..self }
    }

    /// That it is on the glass, as it is recorded.
    pub fn fact(&self, segment: Option<Segment>, trigger: Trigger) -> Fact {
        let Showing { campaign, variant, language, .. } = self;
        let (campaign, variant, language) = (campaign.clone(), variant.clone(), language.clone());
        Fact::Shown { campaign, variant, language, segment, trigger }
    }

    /// That it is over, as it is recorded.
    pub fn end(&self, ending: Ending, now: Duration) -> Fact {
        let dwell_ms = u32::try_from(now.saturating_sub(self.began).as_millis()).unwrap_or(u32::MAX);
        Fact::Ended { campaign: self.campaign.clone(), variant: self.variant.clone(), ending, dwell_ms }
    }
}
