//! What follows an answer: campaigns that are only for those who have earned them.
//!
//! A campaign that another names as its follow-up is shown to nobody else. Follow-ups may lead in a circle, so that an offer can come
//! round again after some advice, as long as the circle can be entered from outside and each campaign in it is capped: then no customer
//! is sent round it faster than its caps allow.

use crate::{
    campaign::{AnswerKind, Audience, Campaign, CampaignProblem},
    limits,
    name::CampaignId,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A campaign that follows an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Next {
    /// The answer, one of those the campaign offers.
    pub after: AnswerKind,
    /// How often it must have been given, at least 1.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u8,
    /// What follows.
    pub campaign: CampaignId,
}

fn once() -> u8 {
    1
}

fn is_once(times: &u8) -> bool {
    *times == once()
}

/// Checks what one campaign alone says of its follow-ups.
pub(crate) fn check(campaign: &Campaign) -> Result<(), CampaignProblem> {
    let refuse = |problem: String| Err(CampaignProblem::at("next", problem));
    if campaign.next.len() > limits::NEXT {
        return refuse(format!("{} of them, over {}", campaign.next.len(), limits::NEXT));
    }
    if !campaign.next.is_empty() && campaign.audience == Audience::Strangers {
        return refuse("nobody knows what a stranger answered before".to_owned());
    }
    for Next { after, times, campaign: follower } in &campaign.next {
        if *times == 0 {
            return refuse(format!("{follower} follows an answer that was given 0 times"));
        }
        if *after == AnswerKind::OptOut {
            return refuse(format!("{follower} follows opt_out, which nothing follows"));
        }
        if !campaign.answers.contains(after) {
            return refuse(format!("{follower} follows {after}, which is not among the answers"));
        }
        if *follower == campaign.id {
            return refuse("a campaign does not follow itself".to_owned());
        }
    }
    Ok(())
}

/// Checks how the campaigns of a bundle follow each other. Their names stand once each.
pub(crate) fn check_all(campaigns: &[Campaign]) -> Result<(), (&CampaignId, CampaignProblem)> {
    let known: BTreeMap<&CampaignId, &Campaign> = campaigns.iter().map(|campaign| (&campaign.id, campaign)).collect();
    for campaign in campaigns {
        let refuse = |problem: String| Err((&campaign.id, CampaignProblem::at("next", problem)));
        for Next { campaign: follower, .. } in &campaign.next {
            match known.get(follower) {
                None => return refuse(format!("{follower} is not in the bundle")),
                Some(follower) if follower.audience == Audience::Strangers => {
                    return refuse(format!("{} is for strangers, who have answered nothing", follower.id));
                }
                Some(_) => {}
            }
        }
    }
    let followers: BTreeSet<&CampaignId> = campaigns.iter().flat_map(|c| &c.next).map(|next| &next.campaign).collect();
    let first = campaigns.iter().map(|campaign| &campaign.id).filter(|id| !followers.contains(id));
    let entered = reached(first.collect(), &known);
    for id in followers {
        let Some(campaign) = known.get(id) else { continue };
        let refuse = |problem: &str| Err((&campaign.id, CampaignProblem::at("next", problem.to_owned())));
        if !entered.contains(&campaign.id) {
            return refuse("is a follow-up that nobody can earn: its circle has no way in");
        }
        let bounded = campaign.kind.is_marketing() && !campaign.policy.caps.is_empty();
        let followed = campaign.next.iter().map(|next| &next.campaign).collect();
        if !bounded && reached(followed, &known).contains(&campaign.id) {
            return refuse("leads back to itself, which needs a cap, and service messages have none");
        }
    }
    Ok(())
}

/// Everything that can be earned from these, they themselves included.
fn reached<'a>(from: Vec<&'a CampaignId>, known: &BTreeMap<&'a CampaignId, &'a Campaign>) -> BTreeSet<&'a CampaignId> {
    let (mut open, mut reached) = (from, BTreeSet::new());
    while let Some(id) = open.pop() {
        if reached.insert(id)
            && let Some(campaign) = known.get(id)
        {
            open.extend(campaign.next.iter().map(|next| &next.campaign));
        }
    }
    reached
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::campaign::{Kind, tests::savings};

    fn campaign(id: &str, followers: &[&str]) -> Campaign {
        let next = |id: &&str| Next { after: AnswerKind::Accept, times: 1, campaign: id.parse().unwrap() };
        Campaign { id: id.parse().unwrap(), next: followers.iter().map(next).collect(), ..savings() }
    }

    fn problem(campaigns: &[Campaign]) -> String {
        let (campaign, problem) = check_all(campaigns).unwrap_err();
        format!("{campaign}: {problem}")
    }

    #[test]
    fn a_sequence_may_branch_and_come_round_again() {
        let mut circle =
            [campaign("offer", &["advice"]), campaign("advice", &["again"]), campaign("again", &["advice"])];
        assert!(check_all(&circle).is_ok());
        circle[2].policy.caps.clear();
        assert!(problem(&circle).starts_with("again: next: leads back to itself"));
        circle[2] = Campaign { kind: Kind::Service, ..campaign("again", &["advice"]) };
        assert!(problem(&circle).starts_with("again: next: leads back to itself"));
    }

    #[test]
    fn a_circle_without_a_way_in_is_refused() {
        let circle = [campaign("a", &["b"]), campaign("b", &["a"]), campaign("c", &[])];
        assert!(problem(&circle).contains("a: next: is a follow-up that nobody can earn"));
    }

    #[test]
    fn what_follows_must_be_there_and_be_for_customers() {
        assert_eq!(problem(&[campaign("a", &["b"])]), "a: next: b is not in the bundle");
        let stranger = Campaign { audience: Audience::Strangers, ..campaign("b", &[]) };
        assert!(problem(&[campaign("a", &["b"]), stranger]).contains("b is for strangers"));
    }

    #[test]
    fn a_campaign_follows_an_answer_that_can_be_given() {
        let refused = |next: Next| check(&Campaign { next: vec![next], ..savings() }).unwrap_err().problem;
        let next = |after| Next { after, times: 1, campaign: "b".parse().unwrap() };
        assert!(refused(next(AnswerKind::Decline)).ends_with("which is not among the answers"));
        assert!(refused(next(AnswerKind::OptOut)).ends_with("which nothing follows"));
        assert!(refused(Next { times: 0, ..next(AnswerKind::Accept) }).ends_with("given 0 times"));
        assert!(refused(Next { campaign: "savings".parse().unwrap(), ..next(AnswerKind::Accept) }).contains("itself"));
    }
}
