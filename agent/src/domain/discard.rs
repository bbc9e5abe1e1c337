//! What goes first when the journal is full and head office has confirmed none of it.
//!
//! Not-shown records before showings, and of each the oldest first; answers never, and every consent change and lead is an
//! answer. A run of adjacent records gives way to one that says they are gone, so that no gap is silent. A record whose
//! neighbours stay would only give way to another as large, so it stays too.

use touchpoint_protocol::interaction::{Ending, Fact};

/// What a record is worth to head office, least first. The numbers are those of the journal's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// It only says that others are gone.
    Discarded = 0,
    /// Nobody saw anything.
    NotShown = 1,
    /// Somebody saw something, and said nothing.
    Showing = 2,
    /// Somebody said something.
    Answer = 3,
}

/// A record, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Its sequence number.
    pub first: u64,
    /// The last sequence number it accounts for.
    pub through: u64,
    /// What it is worth.
    pub worth: Worth,
}

/// Adjacent records that give way to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The sequence number of the first, and of what takes their place.
    pub first: u64,
    /// The last sequence number they account for.
    pub through: u64,
    /// How many records they are: one fewer is what is gained.
    pub records: u64,
    /// How many of them told of something that happened.
    pub lost: u64,
}

impl From<&Fact> for Worth {
    fn from(fact: &Fact) -> Worth {
        match fact {
            Fact::Discarded { .. } => Worth::Discarded,
            Fact::NotShown { .. } => Worth::NotShown,
            // Without who was held out, showings prove nothing.
            Fact::HeldOut { .. } | Fact::Shown { .. } => Worth::Showing,
            // Nobody said that somebody is erased, but head office waits for it as for nothing else.
            Fact::Ended { ending: Ending::Answered(_), .. } | Fact::Erased { .. } => Worth::Answer,
            Fact::Ended { ending: Ending::TimeUp | Ending::CustomerLeft | Ending::Interrupted, .. } => Worth::Showing,
        }
    }
}

/// Which runs of these records, given in the order of their sequence, give way so that `wanted` fewer remain; fewer give way if
/// no more can. Records that are not given are taken to stay.
pub fn plan(records: &[Record], wanted: usize) -> Vec<Run> {
    let adjacent = |left: usize| match (records.get(left), records.get(left + 1)) {
        (Some(left), Some(right)) => left.through + 1 == right.first,
        _ => false,
    };
    let mut gone: Vec<bool> = records.iter().map(|record| record.worth == Worth::Discarded).collect();
    let mut gained = 0;
    for worth in [Worth::NotShown, Worth::Showing] {
        for at in 0..records.len() {
            if gained >= wanted {
                break;
            }
            if records[at].worth == worth {
                gone[at] = true;
                // Whatever joins a run costs no record of its own; whatever joins two saves one more.
                gained += usize::from(at > 0 && gone[at - 1] && adjacent(at - 1));
                gained += usize::from(adjacent(at) && gone[at + 1]);
            }
        }
    }
    let mut runs: Vec<Run> = Vec::new();
    for (record, _) in records.iter().zip(gone).filter(|(_, gone)| *gone) {
        let lost = u64::from(record.worth != Worth::Discarded);
        match runs.last_mut().filter(|run| run.through + 1 == record.first) {
            Some(run) => {
                run.through = record.through;
                run.records += 1;
                run.lost += lost;
            }
            None => runs.push(Run { first: record.first, through: record.through, records: 1, lost }),
        }
    }
    runs.retain(|run| run.records > 1);
    runs
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Records that follow each other, but for a hole where the flag says so.
    fn records(from: &[(Worth, u64, bool)]) -> Vec<Record> {
        let mut next = 1;
        let record = |&(worth, length, hole): &(Worth, u64, bool)| {
            let first = next + u64::from(hole);
            let through = if worth == Worth::Discarded { first + length } else { first };
            next = through + 1;
            Record { first, through, worth }
        };
        from.iter().map(record).collect()
    }

    fn of(letters: &str) -> Vec<Record> {
        let worth = |letter| match letter {
            'd' => Worth::Discarded,
            'n' => Worth::NotShown,
            's' => Worth::Showing,
            _ => Worth::Answer,
        };
        records(&letters.chars().map(|letter| (worth(letter), 0, false)).collect::<Vec<_>>())
    }

    fn planned(letters: &str, wanted: usize) -> Vec<(u64, u64)> {
        plan(&of(letters), wanted).iter().map(|run| (run.first, run.through)).collect()
    }

    #[test]
    fn the_oldest_that_were_not_shown_go_first_and_then_the_oldest_showings() {
        assert_eq!(planned("ssnnnnss", 2), [(3, 5)]);
        assert_eq!(planned("ssnnnnss", 3), [(3, 6)]);
        assert_eq!(planned("ssnnnnss", 4), [(1, 6)], "the oldest showing joins nothing until the next has gone too");
        assert_eq!(planned("ssnnnnss", 99), [(1, 8)]);
    }

    #[test]
    fn an_answer_stays_and_parts_what_goes_around_it() {
        assert_eq!(planned("nnassa", 99), [(1, 2), (4, 5)]);
        assert_eq!(planned("aaaa", 99), []);
    }

    #[test]
    fn nothing_is_lost_for_nothing() {
        assert_eq!(planned("nanasa", 99), []);
        assert_eq!(planned("nanna", 1), [(3, 4)]);
    }

    #[test]
    fn what_is_gone_already_grows_and_two_such_runs_become_one() {
        assert_eq!(planned("dn", 1), [(1, 2)]);
        assert_eq!(planned("dnd", 1), [(1, 3)]);
        assert_eq!(plan(&of("dnd"), 1)[0], Run { first: 1, through: 3, records: 3, lost: 1 });
    }

    fn worth() -> impl Strategy<Value = Worth> {
        prop_oneof![Just(Worth::Discarded), Just(Worth::NotShown), Just(Worth::Showing), Just(Worth::Answer)]
    }

    /// What is left when the runs have given way.
    fn after(records: &[Record], runs: &[Run]) -> Vec<Record> {
        let within = |record: &Record| runs.iter().any(|run| (run.first..=run.through).contains(&record.first));
        let stays = records.iter().filter(|record| !within(record)).copied();
        let mut left: Vec<Record> = stays
            .chain(runs.iter().map(|run| Record { first: run.first, through: run.through, worth: Worth::Discarded }))
            .collect();
        left.sort_by_key(|record| record.first);
        left
    }

    fn sequences(records: &[Record]) -> Vec<u64> {
        records.iter().flat_map(|record| record.first..=record.through).collect()
    }

    proptest! {
        #[test]
        fn every_sequence_number_stays_accounted_for_and_no_answer_goes(
            from in prop::collection::vec((worth(), 0..3u64, any::<bool>()), 0..40),
            wanted in 0..20usize,
        ) {
            let records = records(&from);
            let runs = plan(&records, wanted);
            prop_assert!(runs.windows(2).all(|pair| pair[0].through < pair[1].first), "they overlap: {runs:?}");
            let left = after(&records, &runs);
            prop_assert_eq!(sequences(&left), sequences(&records));
            let answers = |records: &[Record]| records.iter().filter(|record| record.worth == Worth::Answer).count();
            prop_assert_eq!(answers(&left), answers(&records));
        }

        #[test]
        fn no_more_goes_than_was_wanted_and_less_only_if_no_more_can(
            from in prop::collection::vec((worth(), 0..3u64, any::<bool>()), 0..40),
            wanted in 0..20usize,
        ) {
            let records = records(&from);
            // Runs that were there already and touch would become one in passing.
            prop_assume!(plan(&records, 0).is_empty());
            let gain = |wanted| plan(&records, wanted).iter().map(|run| run.records - 1).sum::<u64>() as usize;
            let gained = gain(wanted);
            prop_assert!(gained <= wanted + 1, "{gained}");
            prop_assert!(gained >= wanted || gained == gain(usize::MAX), "{gained}");
        }

        #[test]
        fn what_is_worth_more_or_younger_stays_while_anything_else_could_go(
            from in prop::collection::vec((worth(), 0..3u64, any::<bool>()), 0..40),
            wanted in 0..20usize,
        ) {
            let records = records(&from);
            let runs = plan(&records, wanted);
            let left = after(&records, &runs);
            let went = records.iter().filter(|record| record.worth != Worth::Discarded && !left.contains(record));
            let Some(last) = went.map(|record| (record.worth, record.first)).max() else { return Ok(()) };
            // Whatever stays although it comes before the last that went stands alone: its neighbours stay too.
            let discarded = |record: &Record| record.worth == Worth::Discarded;
            for (at, record) in left.iter().enumerate().filter(|(_, record)| !discarded(record)) {
                if (record.worth, record.first) < last {
                    let joins_left = at > 0 && discarded(&left[at - 1]) && left[at - 1].through + 1 == record.first;
                    let next = left.get(at + 1);
                    let joins_right = next.is_some_and(|next| discarded(next) && record.through + 1 == next.first);
                    prop_assert!(!joins_left && !joins_right, "{record:?} of {left:?}");
                }
            }
        }
    }
}
