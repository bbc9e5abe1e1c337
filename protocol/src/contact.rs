//! What was said to a customer, and what they answered: the part of an interaction that other machines must know.
//!
//! A contact is named by the interaction it comes from, so that one that arrives by several ways is one.

use crate::{
    campaign::AnswerKind,
    customer::CustomerId,
    interaction::{Ending, Fact, Interaction},
    name::{CampaignId, JournalId},
    utc::Utc,
};

/// Which interaction, of all there are: no other has its journal and sequence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InteractionId {
    /// Whose journal.
    pub journal: JournalId,
    /// Its place there.
    pub sequence: u64,
}

/// One contact with a customer, wherever it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The interaction it comes from.
    pub id: InteractionId,
    /// With whom.
    pub customer: CustomerId,
    /// About which campaign.
    pub campaign: CampaignId,
    /// When, by the clock of the machine where it happened.
    pub at: Utc,
    /// What happened.
    pub what: ContactKind,
}

/// What a contact was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactKind {
    /// The message was on the glass.
    Shown,
    /// The customer answered it.
    Answered(AnswerKind),
}

/// Every kind, by its number on the wire and in tables. Numbers are never given anew; new kinds are added at the end.
const KINDS: [ContactKind; 7] = [
    ContactKind::Shown,
    ContactKind::Answered(AnswerKind::Accept),
    ContactKind::Answered(AnswerKind::Decline),
    ContactKind::Answered(AnswerKind::Later),
    ContactKind::Answered(AnswerKind::More),
    ContactKind::Answered(AnswerKind::CallMe),
    ContactKind::Answered(AnswerKind::OptOut),
];

impl Contact {
    /// What an interaction means for later decisions anywhere; `None` if nothing, or if nobody knows with whom it was.
    pub fn of(journal: &JournalId, interaction: &Interaction) -> Option<Contact> {
        let (campaign, what) = match &interaction.fact {
            Fact::Shown { campaign, .. } => (campaign, ContactKind::Shown),
            Fact::Ended { campaign, ending: Ending::Answered(kind), .. } => (campaign, ContactKind::Answered(*kind)),
            Fact::Ended { .. }
            | Fact::NotShown { .. }
            | Fact::HeldOut { .. }
            | Fact::Discarded { .. }
            | Fact::Erased { .. } => return None,
        };
        Some(Contact {
            id: InteractionId { journal: journal.clone(), sequence: interaction.sequence },
            customer: interaction.customer?,
            campaign: campaign.clone(),
            at: interaction.at.utc,
            what,
        })
    }
}

impl Contact {
    /// Whether it is an objection to all marketing, which does not grow old.
    pub fn is_objection(&self) -> bool {
        self.what == ContactKind::Answered(AnswerKind::OptOut)
    }
}

impl ContactKind {
    /// Its number on the wire and in tables.
    pub fn code(self) -> u8 {
        (0..).zip(KINDS).find_map(|(code, kind)| (kind == self).then_some(code)).unwrap_or_default()
    }

    /// The kind of this number, if there is one.
    pub fn from_code(code: u8) -> Option<ContactKind> {
        KINDS.get(usize::from(code)).copied()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::interaction::{ClockQuality, Moment, Reason, Trigger};

    fn interaction(customer: Option<i64>, fact: Fact) -> Interaction {
        let clock = ClockQuality::Synchronised;
        let at = Moment { utc: Utc::from_millis(77), boot: "b0".parse().unwrap(), since_boot_ms: 9, clock };
        let customer = customer.map(|number| number.try_into().unwrap());
        Interaction { sequence: 4, visit: "v1".parse().unwrap(), at, customer, backfill: false, fact }
    }

    #[test]
    fn what_a_known_customer_saw_or_answered_is_a_contact_and_nothing_else_is() {
        let journal: JournalId = "j1".parse().unwrap();
        let savings: CampaignId = "savings".parse().unwrap();
        let what = |customer, fact| Contact::of(&journal, &interaction(customer, fact)).map(|contact| contact.what);
        let ended = |ending| Fact::Ended { campaign: savings.clone(), variant: None, ending, dwell_ms: 5 };
        let shown = Fact::Shown {
            campaign: savings.clone(),
            language: "en".parse().unwrap(),
            variant: None,
            segment: None,
            trigger: Trigger::Arrival,
        };
        assert_eq!(what(Some(7), shown.clone()), Some(ContactKind::Shown));
        let declined = Ending::Answered(AnswerKind::Decline);
        assert_eq!(what(Some(7), ended(declined)), Some(ContactKind::Answered(AnswerKind::Decline)));
        assert_eq!(what(None, shown), None, "a stranger");
        assert_eq!(what(Some(7), ended(Ending::TimeUp)), None, "no answer");
        assert_eq!(
            what(
                Some(7),
                Fact::NotShown { reason: Reason::NoTime, campaign: Some(savings.clone()), trigger: Trigger::Arrival }
            ),
            None
        );
        let id = Contact::of(&journal, &interaction(Some(7), ended(declined))).unwrap().id;
        assert_eq!((id.journal, id.sequence), (journal, 4));
    }

    #[test]
    fn every_kind_has_a_number_of_its_own() {
        for (code, kind) in (0..).zip(KINDS) {
            assert_eq!((kind.code(), ContactKind::from_code(code)), (code, Some(kind)));
        }
        assert_eq!(ContactKind::from_code(KINDS.len() as u8), None);
    }
}
