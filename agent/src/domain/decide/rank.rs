//! Last question: who comes first?

use crate::domain::customer::Customer;
use std::cmp::Reverse;
use touchpoint_protocol::{campaign::Campaign, name::CampaignId};

/// What a value is weighed with where no score is named: the score of certainty.
const CERTAIN: i64 = 100;

/// A campaign's rank; the greatest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank<'a> {
    /// What head office says first. A conversation that has begun goes on where it stood: a follow-up whose turn it is has at least the
    /// priority of what it follows, or that would be said over and over before it.
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
    /// `due` is the priority of what a follow-up follows, if it is its turn.
    pub(super) fn new(at: usize, campaign: &'a Campaign, customer: Option<&Customer>, due: Option<u8>) -> Rank<'a> {
        let score = match &campaign.score {
            None => CERTAIN,
            Some(name) => customer.and_then(|customer| customer.profile.scores.get(name)).map_or(0, |s| i64::from(*s)),
        };
        let worth = i64::from(campaign.value) * score;
        let priority = due.map_or(campaign.priority, |followed| followed.max(campaign.priority));
        Rank { priority, due: due.is_some(), worth, id: Reverse(&campaign.id), at }
    }
}
