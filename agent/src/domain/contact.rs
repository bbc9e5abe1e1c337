//! What was said to a customer before, here or at any other machine, and what they answered.

pub use touchpoint_protocol::contact::{Contact, ContactKind};

/// Most of a customer's showings, and most of their answers, that a decision looks at, the latest first: more than any cap within any
/// window counts. Each has room of its own, so that no number of messages that are owed makes an objection forgotten.
pub const MOST: usize = 500;

/// Everything that is known, from two sources that may know the same: each contact once, the latest first, at most [`MOST`] showings
/// and as many answers.
///
/// An interaction says the same wherever it is told, so it does not matter which source it is taken from.
pub fn union(here: Vec<Contact>, elsewhere: Vec<Contact>) -> Vec<Contact> {
    let mut all = here;
    all.extend(elsewhere);
    all.sort_unstable_by(|one, other| other.at.cmp(&one.at).then_with(|| one.id.cmp(&other.id)));
    all.dedup_by(|one, other| one.id == other.id);
    let (mut showings, mut answers) = (0, 0);
    all.retain(|contact| {
        let count = if contact.what == ContactKind::Shown { &mut showings } else { &mut answers };
        *count += 1;
        *count <= MOST
    });
    all
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::collections::BTreeSet;
    use touchpoint_protocol::{campaign::AnswerKind, contact::InteractionId, utc::Utc};

    /// The one contact of this machine and number; some are at the same moment.
    fn contact(machine: u8, sequence: u64) -> Contact {
        let what = match sequence % 2 {
            0 => ContactKind::Shown,
            _ => ContactKind::Answered(AnswerKind::Later),
        };
        Contact {
            id: InteractionId { journal: format!("j{machine}").parse().unwrap(), sequence },
            customer: 7.try_into().unwrap(),
            campaign: "savings".parse().unwrap(),
            at: Utc::from_millis((sequence / 3 * 1_000) as i64),
            what,
        }
    }

    fn some(most: usize) -> impl Strategy<Value = Vec<Contact>> {
        vec((0..3_u8, 0..500_u64).prop_map(|(machine, sequence)| contact(machine, sequence)), 0..most)
    }

    fn ids(contacts: &[Contact]) -> BTreeSet<InteractionId> {
        contacts.iter().map(|contact| contact.id.clone()).collect()
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nothing_stands_twice_and_the_latest_comes_first(here in some(200), elsewhere in some(200)) {
            let union = union(here.clone(), elsewhere.clone());
            prop_assert_eq!(ids(&union), &ids(&here) | &ids(&elsewhere));
            prop_assert_eq!(ids(&union).len(), union.len());
            prop_assert!(union.is_sorted_by(|one, next| one.at >= next.at));
        }

        #[test]
        fn it_does_not_matter_which_comes_first_or_how_often(here in some(200), elsewhere in some(200)) {
            let once = union(here.clone(), elsewhere.clone());
            prop_assert_eq!(&union(elsewhere.clone(), here.clone()), &once);
            prop_assert_eq!(&union(once.clone(), elsewhere), &once);
            prop_assert_eq!(&union(once.clone(), once.clone()), &once);
        }

        #[test]
        fn of_too_many_the_oldest_go_and_no_showing_takes_the_room_of_an_answer(here in some(1_400), elsewhere in some(1_400)) {
            let mut all: Vec<Contact> = here.iter().chain(&elsewhere).cloned().collect();
            all.sort_unstable_by(|one, other| one.id.cmp(&other.id));
            all.dedup();
            let union = union(here, elsewhere);
            for of in [|contact: &&Contact| contact.what == ContactKind::Shown, |contact: &&Contact| contact.what != ContactKind::Shown] {
                let (known, kept) = (all.iter().filter(of).count(), union.iter().filter(of).count());
                prop_assert_eq!(kept, known.min(MOST));
                let gone = all.iter().filter(of).filter(|contact| !union.contains(contact)).map(|contact| contact.at).max();
                prop_assert!(gone <= union.iter().rfind(of).map(|last| last.at));
            }
        }
    }
}
