//! A file of customers becomes the next epoch, whole or not at all.

use crate::desk::Desk;
use touchpoint_hub::{ImportError, OnBadRows, problem::chain};

const ANNA: &str = "c-1,4111111111111111,AB-1,gold,de,yes,Anna\n";
const BERT: &str = "c-2,5555555555554444,,student,,no,\n";

#[tokio::test]
async fn each_import_is_a_new_epoch_and_known_customers_are_no_newcomers() {
    let desk = Desk::new();
    let first = desk.import(&format!("{ANNA}{BERT}"), OnBadRows::Refuse).await.unwrap();
    assert_eq!((first.epoch, first.customers, first.newcomers, first.rows, first.blocks), (1, 2, 2, 3, 1));
    let second = desk.import(&format!("c-0,,L0,,,,\n{ANNA}"), OnBadRows::Refuse).await.unwrap();
    assert_eq!((second.epoch, second.customers, second.newcomers), (2, 2, 1));
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
    let imported = desk.import(&format!("{ANNA}c-2,1,,,,,\n{BERT}"), OnBadRows::Skip).await.unwrap();
    assert_eq!((imported.customers, imported.skipped.count), (2, 1));
    assert!(imported.skipped.problems[0].to_string().starts_with("customers.csv:3: card_number"));
}

#[tokio::test]
async fn two_customers_with_one_card_are_refused_with_both_lines() {
    let desk = Desk::new();
    let error = desk.import(&format!("{ANNA}c-9,4111111111111111,,,,,\n"), OnBadRows::Refuse).await.unwrap_err();
    let ImportError::Rows { bad, .. } = error else { panic!("{error:?}") };
    assert_eq!(bad.problems[0].to_string(), "customers.csv:3: card_number: the same card as in line 2");
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
    assert_eq!(desk.import(ANNA, OnBadRows::Refuse).await.unwrap().epoch, done + 1);
}
