//! Whatever the wire does to heads and deltas, a device that goes on following ends with head office's table.
//!
//! Head office is a list of what it published, the wire a bag of messages that is emptied in any order, and the device a table that
//! does what the plans say. At each moment its table must be one that head office had, at the revision the device says it holds.
#![allow(clippy::unwrap_used)]

use super::{CustomersPlan, DeltaPlan, Held, Membership, Staged, plan_customers, plan_delta};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;
use touchpoint_protocol::{delta::Delta, shard::ShardHead};

/// Customers by token.
type Table = BTreeMap<u8, u8>;

/// Blocks of a snapshot: enough that something can happen between two of them.
const BLOCKS: u32 = 3;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// Head office changes or erases a customer, and says so.
    Change(u8, Option<u8>),
    /// Head office publishes a new epoch.
    Rebuild,
    /// The wire delivers a message, and keeps a copy.
    Deliver(prop::sample::Index),
    /// The wire loses a message.
    Lose(prop::sample::Index),
    /// The device asks for the next thing it lacks.
    Follow,
    /// The line breaks, and comes back with the head that the broker keeps.
    Reconnect,
}

#[derive(Debug, Clone)]
enum Message {
    Head(ShardHead),
    Delta(Delta),
}

struct HeadOffice {
    head: ShardHead,
    /// Its table at each epoch and revision there ever was.
    tables: BTreeMap<(u64, u64), Table>,
}

struct Device {
    held: Held,
    table: Table,
    staged: Table,
    newest: Option<ShardHead>,
}

fn here() -> Membership {
    let [tenant, shard, group] = ["acme", "north", "lobby"];
    Membership { tenant: tenant.parse().unwrap(), shard: shard.parse().unwrap(), group: group.parse().unwrap() }
}

impl HeadOffice {
    fn new() -> HeadOffice {
        let Membership { tenant, shard, .. } = here();
        let token_key = "t1".parse().unwrap();
        let head = ShardHead { tenant, shard, epoch: 1, revision: 0, token_key, rows: 0, blocks: vec![] };
        HeadOffice { head, tables: BTreeMap::from([((1, 0), (0..40).map(|token| (token, 0)).collect())]) }
    }

    fn table(&self) -> &Table {
        &self.tables[&(self.head.epoch, self.head.revision)]
    }

    fn change(&mut self, token: u8, customer: Option<u8>) -> [Message; 2] {
        let mut table = self.table().clone();
        match customer {
            Some(customer) => table.insert(token, customer),
            None => table.remove(&token),
        };
        self.head.revision += 1;
        self.tables.insert((self.head.epoch, self.head.revision), table);
        let delta = self.delta(self.head.epoch, self.head.revision - 1).unwrap();
        [Message::Delta(delta), Message::Head(self.head.clone())]
    }

    fn rebuild(&mut self) -> Message {
        let table = self.table().clone();
        (self.head.epoch, self.head.revision) = (self.head.epoch + 1, 0);
        self.tables.insert((self.head.epoch, 0), table);
        Message::Head(self.head.clone())
    }

    /// The answer to a request; `None` if the epoch was superseded.
    fn delta(&self, epoch: u64, from: u64) -> Option<Delta> {
        let ShardHead { tenant, shard, .. } = self.head.clone();
        let (upserts, erased) = (vec![], vec![]);
        (epoch == self.head.epoch).then_some(Delta { tenant, shard, epoch, from, to: from + 1, upserts, erased })
    }

    /// A block of a snapshot; `None` if the epoch was superseded.
    fn block(&self, epoch: u64, block: u32) -> Option<Table> {
        let rows = self.tables[&(epoch, 0)].iter().filter(|(token, _)| u32::from(**token) % BLOCKS == block);
        (epoch == self.head.epoch).then(|| rows.map(|(token, customer)| (*token, *customer)).collect())
    }
}

impl Device {
    fn hear(&mut self, message: Message, office: &HeadOffice) {
        match message {
            Message::Head(head) if self.newest.as_ref().is_none_or(|newest| head.is_newer_than(newest)) => {
                self.newest = Some(head);
            }
            Message::Head(_) => {}
            Message::Delta(delta) => match plan_delta(&self.held, &delta, &here()).unwrap() {
                DeltaPlan::Apply => self.apply(&delta, office),
                DeltaPlan::Nothing => {}
            },
        }
    }

    fn apply(&mut self, delta: &Delta, office: &HeadOffice) {
        // The model's deltas are written out in head office's tables: here is the difference of two of them.
        let (before, after) = (&office.tables[&(delta.epoch, delta.from)], &office.tables[&(delta.epoch, delta.to)]);
        self.table.retain(|token, _| after.contains_key(token) || !before.contains_key(token));
        self.table.extend(after.iter().filter(|(token, customer)| before.get(*token) != Some(*customer)));
        self.held.revision = delta.to;
    }

    /// Does the next thing the newest head asks for; false if there is nothing to do.
    fn follow(&mut self, office: &HeadOffice) -> bool {
        let Some(head) = self.newest.clone() else { return false };
        // Older than what is held: refused, as a head that comes after a reconnection may be.
        let Ok(plan) = plan_customers(&self.held, &head, &here(), |_| true) else { return false };
        let block = match plan {
            CustomersPlan::Nothing => return false,
            CustomersPlan::Pull(from) => {
                let Some(delta) = office.delta(head.epoch, from) else { return false };
                self.apply(&delta, office);
                return true;
            }
            CustomersPlan::Fetch => {
                self.staged = Table::new();
                0
            }
            CustomersPlan::Resume(block) => block,
        };
        let Some(rows) = office.block(head.epoch, block) else { return false };
        self.staged.extend(rows);
        self.held.staged = Some(Staged { epoch: head.epoch, manifest: head.manifest(), blocks: block + 1 });
        if block + 1 == BLOCKS {
            (self.held.epoch, self.held.revision, self.held.staged) = (head.epoch, 0, None);
            self.table = std::mem::take(&mut self.staged);
        }
        true
    }

    fn is_consistent_with(&self, office: &HeadOffice) -> bool {
        let Held { epoch, revision, .. } = self.held;
        if epoch == 0 { self.table.is_empty() } else { self.table == office.tables[&(epoch, revision)] }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..50_u8, prop::option::weighted(0.7, 1..5_u8)).prop_map(|(token, customer)| Step::Change(token, customer)),
        1 => Just(Step::Rebuild),
        6 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        3 => any::<prop::sample::Index>().prop_map(Step::Lose),
        6 => Just(Step::Follow),
        1 => Just(Step::Reconnect),
    ];
    vec(step, 0..120)
}

proptest! {
    #[test]
    fn whatever_the_wire_does_the_device_ends_with_head_offices_table(steps in steps()) {
        let mut office = HeadOffice::new();
        let mut wire = vec![Message::Head(office.head.clone())];
        let mut device = Device { held: Held::default(), table: Table::new(), staged: Table::new(), newest: None };
        for step in steps {
            match step {
                Step::Change(token, customer) => wire.extend(office.change(token, customer)),
                Step::Rebuild => wire.push(office.rebuild()),
                Step::Deliver(which) if !wire.is_empty() => device.hear(which.get(&wire).clone(), &office),
                Step::Lose(which) if !wire.is_empty() => drop(wire.remove(which.index(wire.len()))),
                Step::Follow => drop(device.follow(&office)),
                Step::Reconnect => {
                    wire.clear();
                    device.newest = Some(office.head.clone());
                }
                Step::Deliver(_) | Step::Lose(_) => {}
            }
            prop_assert!(device.is_consistent_with(&office), "at {:?}", device.held);
        }
        device.hear(Message::Head(office.head.clone()), &office);
        let mut requests = 0;
        while device.follow(&office) {
            requests += 1;
            prop_assert!(requests < 200, "it never ends");
        }
        prop_assert_eq!((device.held.epoch, device.held.revision), (office.head.epoch, office.head.revision));
        prop_assert_eq!(&device.table, office.table());
    }
}
