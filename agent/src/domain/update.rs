//! What to do about a head or a delta that arrived: fetch, pull, apply, or leave it.
//!
//! Head office's newest head is the one thing a device must come to hold; a delta that passes by only spares it the asking.

use std::collections::BTreeSet;
use touchpoint_protocol::{
    contacts::ContactPage,
    delta::Delta,
    digest::{ContentRef, Digest},
    group::GroupHead,
    name::{GroupId, KeyId, ShardId, Tenant},
    shard::ShardHead,
};

/// Whose documents this device takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The tenant.
    pub tenant: Tenant,
    /// The shard it serves.
    pub shard: ShardId,
    /// The group it belongs to.
    pub group: GroupId,
}

/// What the cache holds whole; 0 stands for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// The epoch of the customers that visits are served from.
    pub epoch: u64,
    /// How far they were changed since their snapshot.
    pub revision: u64,
    /// How far it knows the contact log.
    pub contacts: u64,
    /// The revision of the campaigns.
    pub campaigns: u64,
    /// The snapshot being fetched.
    pub staged: Option<Staged>,
}

/// A snapshot that is being fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staged {
    /// Its epoch.
    pub epoch: u64,
    /// The digest of its head's manifest: an epoch that was built twice, before and after head office was brought back from a
    /// backup, is another snapshot of the same number.
    pub manifest: Digest,
    /// How many of its blocks are written.
    pub blocks: u32,
}

/// What a shard head asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomersPlan {
    /// The cache holds it.
    Nothing,
    /// Drop what was being fetched, and fetch all blocks.
    Fetch,
    /// Go on with this block.
    Resume(u32),
    /// Pull the delta that leads on from this revision.
    Pull(u64),
}

/// What a delta on the wire asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeltaPlan {
    /// It leads on from what the cache holds.
    Apply,
    /// The cache holds it, or something is missing before it; the head that follows says what to pull.
    Nothing,
}

/// What a page of the contact log asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactsPlan {
    /// It leads on from what the cache holds.
    Apply,
    /// The cache holds it.
    Nothing,
    /// Something is missing before it.
    Pull,
}

/// What a group head asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignsPlan {
    /// The cache holds it.
    Nothing,
    /// Fetch the bundle, and the media that are not there yet.
    Fetch(Vec<ContentRef>),
}

/// Why a head, though rightly signed, is not for this device to follow.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// It speaks of another tenant, shard or group.
    #[error("it is for {0}")]
    Elsewhere(String),
    /// It is older than what the device holds: repeated by mistake or by intent.
    #[error("it is {offered}, older than {held}")]
    Older {
        /// What it offers.
        offered: u64,
        /// What the device holds.
        held: u64,
    },
    /// Its tokens were made with a key the device does not have.
    #[error("its tokens are made with key {0}, which this device does not have")]
    TokenKey(KeyId),
}

/// What to do about the customers.
///
/// # Errors
/// The head is not for this device to follow.
pub fn plan_customers(
    held: &Held,
    head: &ShardHead,
    here: &Membership,
    knows_key: impl Fn(&KeyId) -> bool,
) -> Result<CustomersPlan, Refusal> {
    if (&head.tenant, &head.shard) != (&here.tenant, &here.shard) {
        return Err(Refusal::Elsewhere(format!("shard {} of {}", head.shard, head.tenant)));
    }
    if head.epoch < held.epoch {
        return Err(Refusal::Older { offered: head.epoch, held: held.epoch });
    }
    if !knows_key(&head.token_key) {
        return Err(Refusal::TokenKey(head.token_key.clone()));
    }
    Ok(match held.staged {
        _ if head.epoch == held.epoch && head.revision > held.revision => CustomersPlan::Pull(held.revision),
        // A head of this epoch that says less was overtaken by a delta.
        _ if head.epoch == held.epoch => CustomersPlan::Nothing,
        Some(Staged { epoch, manifest, blocks }) if (epoch, manifest) == (head.epoch, head.manifest()) => {
            CustomersPlan::Resume(blocks)
        }
        _ => CustomersPlan::Fetch,
    })
}

/// What to do about a delta on the wire. Its rows were made with the key of the epoch it belongs to, which the device has.
///
/// # Errors
/// The delta is not for this device.
pub fn plan_delta(held: &Held, delta: &Delta, here: &Membership) -> Result<DeltaPlan, Refusal> {
    if (&delta.tenant, &delta.shard) != (&here.tenant, &here.shard) {
        return Err(Refusal::Elsewhere(format!("shard {} of {}", delta.shard, delta.tenant)));
    }
    match (delta.epoch, delta.from) == (held.epoch, held.revision) {
        true => Ok(DeltaPlan::Apply),
        false => Ok(DeltaPlan::Nothing),
    }
}

/// What to do about a page of the contact log that passed by.
///
/// # Errors
/// The page is not for this device.
pub fn plan_contacts(held: u64, page: &ContactPage, here: &Membership) -> Result<ContactsPlan, Refusal> {
    if (&page.tenant, &page.shard) != (&here.tenant, &here.shard) {
        return Err(Refusal::Elsewhere(format!("shard {} of {}", page.shard, page.tenant)));
    }
    Ok(match page.from > held {
        true => ContactsPlan::Pull,
        false if page.to > held => ContactsPlan::Apply,
        false => ContactsPlan::Nothing,
    })
}

/// What to do about the campaigns.
///
/// # Errors
/// The head is not for this device to follow.
pub fn plan_campaigns(
    held: &Held,
    media: &BTreeSet<Digest>,
    head: &GroupHead,
    here: &Membership,
) -> Result<CampaignsPlan, Refusal> {
    if (&head.tenant, &head.group) != (&here.tenant, &here.group) {
        return Err(Refusal::Elsewhere(format!("group {} of {}", head.group, head.tenant)));
    }
    if head.revision < held.campaigns {
        return Err(Refusal::Older { offered: head.revision, held: held.campaigns });
    }
    if head.revision == held.campaigns {
        return Ok(CampaignsPlan::Nothing);
    }
    let missing = head.media.iter().filter(|medium| !media.contains(&medium.sha256));
    Ok(CampaignsPlan::Fetch(missing.copied().collect()))
}

#[cfg(test)]
mod log;
#[cfg(test)]
mod model;
#[cfg(test)]
mod resume;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use touchpoint_protocol::shard::BlockRef;
    fn here() -> Membership {
        let [tenant, shard, group] = ["acme", "north", "lobby"];
        Membership { tenant: tenant.parse().unwrap(), shard: shard.parse().unwrap(), group: group.parse().unwrap() }
    }

    fn head(epoch: u64) -> ShardHead {
        let Membership { tenant, shard, .. } = here();
        ShardHead { tenant, shard, epoch, revision: 0, token_key: "t1".parse().unwrap(), rows: 0, blocks: vec![] }
    }

    fn block() -> BlockRef {
        BlockRef { sha256: Digest::of(b"another"), rows: 1 }
    }

    fn plan(held: Held, head: &ShardHead) -> Result<CustomersPlan, Refusal> {
        plan_customers(&held, head, &here(), |key| key.as_str() == "t1")
    }

    #[test]
    fn a_new_epoch_is_fetched_a_begun_one_resumed_and_a_held_one_left() {
        let staged = Staged { epoch: 6, manifest: head(6).manifest(), blocks: 17 };
        let held = Held { epoch: 4, staged: Some(staged), ..Held::default() };
        assert_eq!(plan(held, &head(4)), Ok(CustomersPlan::Nothing));
        assert_eq!(plan(held, &head(5)), Ok(CustomersPlan::Fetch));
        assert_eq!(plan(held, &head(6)), Ok(CustomersPlan::Resume(17)));
        let built_again = ShardHead { token_key: "t1".parse().unwrap(), rows: 1, blocks: vec![block()], ..head(6) };
        assert_eq!(plan(held, &built_again), Ok(CustomersPlan::Fetch));
    }

    #[test]
    fn what_changed_since_the_snapshot_is_pulled_from_where_the_device_is() {
        let held = Held { epoch: 4, revision: 2, ..Held::default() };
        let at = |revision| plan(held, &ShardHead { revision, ..head(4) });
        assert_eq!((at(3), at(9)), (Ok(CustomersPlan::Pull(2)), Ok(CustomersPlan::Pull(2))));
        assert_eq!((at(2), at(1)), (Ok(CustomersPlan::Nothing), Ok(CustomersPlan::Nothing)));
        assert_eq!(plan(held, &ShardHead { revision: 1, ..head(5) }), Ok(CustomersPlan::Fetch));
    }

    #[test]
    fn a_delta_is_applied_where_it_leads_on_and_nowhere_else() {
        let held = Held { epoch: 4, revision: 2, ..Held::default() };
        let Membership { tenant, shard, .. } = here();
        let (upserts, erased) = (vec![], vec![]);
        let delta = Delta { tenant, shard, epoch: 4, from: 2, to: 3, upserts, erased };
        let plan = |delta: Delta| plan_delta(&held, &delta, &here());
        assert_eq!(plan(delta.clone()), Ok(DeltaPlan::Apply));
        for from in [1, 3] {
            assert_eq!(plan(Delta { from, ..delta.clone() }), Ok(DeltaPlan::Nothing));
        }
        assert_eq!(plan(Delta { epoch: 5, ..delta.clone() }), Ok(DeltaPlan::Nothing));
        let foreign = Delta { shard: "south".parse().unwrap(), ..delta };
        assert_eq!(plan(foreign).unwrap_err().to_string(), "it is for shard south of acme");
    }

    #[test]
    fn a_page_of_contacts_is_applied_wherever_it_covers_the_next_and_a_gap_is_pulled() {
        let Membership { tenant, shard, .. } = here();
        let page = |from, to| ContactPage { tenant: tenant.clone(), shard: shard.clone(), from, to, entries: vec![] };
        let plan = |from, to| plan_contacts(7, &page(from, to), &here()).unwrap();
        assert_eq!((plan(7, 9), plan(2, 9)), (ContactsPlan::Apply, ContactsPlan::Apply));
        assert_eq!((plan(8, 9), plan(9, 9)), (ContactsPlan::Pull, ContactsPlan::Pull));
        assert_eq!((plan(2, 7), plan(7, 7), plan(3, 1)), [ContactsPlan::Nothing; 3].into());
        let foreign = ContactPage { tenant: "other".parse().unwrap(), ..page(7, 9) };
        let refused = plan_contacts(7, &foreign, &here()).unwrap_err();
        assert_eq!(refused.to_string(), "it is for shard north of other");
    }

    #[test]
    fn an_old_a_foreign_and_an_unreadable_head_are_refused() {
        let held = Held { epoch: 4, ..Held::default() };
        assert_eq!(plan(held, &head(3)), Err(Refusal::Older { offered: 3, held: 4 }));
        let foreign = ShardHead { tenant: "other".parse().unwrap(), ..head(5) };
        assert_eq!(plan(held, &foreign).unwrap_err().to_string(), "it is for shard north of other");
        let unreadable = ShardHead { token_key: "t9".parse().unwrap(), ..head(5) };
        assert_eq!(plan(held, &unreadable), Err(Refusal::TokenKey("t9".parse().unwrap())));
    }

    #[test]
    fn only_media_that_are_not_there_are_fetched() {
        let (one, two) = (ContentRef::of(b"1").unwrap(), ContentRef::of(b"2").unwrap());
        let Membership { tenant, group, .. } = here();
        let head = GroupHead { tenant, group, revision: 2, bundle: one, media: vec![one, two] };
        let plan = |campaigns, media: &[Digest]| {
            plan_campaigns(&Held { campaigns, ..Held::default() }, &media.iter().copied().collect(), &head, &here())
        };
        assert_eq!(plan(1, &[one.sha256]), Ok(CampaignsPlan::Fetch(vec![two])));
        assert_eq!(plan(2, &[]), Ok(CampaignsPlan::Nothing));
        assert_eq!(plan(3, &[]), Err(Refusal::Older { offered: 2, held: 3 }));
    }
}
