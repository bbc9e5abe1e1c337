//! The customers' table as a core system writes it: CSV rows in, customers out. Card numbers become tokens here and are in nothing
//! that leaves this file, errors least of all.

use crate::problem::Problem;
use csv::{ByteRecord, ReaderBuilder};
use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};
use touchpoint_protocol::{
    card::{Card, CardError},
    consent::Status,
    customer::Profile,
    limits,
    name::{AttributeName, Segment},
    token::{Token, TokenKey},
};

/// The columns, each exactly once and in any order.
const COLUMNS: [&str; 7] =
    ["customer", "card_number", "loyalty_number", "segments", "language", "marketing_consent", "first_name"];

/// Places of the columns in [`COLUMNS`].
const CUSTOMER: usize = 0;
const CARD: usize = 1;
const LOYALTY: usize = 2;
const SEGMENTS: usize = 3;
const LANGUAGE: usize = 4;
const CONSENT: usize = 5;
const FIRST_NAME: usize = 6;

/// Longest external key, in characters.
const LONGEST_KEY: usize = 64;

/// Most problems kept of one file. Whoever has more has one problem, many times.
const MOST_PROBLEMS: usize = 1_000;

/// What is wrong with the rows of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BadRows {
    /// The first of the problems, in the order of lines.
    pub problems: Vec<Problem>,
    /// How many there are in all.
    pub count: u64,
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
    pub(crate) fn push(&mut self, problem: Problem) {
        self.count += 1;
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

impl Customers {
    /// Reads every row of a file, which problems call `file`.
    pub(crate) fn read(file: &Path, rows: impl Read, key: &TokenKey) -> Result<Customers, ReadError> {
        let broken = |source| ReadError::Read { path: file.to_owned(), source };
        // Flexible, so that a row with too many fields is a bad row and not the end.
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rows);
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(broken)?;
        let columns = columns(&record)
            .map_err(|(column, what)| ReadError::Header(Problem::of_line(file, 1, column.as_deref(), what)))?;
        let mut read = Customers::default();
        while reader.read_byte_record(&mut record).map_err(broken)? {
            let line = record.position().map_or(0, csv::Position::line);
            match row(&record, &columns, key) {
                Ok(customer) => read.customers.push(Customer { line, ..customer }),
                Err(problems) => {
                    for (column, what) in problems {
                        read.bad.push(Problem::of_line(file, line, column, what));
                    }
                }
            }
        }
        read.refuse_clashes(file);
        Ok(read)
    }

    /// Takes out customers that stand twice, and customers with the same card: nobody can say which of them is right, and the
    /// wrong one would be spoken to by another's name.
    fn refuse_clashes(&mut self, file: &Path) {
        let customers = &self.customers;
        let mut clashes: Vec<(usize, usize, &str, &str)> = Vec::new();
        let mut by_key: Vec<usize> = (0..customers.len()).collect();
        by_key.sort_unstable_by_key(|&at| (&customers[at].key, customers[at].line));
        for pair in by_key.windows(2).filter(|pair| customers[pair[0]].key == customers[pair[1]].key) {
            clashes.push((pair[0], pair[1], COLUMNS[CUSTOMER], "customer"));
        }
        for (column, what, token) in [
            (COLUMNS[CARD], "card", (|c| c.card) as fn(&Customer) -> Option<Token>),
            (COLUMNS[LOYALTY], "loyalty number", |c| c.loyalty),
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
            let (earlier, later) = (customers[first].line, customers[second].line);
            self.bad.push(Problem::of_line(file, later, Some(column), format!("the same {what} as in line {earlier}")));
            (bad[first], bad[second]) = (true, true);
        }
        self.bad.problems.sort_by_key(|problem| problem.place);
        let mut bad = bad.into_iter();
        self.customers.retain(|_| !bad.next().unwrap_or(false));
    }
}

/// Where each of [`COLUMNS`] stands.
fn columns(header: &ByteRecord) -> Result<[usize; 7], (Option<String>, String)> {
    let names: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        // A file without a header begins with somebody's data, which is not to be repeated.
        let named = unknown.chars().all(|c| c.is_ascii_lowercase() || c == '_').then(|| unknown.clone());
        let what = format!("not one of the columns, which are {}", COLUMNS.join(","));
        return Err((named.or(Some("header".to_owned())), what));
    }
    let mut places = [0; 7];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == column);
        *place = match (found.next(), found.next()) {
            (Some((at, _)), None) => at,
            (None, _) => return Err((Some(column.to_owned()), "the column is missing".to_owned())),
            (_, Some(_)) => return Err((Some(column.to_owned()), "the column stands twice".to_owned())),
        };
    }
    Ok(places)
}

type RowProblems = Vec<(Option<&'static str>, String)>;

/// One row. Its line is filled in by the caller.
fn row(record: &ByteRecord, columns: &[usize; 7], key: &TokenKey) -> Result<Customer, RowProblems> {
    if record.len() != COLUMNS.len() {
        return Err(vec![(None, format!("{} fields, not {}", record.len(), COLUMNS.len()))]);
    }
    let mut problems = Vec::new();
    let mut fields = [""; 7];
    for ((field, &place), column) in fields.iter_mut().zip(columns).zip(COLUMNS) {
        match std::str::from_utf8(&record[place]) {
            Ok(text) => *field = text.trim(),
            Err(_) => problems.push((Some(column), "is not UTF-8".to_owned())),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut take = |column: usize, result: Result<(), String>| {
        if let Err(what) = result {
            problems.push((Some(COLUMNS[column]), what));
        }
    };
    let (mut card, mut loyalty, mut profile) = (None, None, Profile::default());
    take(CARD, token(fields[CARD], Card::payment, key).map(|token| card = token));
    take(LOYALTY, token(fields[LOYALTY], Card::loyalty, key).map(|token| loyalty = token));
    if fields[CARD].is_empty() && fields[LOYALTY].is_empty() {
        take(CARD, Err("neither a card_number nor a loyalty_number".to_owned()));
    }
    take(CUSTOMER, external_key(fields[CUSTOMER], card, key));
    take(SEGMENTS, segments(fields[SEGMENTS]).map(|segments| profile.segments = segments));
    let language = Some(fields[LANGUAGE]).filter(|text| !text.is_empty()).map(str::parse).transpose();
    take(LANGUAGE, language.map(|language| profile.language = language).map_err(|error| format!("{error}")));
    take(CONSENT, consent(fields[CONSENT]).map(|consent| profile.marketing = consent.into()));
    take(FIRST_NAME, attributes(fields[FIRST_NAME]).map(|attributes| profile.attributes = attributes));
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Customer { line: 0, key: fields[CUSTOMER].into(), card, loyalty, profile: profile.to_cbor().into() })
}

fn token(number: &str, card: fn(&str) -> Result<Card, CardError>, key: &TokenKey) -> Result<Option<Token>, String> {
    if number.is_empty() {
        return Ok(None);
    }
    card(number).map(|card| Some(key.token(card))).map_err(|error| error.to_string())
}

/// The external key is stored, so it must not be the card's number.
fn external_key(text: &str, card: Option<Token>, key: &TokenKey) -> Result<(), String> {
    let length = text.chars().count();
    if length == 0 || length > LONGEST_KEY {
        return Err(format!("{length} characters, not 1 to {LONGEST_KEY}"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("has a blank or control character".to_owned());
    }
    if card.is_some() && Card::payment(text).is_ok_and(|number| Some(key.token(number)) == card) {
        return Err("is the card number, which must not be stored".to_owned());
    }
    Ok(())
}

fn segments(text: &str) -> Result<Vec<Segment>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let segments: Vec<Segment> = text
        .split('|')
        .map(|name| name.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{error}"))?;
    if segments.len() > limits::SEGMENTS {
        return Err(format!("{} of them, over {}", segments.len(), limits::SEGMENTS));
    }
    match segments.iter().enumerate().find(|(at, segment)| segments[..*at].contains(segment)) {
        Some((_, segment)) => Err(format!("{segment} stands twice")),
        None => Ok(segments),
    }
}

fn consent(text: &str) -> Result<Status, String> {
    match text {
        "yes" => Ok(Status::Given),
        "no" => Ok(Status::Refused),
        "" => Ok(Status::Unknown),
        _ => Err("is not yes, no or empty".to_owned()),
    }
}

fn attributes(first_name: &str) -> Result<BTreeMap<AttributeName, String>, String> {
    if first_name.is_empty() {
        return Ok(BTreeMap::new());
    }
    if first_name.len() > limits::ATTRIBUTE_VALUE {
        return Err(format!("{} bytes, over {}", first_name.len(), limits::ATTRIBUTE_VALUE));
    }
    if first_name.chars().any(char::is_control) {
        return Err("has a control character".to_owned());
    }
    let name = "first-name".parse().map_err(|error| format!("{error}"))?;
    Ok(BTreeMap::from([(name, first_name.to_owned())]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    const HEADER: &str = "customer,card_number,loyalty_number,segments,language,marketing_consent,first_name\n";

    fn key() -> TokenKey {
        TokenKey::new("t1".parse().unwrap(), Zeroizing::new([7; 32]))
    }

    fn read(rows: &str) -> Customers {
        Customers::read(Path::new("customers.csv"), format!("{HEADER}{rows}").as_bytes(), &key()).unwrap()
    }

    fn problems(rows: &str) -> Vec<String> {
        read(rows).bad.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_row_becomes_a_customer() {
        let read = read("c-1,4111 1111 1111 1111,AB-1,gold|student,de,yes,Anna\nc-2,,AB-2,,,,\n");
        assert_eq!(read.bad, BadRows::default());
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
        let read = Customers::read(Path::new("c.csv"), text.as_bytes(), &key()).unwrap();
        assert_eq!(&*read.customers[0].key, "c-1");
    }

    #[test]
    fn a_header_that_is_none_is_refused_and_not_repeated() {
        let header = |text: &str| Customers::read(Path::new("c.csv"), text.as_bytes(), &key()).unwrap_err().to_string();
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
    fn a_card_of_two_customers_is_neithers_and_both_lines_are_named() {
        let read = read("c-1,4111111111111111,,,,,\nc-2,5555555555554444,,,,,\nc-3,4111-1111-1111-1111,,,,,\n");
        assert_eq!(read.bad.count, 1);
        assert_eq!(read.bad.problems[0].to_string(), "customers.csv:4: card_number: the same card as in line 2");
        assert_eq!(read.customers.iter().map(|c| &*c.key).collect::<Vec<_>>(), ["c-2"]);
    }

    #[test]
    fn a_customer_that_stands_twice_is_refused_with_both_lines() {
        let read = read("c-1,,L1,,,,\nc-1,,L2,,,,\n");
        assert_eq!(read.bad.problems[0].to_string(), "customers.csv:3: customer: the same customer as in line 2");
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
        assert_eq!((read.bad.problems.len(), read.bad.count), (MOST_PROBLEMS, MOST_PROBLEMS as u64 + 500));
    }
}
