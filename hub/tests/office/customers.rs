//! A file of customers becomes the next epoch or the next revisions, whole or not at all.

use crate::desk::Desk;
use touchpoint_hub::{ImportError, OnBadRows, Travels, problem::chain};

const ANNA: &str = "c-1,4111111111111111,AB-1,gold,de,yes,Anna\n";
const BERT: &str = "c-2,5555555555554444,,student,,no,\n";

#[tokio::test]
async fn an_import_that_changes_much_is_a_new_epoch_and_known_customers_are_no_newcomers() {
    let desk = Desk::new();
    let first = desk.import(&format!("{ANNA}{BERT}"), OnBadRows::Refuse).await.unwrap();
    assert_eq!((first.epoch, first.revision, first.customers, first.newcomers, first.rows), (1, 0, 2, 2, 3));
    assert!(matches!(first.travels, Travels::Snapshot { blocks: 1, .. }), "{first:?}");
    let second = desk.import(&format!("c-0,,L0,,,,\n{ANNA}"), OnBadRows::Refuse).await.unwrap();
    assert_eq!((second.epoch, second.customers, second.newcomers), (2, 2, 1));
}

#[tokio::test]
async fn an_import_that_changes_little_is_a_revision_and_one_that_changes_nothing_is_none() {
    let desk = Desk::new();
    let import = async |rows: String| {
        let imported = desk.import(&rows, OnBadRows::Refuse).await.unwrap();
        (imported.epoch, imported.revision, imported.newcomers, imported.travels)
    };
    let (epoch, ..) = import(loyal(0..20, "gold")).await;
    assert_eq!(epoch, 1);
    assert_eq!(import(loyal(0..20, "gold")).await, (1, 0, 0, Travels::Nothing));
    // One is new and one has gone, one is another.
    let changed = loyal(1..20, "gold") + &loyal(50..51, "gold");
    assert_eq!(import(changed).await, (1, 1, 1, Travels::Deltas { deltas: 1, upserts: 1, erased: 1 }));
    let changed = loyal(1..20, "gold") + &loyal(50..51, "silver");
    assert_eq!(import(changed.clone()).await, (1, 2, 0, Travels::Deltas { deltas: 1, upserts: 1, erased: 0 }));
    assert_eq!(import(changed).await, (1, 2, 0, Travels::Nothing));
    // With what was changed before it is more than a fifth of the snapshot.
    let (epoch, revision, _, travels) = import(loyal(0..20, "gold")).await;
    assert!(matches!((epoch, revision, travels), (2, 0, Travels::Snapshot { .. })), "{travels:?}");
}

/// Customers with a loyalty number each.
fn loyal(numbers: std::ops::Range<u32>, segment: &str) -> String {
    numbers.map(|number| format!("c-{number},,L{number},{segment},,,\n")).collect()
}

#[tokio::test]
async fn one_bad_row_refuses_the_file_and_no_digit_of_a_card_is_repeated() {
    let desk = Desk::new();
    let rows = format!("{ANNA}c-2,5555555555554445,,,,,\n");
    let error = desk.import(&rows, OnBadRows::Refuse).await.unwrap_err();
    let ImportError::Rows { bad, .. } = &error else { panic!("{error:?}") };
    let line = bad.problems[0].to_string();
    assert_eq!(line, "customers.csv:3: card_number: the card number's check digit is wrong");
    let everything = format!("{error:?}{}{line}", chain(&error));
    assert!(
        !everything.contains("5555") && !everything.contains("4445") && !everything.contains("4111"),
        "{everything}"
    );
    // Nothing of it was kept: the next import is the first.
    assert_eq!(desk.import(ANNA, OnBadRows::Refuse).await.unwrap().epoch, 1);
}

#[tokio::test]
async fn bad_rows_may_be_left_out_and_are_listed() {
    let desk = Desk::new();
    let imported = desk.import(&format!("{ANNA}c-2,1,,,,,\n{BERT}"), OnBadRows::Skip { at_most: 50 }).await.unwrap();
    assert_eq!((imported.customers, imported.skipped.count), (2, 1));
    assert!(imported.skipped.problems[0].to_string().starts_with("customers.csv:3: card_number"));
}

#[tokio::test]
async fn two_customers_with_one_card_are_refused_with_both_lines() {
    let desk = Desk::new();
    let error = desk.import(&format!("{ANNA}c-9,4111111111111111,,,,,\n"), OnBadRows::Refuse).await.unwrap_err();
    let ImportError::Rows { bad, .. } = error else { panic!("{error:?}") };
    assert_eq!(bad.problems[1].to_string(), "customers.csv:3: card_number: the same card as in line 2");
}

#[tokio::test]
async fn an_empty_file_does_not_take_every_customer_from_every_device() {
    let desk = Desk::new();
    assert!(matches!(desk.import("", OnBadRows::Refuse).await, Err(ImportError::Empty(_))));
}

#[tokio::test]
async fn two_imports_at_once_never_mix() {
    let desk = Desk::new();
    let (one, other) = tokio::join!(desk.import(ANNA, OnBadRows::Refuse), desk.import(BERT, OnBadRows::Refuse));
    for result in [&one, &other] {
        assert!(matches!(result, Ok(_) | Err(ImportError::Overtaken)), "{result:?}");
    }
    let done = [one, other].into_iter().filter(Result::is_ok).count() as u64;
    assert!(done >= 1);
    assert_eq!(desk.import("c-3,,L3,,,,\n", OnBadRows::Refuse).await.unwrap().epoch, done + 1);
}
