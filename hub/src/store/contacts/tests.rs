//! What the logs say after imports and deliveries.

use crate::{
    import::OnBadRows,
    office::{Office, now},
    store::Standing,
};
use std::{io::Cursor, path::Path};
use tempfile::TempDir;
use touchpoint_protocol::{
    batch::Batch,
    campaign::AnswerKind,
    contact::ContactKind,
    contacts::Entry,
    interaction::{ClockQuality, Ending, Fact, Interaction, Moment},
    name::DeviceId,
    utc::Utc,
};

const HEADER: &str = "customer,card_number,loyalty_number,segments,language,marketing_consent,first_name\n";

/// A head office with two shards, which have one customer in common, and a device of each.
async fn office(folder: &TempDir) -> Office {
    let broker = "mqtt://127.0.0.1:1".parse().unwrap();
    let office = crate::init(folder.path(), &"acme".parse().unwrap(), &broker).unwrap();
    for shard in ["north", "south"] {
        let (device, all) = (format!("{shard}-1").parse().unwrap(), "all".parse().unwrap());
        office.enrol(&device, &all, &shard.parse().unwrap(), &folder.path().join(shard)).await.unwrap();
    }
    import(&office, "north", &[1, 2, 3]).await;
    import(&office, "south", &[3, 4]).await;
    office
}

async fn import(office: &Office, shard: &str, customers: &[u32]) {
    let rows: String = customers.iter().map(|number| format!("c-{number},,L{number},,,,\n")).collect();
    let text = Cursor::new(format!("{HEADER}{rows}"));
    office.import(&shard.parse().unwrap(), Path::new("c.csv"), text, OnBadRows::Refuse).await.unwrap();
}

fn interaction(sequence: u64, customer: i64, fact: Fact) -> Interaction {
    let (utc, clock) = (Utc::from_millis(5), ClockQuality::Synchronised);
    let at = Moment { utc, boot: "b0".parse().unwrap(), since_boot_ms: sequence, clock };
    let customer = Some(customer.try_into().unwrap());
    Interaction { sequence, visit: "v1".parse().unwrap(), at, customer, backfill: false, fact }
}

fn declined() -> Fact {
    let ending = Ending::Answered(AnswerKind::Decline);
    Fact::Ended { campaign: "savings".parse().unwrap(), variant: None, ending, dwell_ms: 1 }
}

/// Delivers from the device of a shard; returns how much was new, repeated and contradicted, and whether a log has grown.
async fn deliver(office: &Office, shard: &str, interactions: Vec<Interaction>) -> (u64, u64, u64, bool) {
    let device: DeviceId = format!("{shard}-1").parse().unwrap();
    let batch = Batch { journal: format!("j-{shard}").parse().unwrap(), interactions };
    match office.store.ingest(&device, batch, now()).await.unwrap() {
        Standing::Own(taken) => (taken.new, taken.repeated, taken.contradicted, taken.contacts),
        Standing::Foreign => panic!("its own journal is foreign to it"),
    }
}

/// Outcomes of customers.
async fn outcomes(office: &Office, customers: &[u32]) -> u64 {
    let rows: String = customers.iter().map(|number| format!("c-{number},savings,2026-12-24\n")).collect();
    let text = Cursor::new(format!("customer,campaign,at\n{rows}"));
    office.outcomes(Path::new("o.csv"), text).await.unwrap().new
}

/// A log: positions, customers, and whether they were erased.
async fn log(office: &Office, shard: &str) -> Vec<(u64, i64, bool)> {
    let entries = office.contacts(&shard.parse().unwrap()).await.unwrap();
    let line = |(position, entry)| match entry {
        Entry::Contact(contact) => {
            assert!(matches!(contact.what, ContactKind::Answered(AnswerKind::Decline | AnswerKind::OptOut)));
            (position, contact.customer.into(), false)
        }
        Entry::Erased(customer) => (position, customer.into(), true),
    };
    entries.into_iter().map(line).collect()
}

#[tokio::test]
async fn a_contact_is_appended_once_to_the_log_of_each_shard_that_has_the_customer() {
    let folder = TempDir::new().unwrap();
    let office = office(&folder).await;
    let facts = || vec![interaction(1, 1, declined()), interaction(2, 3, declined())];
    assert_eq!(deliver(&office, "north", facts()).await, (2, 0, 0, true));
    assert_eq!(deliver(&office, "north", facts()).await, (0, 2, 0, false));
    let discarded = Fact::Discarded { through: 9 };
    assert_eq!(deliver(&office, "north", vec![interaction(3, 1, discarded)]).await, (1, 0, 0, false));
    assert_eq!(log(&office, "north").await, [(1, 1, false), (2, 3, false)]);
    assert_eq!(log(&office, "south").await, [(1, 3, false)]);
}

#[tokio::test]
async fn who_is_in_no_row_any_more_is_erased_from_the_log_and_forgotten_in_what_was_recorded() {
    let folder = TempDir::new().unwrap();
    let office = office(&folder).await;
    let facts = || vec![interaction(1, 1, declined()), interaction(2, 3, declined()), interaction(3, 2, declined())];
    deliver(&office, "north", facts()).await;
    import(&office, "north", &[2]).await;
    assert_eq!(log(&office, "north").await, [(3, 2, false), (4, 1, true), (5, 3, true)]);
    assert_eq!(log(&office, "south").await, [(1, 3, false)]);
    let whom = async || {
        let all = office.interactions().await.unwrap();
        all.iter().map(|(_, interaction)| interaction.customer.map(i64::from)).collect::<Vec<_>>()
    };
    assert_eq!(whom().await, [None, Some(3), Some(2)], "the one of the other shard is still known there");

    // A repeat that still says whom it was about is a repeat, and another story a contradiction.
    assert_eq!(deliver(&office, "north", facts()).await, (0, 3, 0, false));
    let other =
        Fact::Ended { campaign: "savings".parse().unwrap(), variant: None, ending: Ending::TimeUp, dwell_ms: 1 };
    assert_eq!(deliver(&office, "north", vec![interaction(1, 1, other)]).await, (0, 0, 1, false));
    // What comes late of somebody who is erased is counted, and nobody's.
    assert_eq!(deliver(&office, "north", vec![interaction(4, 1, declined())]).await, (1, 0, 0, false));
    assert_eq!(whom().await, [None, Some(3), Some(2), None]);

    // The same customers again change nothing, and one who comes back has their old number and no past.
    import(&office, "north", &[2]).await;
    assert_eq!(log(&office, "north").await.len(), 3);
    import(&office, "north", &[1, 2]).await;
    assert_eq!(log(&office, "north").await.len(), 3);
    deliver(&office, "north", vec![interaction(5, 1, declined())]).await;
    assert_eq!(log(&office, "north").await.last(), Some(&(6, 1, false)));
    assert_eq!(office.report().await.unwrap().duplicates, 0);
}

#[tokio::test]
async fn what_somebody_did_later_goes_with_them() {
    let folder = TempDir::new().unwrap();
    let office = office(&folder).await;
    assert_eq!(outcomes(&office, &[1, 2, 3]).await, 3);
    import(&office, "north", &[2]).await;
    // Those who are still in a shard have theirs.
    assert_eq!(outcomes(&office, &[2, 3]).await, 0);
    assert_eq!(outcomes(&office, &[1]).await, 1, "it was forgotten");
}

#[tokio::test]
async fn a_contact_goes_after_400_days_and_an_objection_or_erasure_never() {
    let folder = TempDir::new().unwrap();
    let office = office(&folder).await;
    deliver(&office, "north", vec![interaction(1, 1, declined()), interaction(2, 2, declined())]).await;
    import(&office, "north", &[2, 3]).await;
    assert_eq!(log(&office, "north").await, [(2, 2, false), (3, 1, true)]);
    let later = async |days: i64, sequence| {
        let batch =
            Batch { journal: "j-north".parse().unwrap(), interactions: vec![interaction(sequence, 3, declined())] };
        let then = now().plus_millis(days * 86_400_000);
        office.store.ingest(&"north-1".parse().unwrap(), batch, then).await.unwrap();
        log(&office, "north").await
    };
    assert_eq!(later(399, 3).await, [(2, 2, false), (3, 1, true), (4, 3, false)]);
    assert_eq!(later(401, 4).await, [(3, 1, true), (4, 3, false), (5, 3, false)]);
    let objected = Ending::Answered(AnswerKind::OptOut);
    let objection =
        Fact::Ended { campaign: "savings".parse().unwrap(), variant: None, ending: objected, dwell_ms: 900 };
    deliver(&office, "north", vec![interaction(5, 3, objection)]).await;
    assert_eq!(later(900, 6).await, [(3, 1, true), (6, 3, false), (7, 3, false)]);
}

#[tokio::test]
async fn the_report_says_which_devices_have_confirmed_an_erasure() {
    let folder = TempDir::new().unwrap();
    let office = office(&folder).await;
    assert_eq!(office.report().await.unwrap().erasures, []);
    import(&office, "north", &[3]).await;
    let waiting = office.report().await.unwrap();
    assert!(waiting.to_string().contains("2 erased, confirmed by 0 of 1 devices; not by north-1"), "{waiting}");
    let erased = |sequence, through_position| {
        let fact = Fact::Erased { through_position };
        vec![Interaction { customer: None, ..interaction(sequence, 1, fact) }]
    };
    deliver(&office, "north", erased(1, 1)).await;
    assert_eq!(office.report().await.unwrap().erasures[0].waiting.len(), 1, "one of two");
    deliver(&office, "north", erased(2, 2)).await;
    let report = office.report().await.unwrap();
    let [line] = &report.erasures[..] else { panic!("{report}") };
    assert_eq!((line.customers, line.confirmed.len(), line.waiting.len()), (2, 1, 0));
}

#[tokio::test]
async fn what_is_to_pass_by_is_claimed_once_however_many_ask() {
    let folder = TempDir::new().unwrap();
    let office = office(&folder).await;
    assert!(office.store.claim_contacts().await.unwrap().is_empty());
    let facts = (1..=100).map(|sequence| interaction(sequence, 3, declined())).collect();
    deliver(&office, "north", facts).await;
    let claims = tokio::join!(office.store.claim_contacts(), office.store.claim_contacts());
    let mut claims = [claims.0.unwrap(), claims.1.unwrap()].concat();
    claims.sort_by_key(|(shard, _)| shard.clone());
    assert_eq!(claims, [("north".parse().unwrap(), 0..100), ("south".parse().unwrap(), 0..100)]);
}

#[tokio::test]
async fn a_long_log_is_read_in_pages_up_to_its_end() {
    let folder = TempDir::new().unwrap();
    let office = office(&folder).await;
    for from in 0..25 {
        let facts = (1..=100).map(|n| interaction(from * 100 + n, 1, declined())).collect();
        deliver(&office, "north", facts).await;
    }
    let north = "north".parse().unwrap();
    let read = async |after| {
        let (entries, end) = office.store.contacts_after(&north, after).await.unwrap();
        (entries.len(), end)
    };
    assert_eq!((read(0).await, read(1_000).await, read(2_400).await), ((1_000, 1_000), (1_000, 2_000), (100, 2_500)));
    assert_eq!((read(2_500).await, read(9_000).await), ((0, 2_500), (0, 2_500)));
    assert_eq!(office.store.contacts_after(&"nowhere".parse().unwrap(), 3).await.unwrap(), (vec![], 0));
    assert_eq!(office.contacts(&north).await.unwrap().len(), 2_500);
}
