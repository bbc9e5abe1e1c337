//! Version 1 of the wire, frozen: devices in the field and head office are never renewed on the same day, so what one of them wrote
//! yesterday the other must read tomorrow, to the last byte.
//!
//! Every document, and every way of saying something in it, is a file in `tests/wire/v1/`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod frozen;

mod campaigns;
mod down;
mod up;
mod words;

use frozen::Fixture;
use std::collections::BTreeSet;

fn fixtures() -> Vec<Fixture> {
    [up::fixtures(), down::fixtures(), campaigns::fixtures(), words::fixtures()].into_iter().flatten().collect()
}

#[test]
fn every_document_is_read_as_what_it_was_written_for() {
    let problems: Vec<String> = fixtures().iter().filter_map(|fixture| fixture.misread()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_document_is_written_to_the_last_byte_as_it_was_frozen() {
    let problems: Vec<String> = fixtures().iter().filter_map(|fixture| fixture.miswritten()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_file_lies_among_them_that_nobody_reads() {
    let named: BTreeSet<String> = fixtures().iter().map(|fixture| fixture.file.clone()).collect();
    assert_eq!(named.len(), fixtures().len(), "two documents have the same file");
    assert_eq!(frozen::files(), named);
}
