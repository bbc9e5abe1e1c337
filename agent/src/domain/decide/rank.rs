//! Last question: who comes first?

use crate::domain::customer::Customer;
use std::cmp::Reverse;
use touchpoint_protocol::{campaign::Campaign, name::CampaignId};

/// What a value is weighed with where no score is named: the score of certainty.
const CERTAIN: i64 = 100;

/// A campaign's rank; the greatest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank<'a> {
    /// What head office says first.
    priority: u8,
    /// Whether it is this campaign's turn in a sequence.
    due: bool,
    /// Value times score.
    worth: i64,
    /// So that there is always one that comes first: the first in the alphabet.
    id: Reverse<&'a CampaignId>,
    /// Its place in the bundle, which decides nothing.
    pub(super) at: usize,
}

impl<'a> Rank<'a> {
    pub(super) fn new(at: usize, campaign: &'a Campaign, customer: Option<&Customer>, due: bool) -> Rank<'a> {
        let score = match &campaign.score {
            None => CERTAIN,
            Some(name) => customer.and_then(|customer| customer.profile.scores.get(name)).map_or(0, |s| i64::from(*s)),
        };
        let worth = i64::from(campaign.value) * score;
        Rank { priority: campaign.priority, due, worth, id: Reverse(&campaign.id), at }
    }
}
