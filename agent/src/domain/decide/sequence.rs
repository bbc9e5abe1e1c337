//! Fourth question: if it follows an answer, has that answer been given?

use super::history::History;
use crate::domain::contact::{Contact, ContactKind};
use touchpoint_protocol::{campaign::Campaign, name::CampaignId, sequence::Next, utc::Utc};

/// The ways to each follow-up, by the follow-up's name.
#[derive(Debug)]
pub(super) struct Ways<'a>(Vec<(&'a CampaignId, &'a Campaign, &'a Next)>);

/// How a customer stands to a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is nobody's follow-up, or one that they have earned and answered since.
    Open,
    /// It is a follow-up, and its turn.
    Due {
        /// The priority of what it follows, the highest if it is several: where the conversation stood before it came to this.
        priority: u8,
    },
    /// It is a follow-up that they have not earned.
    NotEarned,
}

impl<'a> Ways<'a> {
    /// The ways among these campaigns.
    pub(super) fn new(campaigns: &'a [Campaign]) -> Ways<'a> {
        let ways = campaigns.iter().flat_map(|from| from.next.iter().map(move |next| (&next.campaign, from, next)));
        let mut ways: Vec<_> = ways.collect();
        ways.sort_unstable_by_key(|(to, ..)| *to);
        Ways(ways)
    }

    /// How a customer with this history stands to a campaign, of which they were `told`.
    pub(super) fn standing(&self, campaign: &CampaignId, told: &[&Contact], history: &History<'_>) -> Standing {
        let start = self.0.partition_point(|(to, ..)| *to < campaign);
        let ways = self.0[start..].iter().take_while(|(to, ..)| *to == campaign);
        let mut follows = false;
        let (mut earned, mut priority): (Option<Utc>, u8) = (None, 0);
        for (_, from, next) in ways {
            follows = true;
            let given = history.of(&from.id).iter().filter(|contact| contact.what == ContactKind::Answered(next.after));
            let (count, last) = given.fold((0, None), |(count, _), contact| (count + 1, Some(contact.at)));
            if count >= usize::from(next.times) {
                earned = earned.max(last);
                priority = priority.max(from.priority);
            }
        }
        let answered = |since: Utc| {
            let answers = told.iter().rev();
            answers.take_while(|contact| contact.at >= since).any(|contact| contact.what != ContactKind::Shown)
        };
        match earned {
            _ if !follows => Standing::Open,
            None => Standing::NotEarned,
            Some(since) if answered(since) => Standing::Open,
            Some(_) => Standing::Due { priority },
        }
    }
}
