//! The customers' table as a core system writes it: rows in, customers out. Card numbers become tokens here and are in nothing
//! that leaves this file, errors least of all.

mod row;

use row::row;

use crate::{
    import::{Layout, Mapping, Raw, Source},
    problem::Problem,
};
use std::{
    io::Read,
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};
use touchpoint_protocol::token::{Token, TokenKey};

/// Most problems kept of one file, 20 MB of them: as many rows as anybody mends. Whoever has more has one problem, many times.
const MOST_PROBLEMS: usize = 100_000;

/// Rows that are handed on together: a few milliseconds of work, so that handing on costs nothing.
const BATCH: usize = 1_000;

/// Most threads that read rows, and batches that wait for each: with rows of 200 bytes, under 10 MB in all. One thread divides the
/// file into rows about eight times as fast as another hashes their numbers.
const MOST_READERS: usize = 8;
const WAITING: usize = 4;

/// What is wrong with the rows of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BadRows {
    /// The first of the problems, in the order of lines.
    pub problems: Vec<Problem>,
    /// How many there are in all.
    pub count: u64,
    /// In how many rows.
    pub rows: u64,
    /// Of how many.
    pub of: u64,
}

/// One row, read and checked.
#[derive(Debug)]
pub(crate) struct Customer {
    /// Where it stands.
    pub(crate) line: u64,
    /// Head office's own key for them.
    pub(crate) key: Box<str>,
    /// The token of their card.
    pub(crate) card: Option<Token>,
    /// The token of their loyalty number.
    pub(crate) loyalty: Option<Token>,
    /// Their profile in CBOR.
    pub(crate) profile: Box<[u8]>,
}

/// A whole file.
#[derive(Debug, Default)]
pub(crate) struct Customers {
    /// Those whose rows can be taken.
    pub(crate) customers: Vec<Customer>,
    /// What is wrong with the others.
    pub(crate) bad: BadRows,
}

/// Why a file is not the customers' table.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Its first line does not name the columns.
    #[error("{0}")]
    Header(Problem),
    /// It cannot be read to its end.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not; has no content of the file.
        source: csv::Error,
    },
}

impl BadRows {
    /// Counts a problem, and keeps it if it is one of the first.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.count += 1;
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

impl Customers {
    /// Reads every row of a file, which problems call `file`, on all cores. What it takes is the customers themselves, about 200
    /// bytes each, and a few thousand rows that are being read.
    ///
    /// # Errors
    /// The file cannot be read to its end, or its columns are not the mapping's.
    pub(crate) fn read(
        file: &Path,
        rows: impl Read,
        mapping: &Mapping,
        takes_rejected: bool,
        key: &TokenKey,
    ) -> Result<Customers, ReadError> {
        let (mut source, layout) = Source::open(file, rows, mapping, takes_rejected)?;
        let readers = thread::available_parallelism().map_or(1, usize::from).min(MOST_READERS);
        let (full, queue) = sync_channel::<Batch>(readers * WAITING);
        let queue = Mutex::new(queue);
        let mut portions = thread::scope(|scope| {
            let work = || read_batches(&queue, &layout, mapping, key);
            let readers: Vec<_> = (0..readers).map(|_| scope.spawn(work)).collect();
            let divided = divide(&mut source, |batch| full.send(batch).is_ok());
            drop(full);
            let mut portions = Vec::new();
            for reader in readers {
                portions.extend(reader.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            divided.map(|()| portions)
        })?;
        portions.sort_unstable_by_key(|portion| portion.number);
        let mut read = Customers::default();
        read.bad.of = portions.iter().map(|portion| (portion.customers.len() + portion.bad.len()) as u64).sum();
        read.customers.reserve_exact(portions.iter().map(|portion| portion.customers.len()).sum());
        for Portion { customers, bad, .. } in portions {
            read.customers.extend(customers);
            for (line, problems) in bad {
                read.bad.rows += 1;
                for (column, what) in problems {
                    read.bad.push(Problem::of_line(file, line, column.as_deref(), what));
                }
            }
        }
        read.refuse_clashes(file, mapping);
        Ok(read)
    }

    /// Takes out customers that stand twice, and customers with the same card: nobody can say which of them is right, and the
    /// wrong one would be spoken to by another's name.
    fn refuse_clashes(&mut self, file: &Path, mapping: &Mapping) {
        let customers = &self.customers;
        let name = |field| Some(mapping.name(field));
        let mut clashes: Vec<(usize, usize, Option<&str>, &str)> = Vec::new();
        let mut by_key: Vec<usize> = (0..customers.len()).collect();
        by_key.sort_unstable_by_key(|&at| (&customers[at].key, customers[at].line));
        for pair in by_key.windows(2).filter(|pair| customers[pair[0]].key == customers[pair[1]].key) {
            clashes.push((pair[0], pair[1], name(&mapping.customer), "customer"));
        }
        for (column, what, token) in [
            (mapping.card.as_ref().and_then(name), "card", (|c| c.card) as fn(&Customer) -> Option<Token>),
            (mapping.loyalty.as_ref().and_then(name), "loyalty number", |c| c.loyalty),
        ] {
            let tokens = customers.iter().enumerate().filter_map(|(at, customer)| Some((token(customer)?, at)));
            let mut tokens: Vec<(Token, usize)> = tokens.collect();
            tokens.sort_unstable();
            for pair in tokens.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                clashes.push((pair[0].1, pair[1].1, column, what));
            }
        }
        let mut bad = vec![false; customers.len()];
        for &(first, second, column, what) in &clashes {
            for (one, other) in [(first, second), (second, first)] {
                let (line, other) = (customers[one].line, customers[other].line);
                self.bad.push(Problem::of_line(file, line, column, format!("the same {what} as in line {other}")));
                bad[one] = true;
            }
        }
        self.bad.rows += bad.iter().filter(|&&bad| bad).count() as u64;
        self.bad.problems.sort_by_key(|problem| problem.place);
        let mut bad = bad.into_iter();
        self.customers.retain(|_| !bad.next().unwrap_or(false));
    }
}

/// Rows on their way to whoever reads them.
struct Batch {
    number: usize,
    rows: Vec<(u64, Raw)>,
}

/// What came of a batch.
struct Portion {
    number: usize,
    customers: Vec<Customer>,
    bad: Vec<(u64, RowProblems)>,
}

/// The column, if it is about one, and what is wrong.
type RowProblems = Vec<(Option<String>, String)>;

/// Divides a file into batches, as long as somebody takes them.
fn divide(source: &mut Source<impl Read>, mut take: impl FnMut(Batch) -> bool) -> Result<(), ReadError> {
    let mut batch = Batch { number: 0, rows: Vec::with_capacity(BATCH) };
    while let Some(row) = source.next()? {
        batch.rows.push(row);
        if batch.rows.len() == BATCH {
            let next = Batch { number: batch.number + 1, rows: Vec::with_capacity(BATCH) };
            if !take(std::mem::replace(&mut batch, next)) {
                return Ok(());
            }
        }
    }
    take(batch);
    Ok(())
}

/// Reads batches until there are no more.
fn read_batches(queue: &Mutex<Receiver<Batch>>, layout: &Layout, mapping: &Mapping, key: &TokenKey) -> Vec<Portion> {
    let mut portions = Vec::new();
    // The lock is held while waiting, which all others would do as well.
    while let Ok(batch) = { queue.lock().unwrap_or_else(PoisonError::into_inner).recv() } {
        let mut portion =
            Portion { number: batch.number, customers: Vec::with_capacity(batch.rows.len()), bad: vec![] };
        for (line, raw) in batch.rows {
            let values = layout.values(&raw).map_err(|what| vec![(None, what)]);
            match values.and_then(|values| row(line, &values, mapping, key)) {
                Ok(customer) => portion.customers.push(customer),
                Err(problems) => portion.bad.push((line, problems)),
            }
        }
        portions.push(portion);
    }
    portions
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use touchpoint_protocol::{card::Card, consent::Status, customer::Profile};
    use zeroize::Zeroizing;

    const HEADER: &str = "customer,card_number,loyalty_number,segments,language,marketing_consent,first_name\n";

    fn key() -> TokenKey {
        TokenKey::new("t1".parse().unwrap(), Zeroizing::new([7; 32]))
    }

    fn read(rows: &str) -> Customers {
        read_as("customers.csv", &format!("{HEADER}{rows}"), &Mapping::default()).unwrap()
    }

    fn read_as(file: &str, text: &str, mapping: &Mapping) -> Result<Customers, ReadError> {
        Customers::read(Path::new(file), text.as_bytes(), mapping, false, &key())
    }

    fn problems(rows: &str) -> Vec<String> {
        read(rows).bad.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_row_becomes_a_customer() {
        let read = read("c-1,4111 1111 1111 1111,AB-1,gold|student,de,yes,Anna\nc-2,,AB-2,,,,\n");
        assert_eq!((read.bad.count, read.bad.rows, read.bad.of), (0, 0, 2));
        let [anna, stranger] = &read.customers[..] else { panic!("{read:?}") };
        assert_eq!((&*anna.key, anna.line), ("c-1", 2));
        assert_eq!(anna.card, Some(key().token(Card::payment("4111111111111111").unwrap())));
        assert_eq!(anna.loyalty, Some(key().token(Card::loyalty("AB-1").unwrap())));
        let profile = Profile::from_cbor(&anna.profile).unwrap();
        assert_eq!(profile.segments, ["gold".parse().unwrap(), "student".parse().unwrap()]);
        assert_eq!((profile.language, profile.marketing), (Some("de".parse().unwrap()), Status::Given.into()));
        assert_eq!(profile.attributes[&"first-name".parse().unwrap()], "Anna");
        assert_eq!((stranger.card, Profile::from_cbor(&stranger.profile).unwrap()), (None, Profile::default()));
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let text =
            "first_name,customer,loyalty_number,card_number,segments,marketing_consent,language\nAnna,c-1,L1,,,,\n";
        let read = read_as("c.csv", text, &Mapping::default()).unwrap();
        assert_eq!(&*read.customers[0].key, "c-1");
    }

    #[test]
    fn a_header_that_is_none_is_refused_and_not_repeated() {
        let header = |text: &str| read_as("c.csv", text, &Mapping::default()).unwrap_err().to_string();
        assert!(header("customer,card_number\n").starts_with("c.csv:1: loyalty_number: the column is missing"));
        assert!(header(&HEADER.replace("language", "customer")).contains("c.csv:1: customer: the column stands twice"));
        let nothing = header("c-1,4111111111111111,,,,,\n");
        assert!(
            nothing.starts_with("c.csv:1: header: not one of the columns") && !nothing.contains("4111"),
            "{nothing}"
        );
    }

    #[test]
    fn each_bad_field_is_named_by_line_and_column() {
        let rows = [
            "c-1,4111111111111112,,,,,",
            "c-2,4111x11111111111,,,,,",
            "c-3,,A B,,,,",
            "c-4,,,,,,",
            "c 5,,L5,,,,",
            "c-6,,L6,Gold,,,",
            "c-7,,L7,gold|gold,DE,perhaps,",
            "c-8,,L8",
            ",,L9,,,,",
        ];
        let found = problems(&format!("{}\n", rows.join("\n")));
        let expected = [
            "customers.csv:2: card_number: the card number's check digit is wrong",
            "customers.csv:3: card_number: the card number has something other than digits",
            "customers.csv:4: loyalty_number: the loyalty number has something other than letters, digits and hyphens",
            "customers.csv:5: card_number: neither a card_number nor a loyalty_number",
            "customers.csv:6: customer: has a blank or control character",
            "customers.csv:7: segments: segment has 'G', but only a-z, 0-9 and - are allowed, and no - first",
            "customers.csv:8: segments: gold stands twice",
            "customers.csv:8: language: language has 'D', but only a-z, 0-9 and - are allowed, and no - first",
            "customers.csv:8: marketing_consent: is not yes, no or empty",
            "customers.csv:9: 3 fields, not 7",
            "customers.csv:10: customer: 0 characters, not 1 to 64",
        ];
        assert_eq!(found, expected);
        assert!(found.iter().all(|text| !text.contains("4111")));
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let found = problems("c-1,,L1,,,,\"An\nna\"\nc-2,,,,,,\n");
        assert_eq!(found[0], "customers.csv:2: first_name: has a control character");
        assert!(found[1].starts_with("customers.csv:4: card_number"), "{found:?}");
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_take_the_rest_of_the_file_into_memory() {
        let rows = "c-2,,L2,,,,\n".repeat(200_000);
        let text = format!("{HEADER}c-1,,L1,,,,\"Anna\n{rows}");
        let error = read_as("c.csv", &text, &Mapping::default()).unwrap_err().to_string();
        assert_eq!(error, "c.csv:2: a row over 1048576 bytes: is a quote not closed?");
    }

    #[test]
    fn a_card_of_two_customers_is_neithers_and_both_lines_are_named() {
        let read = read("c-1,4111111111111111,,,,,\nc-2,5555555555554444,,,,,\nc-3,4111-1111-1111-1111,,,,,\n");
        assert_eq!((read.bad.count, read.bad.rows), (2, 2));
        let found: Vec<String> = read.bad.problems.iter().map(ToString::to_string).collect();
        let expected = ["2: card_number: the same card as in line 4", "4: card_number: the same card as in line 2"];
        assert_eq!(found, expected.map(|text| format!("customers.csv:{text}")));
        assert_eq!(read.customers.iter().map(|c| &*c.key).collect::<Vec<_>>(), ["c-2"]);
    }

    #[test]
    fn a_customer_that_stands_twice_is_refused_with_both_lines() {
        let read = read("c-1,,L1,,,,\nc-1,,L2,,,,\n");
        assert_eq!(read.bad.problems[1].to_string(), "customers.csv:3: customer: the same customer as in line 2");
        assert!(read.customers.is_empty());
    }

    #[test]
    fn a_card_number_is_not_taken_as_a_customers_key() {
        let found = problems("4111111111111111,4111111111111111,,,,,\n");
        assert_eq!(found, ["customers.csv:2: customer: is the card number, which must not be stored"]);
    }

    #[test]
    fn only_so_many_problems_are_kept_and_all_are_counted() {
        let read = read(&"c,,,,,,\n".repeat(MOST_PROBLEMS + 500));
        let all = MOST_PROBLEMS as u64 + 500;
        assert_eq!((read.bad.problems.len(), read.bad.count, read.bad.rows), (MOST_PROBLEMS, all, all));
    }
}
