//! A customer's contacts, put in order once for a decision: by campaign, and all of marketing by time.

use crate::domain::contact::Contact;
use std::{collections::HashMap, ops::Range};
use touchpoint_protocol::{campaign::Campaign, name::CampaignId};

/// Contacts in order.
#[derive(Debug)]
pub(super) struct History<'a> {
    /// By campaign, then by time.
    contacts: Vec<&'a Contact>,
    /// Each campaign's place in them. Every campaign of the bundle is looked for, and most were never shown to this customer: a hash
    /// says so without comparing names.
    campaigns: HashMap<&'a CampaignId, Range<usize>>,
    /// Those that count as marketing, by time.
    marketing: Vec<&'a Contact>,
}

impl<'a> History<'a> {
    /// Puts contacts in order. What is said of a campaign that is no longer in the bundle counts as marketing: there was a message,
    /// and nobody knows that it was owed.
    pub(super) fn new(contacts: &'a [Contact], campaigns: &[Campaign]) -> History<'a> {
        let mut contacts: Vec<&Contact> = contacts.iter().collect();
        contacts.sort_unstable_by_key(|contact| (&contact.campaign, contact.at));
        let mut places: HashMap<&CampaignId, Range<usize>> = HashMap::new();
        for (at, contact) in contacts.iter().enumerate() {
            places.entry(&contact.campaign).or_insert(at..at).end = at + 1;
        }
        let mut history = History { contacts, campaigns: places, marketing: Vec::new() };
        let services = campaigns.iter().filter(|campaign| !campaign.kind.is_marketing());
        let owed: Vec<Range<usize>> = services.filter_map(|campaign| history.place(&campaign.id)).collect();
        let all = history.contacts.iter().enumerate();
        let counted = all.filter(|(at, _)| !owed.iter().any(|place| place.contains(at)));
        history.marketing = counted.map(|(_, contact)| *contact).collect();
        history.marketing.sort_by_key(|contact| contact.at);
        history
    }

    /// The contacts about one campaign, the oldest first.
    pub(super) fn of(&self, campaign: &CampaignId) -> &[&'a Contact] {
        self.place(campaign).map_or(&[], |place| &self.contacts[place])
    }

    /// The contacts that count as marketing, the oldest first.
    pub(super) fn marketing(&self) -> &[&'a Contact] {
        &self.marketing
    }

    fn place(&self, campaign: &CampaignId) -> Option<Range<usize>> {
        self.campaigns.get(campaign).cloned()
    }
}
