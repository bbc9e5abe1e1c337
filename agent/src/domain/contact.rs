//! What was said to a customer before, here or at any other machine, and what they answered.

pub use touchpoint_protocol::contact::{Contact, ContactKind};

/// Most of a customer's contacts that a decision looks at, the latest first: more than any cap within any window counts.
pub const MOST: usize = 500;

/// Everything that is known, from two sources that may know the same: each contact once, the latest first, at most [`MOST`].
///
/// An interaction says the same wherever it is told, so it does not matter which source it is taken from.
pub fn union(here: Vec<Contact>, elsewhere: Vec<Contact>) -> Vec<Contact> {
    let mut all = here;
    all.extend(elsewhere);
    all.sort_unstable_by(|one, other| other.at.cmp(&one.at).then_with(|| one.id.cmp(&other.id)));
    all.dedup_by(|one, other| one.id == other.id);
    all.truncate(MOST);
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
        vec((0..3_u8, 0..400_u64).prop_map(|(machine, sequence)| contact(machine, sequence)), 0..most)
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
        fn of_too_many_the_oldest_go(here in some(700), elsewhere in some(700)) {
            let all = &ids(&here) | &ids(&elsewhere);
            let oldest = here.iter().chain(&elsewhere).map(|contact| contact.at).min();
            let union = union(here, elsewhere);
            prop_assert_eq!(union.len(), all.len().min(MOST));
            prop_assert!(all.len() <= MOST || union.last().map(|last| last.at) >= oldest);
        }
    }
}
