//! However often fetching is interrupted, and wherever, each block of a snapshot ends in its place, and none is fetched for nothing.
//!
//! The device here is what the cache keeps: which epoch is staged, how far, and the blocks themselves. A kill takes everything else.
#![allow(clippy::unwrap_used)]

use super::{CampaignsPlan, CustomersPlan, Held, Membership, Refusal, Staged, plan_campaigns, plan_customers};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeSet;
use touchpoint_protocol::{
    digest::{ContentRef, Digest},
    group::GroupHead,
    shard::ShardHead,
};

/// Blocks of a snapshot: enough that every place to be interrupted is another.
const BLOCKS: u32 = 5;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A block arrives, and is written with the progress in one transaction; after the last, the snapshot is swapped in.
    Go,
    /// The power goes between a block's arrival and its transaction, or between the last block and the swap.
    Kill,
    /// Head office publishes a new epoch.
    Rebuild,
}

#[derive(Debug, Default)]
struct Device {
    held: Held,
    /// The epoch each staged block is of.
    staged: Vec<u64>,
    /// The epoch each block that visits are served from is of.
    serving: Vec<u64>,
    /// What the connection is about to bring: of which epoch, and which block. A kill forgets it.
    coming: Option<(u64, u32)>,
    /// Blocks of the newest epoch that were fetched.
    fetched: Vec<u32>,
}

fn here() -> Membership {
    let [tenant, shard, group] = ["acme", "north", "lobby"];
    Membership { tenant: tenant.parse().unwrap(), shard: shard.parse().unwrap(), group: group.parse().unwrap() }
}

fn head(epoch: u64) -> ShardHead {
    let Membership { tenant, shard, .. } = here();
    ShardHead { tenant, shard, epoch, revision: 0, token_key: "t1".parse().unwrap(), rows: 0, blocks: vec![] }
}

fn staged(epoch: u64, blocks: u32) -> Option<Staged> {
    Some(Staged { epoch, manifest: head(epoch).manifest(), blocks })
}

impl Device {
    /// Does the next thing for this epoch, and is killed in the middle of it or not; false if there is nothing left to do.
    fn go(&mut self, epoch: u64, killed: bool) -> bool {
        let next = match self.coming.filter(|(of, _)| *of == epoch) {
            Some((_, next)) => next,
            None => match plan_customers(&self.held, &head(epoch), &here(), |_| true).unwrap() {
                CustomersPlan::Nothing => return false,
                CustomersPlan::Fetch => {
                    (self.held.staged, self.staged) = (staged(epoch, 0), Vec::new());
                    0
                }
                CustomersPlan::Resume(next) => next,
                CustomersPlan::Pull(_) => unreachable!("nothing was changed since the snapshot"),
            },
        };
        if next < BLOCKS {
            self.fetched.push(next);
        }
        if killed {
            self.coming = None;
        } else if next < BLOCKS {
            self.staged.resize(self.staged.len().max(next as usize + 1), 0);
            self.staged[next as usize] = epoch;
            self.held.staged = staged(epoch, next + 1);
            self.coming = Some((epoch, next + 1));
        } else {
            (self.held.epoch, self.held.staged, self.coming) = (epoch, None, None);
            self.serving = std::mem::take(&mut self.staged);
        }
        true
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(prop_oneof![6 => Just(Step::Go), 3 => Just(Step::Kill), 1 => Just(Step::Rebuild)], 0..60)
}

proptest! {
    #[test]
    fn however_often_it_is_interrupted_each_block_ends_in_its_place(steps in steps()) {
        let (mut device, mut epoch, mut kills) = (Device::default(), 1, 0);
        for step in steps {
            match step {
                Step::Go => drop(device.go(epoch, false)),
                Step::Kill => kills += usize::from(device.go(epoch, true)),
                Step::Rebuild => {
                    (epoch, kills) = (epoch + 1, 0);
                    device.fetched.clear();
                }
            }
            prop_assert_eq!(&device.serving, &vec![device.held.epoch; device.serving.len()], "visits see one epoch");
            prop_assert!(device.held.epoch == 0 || device.serving.len() == BLOCKS as usize, "{device:?}");
        }
        while device.go(epoch, false) {}
        prop_assert_eq!(&device.serving, &vec![epoch; BLOCKS as usize]);
        // A new epoch begins with the first block; whatever was fetched before it is no part of it.
        prop_assert!((0..BLOCKS).all(|block| device.fetched.contains(&block)), "{:?}", device.fetched);
        prop_assert!(device.fetched.len() <= BLOCKS as usize + kills, "{:?} with {kills} kills", device.fetched);
    }

    #[test]
    fn a_group_head_asks_for_what_is_missing_and_never_leads_back(
        held in 0..6_u64,
        offered in 0..6_u64,
        there in vec(any::<bool>(), 0..6),
    ) {
        let medium = |number: usize| ContentRef::of(&[u8::try_from(number).unwrap()]).unwrap();
        let Membership { tenant, group, .. } = here();
        let media: Vec<ContentRef> = (0..there.len()).map(medium).collect();
        let head = GroupHead { tenant, group, revision: offered, bundle: medium(200), media: media.clone() };
        let kept: BTreeSet<Digest> = media.iter().zip(&there).filter(|(_, there)| **there).map(|(medium, _)| medium.sha256).collect();
        let plan = plan_campaigns(&Held { campaigns: held, ..Held::default() }, &kept, &head, &here());
        let missing = media.iter().zip(&there).filter(|(_, there)| !**there).map(|(medium, _)| *medium).collect();
        prop_assert_eq!(plan, match offered.cmp(&held) {
            std::cmp::Ordering::Less => Err(Refusal::Older { offered, held }),
            std::cmp::Ordering::Equal => Ok(CampaignsPlan::Nothing),
            std::cmp::Ordering::Greater => Ok(CampaignsPlan::Fetch(missing)),
        });
    }

    /// What a device held when it took a new epoch is all it needs to go on from; nothing it holds makes a head of a newer epoch
    /// wait for, or be taken for, another.
    #[test]
    fn whatever_a_device_holds_a_head_leads_forward_or_nowhere(
        epoch in 0..5_u64, revision in 0..5_u64, staged in prop::option::of((0..7_u64, 0..=BLOCKS)),
        to in 1..7_u64, at in 0..5_u64,
    ) {
        let fetching = staged.and_then(|(epoch, blocks)| super::resume::staged(epoch, blocks));
        let held = Held { epoch, revision, staged: fetching, ..Held::default() };
        let plan = plan_customers(&held, &ShardHead { revision: at, ..head(to) }, &here(), |_| true);
        match plan {
            Err(refusal) => prop_assert_eq!((to < epoch, refusal), (true, Refusal::Older { offered: to, held: epoch })),
            Ok(CustomersPlan::Nothing) => prop_assert!(to == epoch && at <= revision),
            Ok(CustomersPlan::Pull(from)) => prop_assert!(to == epoch && from == revision && at > revision),
            Ok(CustomersPlan::Resume(next)) => prop_assert!(to > epoch && staged == Some((to, next))),
            Ok(CustomersPlan::Fetch) => prop_assert!(to > epoch && staged.is_none_or(|(of, _)| of != to)),
        }
    }
}
