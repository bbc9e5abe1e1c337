//! Whatever the wire does to pages, a device that asks now and then ends with all that head office's contact log says.
//!
//! Head office appends contacts and erasures, and is once brought back from a backup; the wire is a bag of pages that is emptied in
//! any order. Whatever the device holds, it knows every contact up to its position that is not erased, and none that is.
#![allow(clippy::unwrap_used)]

use super::{ContactsPlan, Membership, plan_contacts};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeSet;
use touchpoint_protocol::{
    contact::{Contact, ContactKind, InteractionId},
    contacts::{ContactPage, Entry},
    utc::Utc,
};

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// Something was said to a customer.
    Say(i64),
    /// A customer is erased.
    Erase(i64),
    /// Head office publishes what it has not published.
    Publish,
    /// The wire delivers a page, and keeps a copy.
    Deliver(prop::sample::Index),
    /// The wire loses a page.
    Lose(prop::sample::Index),
    /// The device asks for what follows its position.
    Pull,
}

#[derive(Default)]
struct HeadOffice {
    log: Vec<(u64, Entry)>,
    last: u64,
    published: u64,
    said: u64,
}

#[derive(Default)]
struct Device {
    held: u64,
    /// Customers and interactions.
    contacts: BTreeSet<(i64, u64)>,
    wants_more: bool,
}

fn here() -> Membership {
    let [tenant, shard, group] = ["acme", "north", "lobby"];
    Membership { tenant: tenant.parse().unwrap(), shard: shard.parse().unwrap(), group: group.parse().unwrap() }
}

impl HeadOffice {
    fn say(&mut self, customer: i64) {
        self.said += 1;
        let entry = Entry::Contact(Contact {
            id: InteractionId { journal: "j1".parse().unwrap(), sequence: self.said },
            customer: customer.try_into().unwrap(),
            campaign: "savings".parse().unwrap(),
            at: Utc::from_millis(0),
            what: ContactKind::Shown,
        });
        self.append(entry);
    }

    fn erase(&mut self, customer: i64) {
        let customer = customer.try_into().unwrap();
        self.log.retain(|(_, entry)| !matches!(entry, Entry::Contact(contact) if contact.customer == customer));
        self.append(Entry::Erased(customer));
    }

    fn append(&mut self, entry: Entry) {
        self.last += 1;
        self.log.push((self.last, entry));
    }

    /// What follows a position, two entries at most.
    fn page(&self, from: u64) -> ContactPage {
        let Membership { tenant, shard, .. } = here();
        let rest: Vec<_> = self.log.iter().filter(|(position, _)| *position > from).take(2).cloned().collect();
        let end = if rest.len() == 2 { rest[1].0 } else { self.last };
        ContactPage::pack(tenant, shard, from, &rest, end).unwrap()
    }

    fn publish(&mut self) -> ContactPage {
        let page = self.page(self.published);
        self.published = page.to;
        page
    }

    /// What a device must know that has read this far.
    fn known(&self, held: u64) -> BTreeSet<(i64, u64)> {
        let said = self.log.iter().filter(|(position, _)| *position <= held).filter_map(|(_, entry)| match entry {
            Entry::Contact(contact) => Some((contact.customer.into(), contact.id.sequence)),
            Entry::Erased(_) => None,
        });
        said.collect()
    }
}

impl Device {
    fn hear(&mut self, page: &ContactPage) {
        match plan_contacts(self.held, page, &here()).unwrap() {
            ContactsPlan::Apply => self.apply(page),
            ContactsPlan::Pull => self.wants_more = true,
            ContactsPlan::Nothing => {}
        }
    }

    /// Takes the answer to a question; false if it says that there is nothing more.
    fn pull(&mut self, office: &HeadOffice) -> bool {
        let page = office.page(self.held);
        self.wants_more = page.to > page.from;
        self.apply(&page);
        self.wants_more
    }

    fn apply(&mut self, page: &ContactPage) {
        for entry in page.entries().unwrap() {
            match entry {
                Entry::Contact(contact) => drop(self.contacts.insert((contact.customer.into(), contact.id.sequence))),
                Entry::Erased(customer) => self.contacts.retain(|(of, _)| *of != i64::from(customer)),
            }
        }
        self.held = page.to;
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..4_i64).prop_map(Step::Say),
        1 => (0..4_i64).prop_map(Step::Erase),
        5 => Just(Step::Publish),
        6 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        2 => any::<prop::sample::Index>().prop_map(Step::Lose),
        2 => Just(Step::Pull),
    ];
    vec(step, 0..150)
}

proptest! {
    #[test]
    fn whatever_the_wire_does_the_device_ends_with_head_offices_log(steps in steps(), ahead in prop::option::of(0..9_u64)) {
        let (mut office, mut device, mut wire) = (HeadOffice::default(), Device::default(), Vec::new());
        for step in steps {
            match step {
                Step::Say(customer) => office.say(customer),
                Step::Erase(customer) => office.erase(customer),
                Step::Publish => wire.push(office.publish()),
                Step::Deliver(which) if !wire.is_empty() => device.hear(which.get(&wire)),
                Step::Lose(which) if !wire.is_empty() => drop(wire.remove(which.index(wire.len()))),
                Step::Pull => drop(device.pull(&office)),
                Step::Deliver(_) | Step::Lose(_) => {}
            }
            // Of what is erased later, an older page may still say something; no device has less than what stays.
            let known = office.known(device.held);
            prop_assert!(known.is_subset(&device.contacts), "at {}", device.held);
        }
        // Its position may be one that head office has forgotten.
        device.held += ahead.unwrap_or(0);
        let mut asked = 0;
        while device.pull(&office) {
            asked += 1;
            prop_assert!(asked < 200, "it never ends");
        }
        prop_assert_eq!(device.held, office.last);
        if ahead.is_none() {
            prop_assert_eq!(&device.contacts, &office.known(office.last));
        }
    }
}
