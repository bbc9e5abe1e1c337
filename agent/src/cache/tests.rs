//! The cache's rules, each as a test.

use super::*;
use crate::domain::contact::MOST;
use touchpoint_protocol::{
    block::{Packer, Row},
    campaign::AnswerKind,
    contact::{Contact, ContactKind, InteractionId},
    contacts::Entry,
    interaction::{ClockQuality, Moment},
    utc::Utc,
};
use touchpoint_vault::MasterKey;

fn open(folder: &tempfile::TempDir) -> Cache {
    Cache::open(&folder.path().join("cache.db"), &MasterKey::new([1; 32]).derive("cache")).unwrap()
}

fn token(n: u8) -> Token {
    Token::from_bytes([n; 16])
}

fn rows(numbers: std::ops::Range<u8>) -> Rows {
    Rows::decompress(&block(numbers, "")).unwrap()
}

fn block(numbers: std::ops::Range<u8>, segment: &str) -> Vec<u8> {
    let mut packer = Packer::default();
    let segments = segment.parse().into_iter().collect();
    let profile = Profile { segments, ..Profile::default() }.to_cbor();
    for n in numbers {
        let customer = i64::from(n).try_into().unwrap();
        packer.push(Row { token: token(n), customer, profile: &profile }).unwrap();
    }
    packer.finish().unwrap().remove(0).bytes
}

fn head(epoch: u64, rows: u64) -> ShardHead {
    let [tenant, shard, token_key] = ["acme", "north", "t1"];
    ShardHead {
        tenant: tenant.parse().unwrap(),
        shard: shard.parse().unwrap(),
        epoch,
        revision: 0,
        token_key: token_key.parse().unwrap(),
        rows,
        blocks: vec![],
    }
}

#[tokio::test]
async fn visits_are_served_from_the_old_customers_until_the_new_ones_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    let knows = |n| cache.customer(&[token(n)]).unwrap().is_some();
    cache.begin(&head(1, 0)).await.unwrap();
    cache.stage(0, rows(0..10)).await.unwrap();
    assert!(!knows(5), "a snapshot that is not whole was used");
    cache.swap(&head(1, 10)).await.unwrap();
    cache.begin(&head(2, 0)).await.unwrap();
    cache.stage(0, rows(10..20)).await.unwrap();
    assert!(knows(5) && !knows(15));
    cache.swap(&head(2, 10)).await.unwrap();
    assert!(!knows(5) && knows(15));
    assert_eq!((cache.customers().await.unwrap(), cache.held().await.unwrap().epoch), (10, 2));
}

#[tokio::test]
async fn a_snapshot_goes_on_after_a_restart_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    cache.begin(&head(7, 0)).await.unwrap();
    cache.stage(0, rows(0..10)).await.unwrap();
    cache.close().await.unwrap();
    let cache = open(&folder);
    let staged = Staged { epoch: 7, manifest: head(7, 0).manifest(), blocks: 1 };
    assert_eq!(cache.held().await.unwrap().staged, Some(staged));
    cache.stage(1, rows(10..20)).await.unwrap();
    cache.swap(&head(7, 20)).await.unwrap();
    assert!(cache.customer(&[token(99), token(5)]).unwrap().is_some(), "the second of two tokens");
}

#[tokio::test]
async fn another_epoch_drops_what_was_fetched_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    cache.begin(&head(7, 0)).await.unwrap();
    cache.stage(0, rows(0..10)).await.unwrap();
    cache.begin(&head(8, 0)).await.unwrap();
    cache.stage(0, rows(5..15)).await.unwrap();
    cache.swap(&head(8, 10)).await.unwrap();
    assert!(cache.customer(&[token(1)]).unwrap().is_none());
}

fn delta(from: u64, upserts: std::ops::Range<u8>, erased: &[u8]) -> Delta {
    Delta {
        tenant: "acme".parse().unwrap(),
        shard: "north".parse().unwrap(),
        epoch: 1,
        from,
        to: from + 1,
        upserts: block(upserts, "gold"),
        erased: erased.iter().copied().map(token).collect(),
    }
}

#[tokio::test]
async fn a_delta_changes_adds_and_erases_customers_once_and_only_where_it_leads_on() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    cache.begin(&head(1, 0)).await.unwrap();
    cache.stage(0, rows(0..10)).await.unwrap();
    cache.swap(&head(1, 10)).await.unwrap();
    let segments = async |n| {
        let customer = cache.customer(&[token(n)]).unwrap();
        customer.map(|customer| customer.profile.segments.len())
    };
    // One is changed, two are new, and of the two that are erased one was never there.
    assert_eq!(cache.apply(delta(0, 9..12, &[3, 77])).await.unwrap(), Some(11));
    assert_eq!((segments(8).await, segments(9).await, segments(11).await), (Some(0), Some(1), Some(1)));
    assert_eq!(segments(3).await, None);
    for elsewhere in [delta(0, 20..21, &[]), delta(2, 20..21, &[]), Delta { epoch: 2, ..delta(1, 20..21, &[]) }] {
        assert_eq!(cache.apply(elsewhere).await.unwrap(), None);
    }
    assert_eq!(segments(20).await, None);
    let held = cache.held().await.unwrap();
    assert_eq!((held.epoch, held.revision, cache.customers().await.unwrap()), (1, 1, 11));

    // The next epoch begins at its snapshot.
    cache.begin(&head(2, 0)).await.unwrap();
    cache.stage(0, rows(0..2)).await.unwrap();
    cache.swap(&head(2, 2)).await.unwrap();
    assert_eq!((cache.held().await.unwrap().revision, segments(9).await), (0, None));
}

#[tokio::test]
async fn campaigns_come_back_with_the_media_they_use_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    let stored = |revision, media| StoredCampaigns { revision, bundle: b"{}".to_vec(), media };
    cache.activate(stored(1, vec![(one, b"1".to_vec())]), BTreeSet::from([one])).await.unwrap();
    cache.activate(stored(2, vec![(two, b"2".to_vec())]), BTreeSet::from([two])).await.unwrap();
    let campaigns = cache.campaigns().await.unwrap().unwrap();
    assert_eq!((campaigns.revision, campaigns.media), (2, vec![(two, b"2".to_vec())]));
    assert_eq!(cache.media().await.unwrap(), BTreeSet::from([two]));
}

fn contact(customer: i64, journal: &str, sequence: u64, day: i64) -> Entry {
    Entry::Contact(Contact {
        id: InteractionId { journal: journal.parse().unwrap(), sequence },
        customer: customer.try_into().unwrap(),
        campaign: "savings".parse().unwrap(),
        at: Utc::from_millis(day * 86_400_000),
        what: ContactKind::Answered(AnswerKind::Decline),
    })
}

fn day(day: i64, clock: ClockQuality) -> Moment {
    Moment { utc: Utc::from_millis(day * 86_400_000), boot: "b0".parse().unwrap(), since_boot_ms: 9, clock }
}

/// What was said to a customer: journals and sequences, the latest first.
fn said(cache: &Cache, customer: i64) -> Vec<(String, u64)> {
    let contacts = cache.contacts(customer.try_into().unwrap()).unwrap();
    contacts.into_iter().map(|contact| (contact.id.journal.to_string(), contact.id.sequence)).collect()
}

/// How many contacts the cache says it has, and how many there are.
async fn counted(cache: &Cache) -> (i64, i64) {
    let sql = "SELECT (SELECT contacts FROM holding), (SELECT count(*) FROM contact)";
    let count = cache.0.read(move |connection| connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))));
    count.await.unwrap()
}

#[tokio::test]
async fn contacts_are_kept_once_by_customer_and_outlive_a_new_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    let now = || day(100, ClockQuality::Synchronised);
    let page = || vec![contact(7, "j1", 1, 90), contact(8, "j1", 2, 91), contact(7, "j2", 1, 92)];
    cache.keep_contacts(page(), 3, now()).await.unwrap();
    cache.keep_contacts([page(), vec![contact(7, "j1", 3, 80)]].concat(), 4, now()).await.unwrap();
    cache.begin(&head(1, 10)).await.unwrap();
    cache.stage(0, rows(0..10)).await.unwrap();
    cache.swap(&head(1, 10)).await.unwrap();
    let expected = [("j2", 1), ("j1", 1), ("j1", 3)].map(|(journal, sequence)| (journal.to_owned(), sequence));
    assert_eq!(said(&cache, 7), expected);
    assert_eq!((cache.held().await.unwrap().contacts, counted(&cache).await), (4, (4, 4)));
    let what = cache.contacts(8.try_into().unwrap()).unwrap().remove(0);
    assert_eq!(Entry::Contact(what), contact(8, "j1", 2, 91), "as it came");
}

#[tokio::test]
async fn nothing_is_kept_of_who_is_erased_but_what_is_said_to_them_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    let erased = Entry::Erased(7.try_into().unwrap());
    let page = vec![contact(7, "j1", 1, 90), contact(8, "j1", 2, 91), erased, contact(7, "j1", 9, 92)];
    cache.keep_contacts(page, 9, day(100, ClockQuality::Synchronised)).await.unwrap();
    assert_eq!((said(&cache, 7), said(&cache, 8).len()), (vec![("j1".to_owned(), 9)], 1));
    assert_eq!(counted(&cache).await, (2, 2));
}

#[tokio::test]
async fn contacts_go_when_they_are_older_than_any_cap_by_a_clock_that_can_be_believed_or_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    let page = (0..10).map(|n| contact(7, "j1", n, 100 + n as i64)).collect();
    cache.keep_contacts(page, 10, day(5_000, ClockQuality::Unsynchronised)).await.unwrap();
    assert_eq!(counted(&cache).await, (10, 10));
    cache.keep_contacts(vec![], 10, day(503, ClockQuality::Synchronised)).await.unwrap();
    assert_eq!((counted(&cache).await, said(&cache, 7).last().unwrap().1), ((7, 7), 3));
    let objection = |sequence| match contact(8, "j1", sequence, 1) {
        Entry::Contact(answer) => Entry::Contact(Contact { what: ContactKind::Answered(AnswerKind::OptOut), ..answer }),
        erased => erased,
    };
    let old = vec![objection(90), contact(8, "j1", 91, 1)];
    cache.keep_contacts(old, 10, day(503, ClockQuality::Synchronised)).await.unwrap();
    assert_eq!(said(&cache, 8), [("j1".to_owned(), 90)], "an objection does not grow old");
    cache
        .keep_contacts(vec![Entry::Erased(8.try_into().unwrap())], 10, day(503, ClockQuality::Synchronised))
        .await
        .unwrap();
    cache.keep_at_most(4, vec![contact(7, "j1", 50, 90)], 11, day(100, ClockQuality::Synchronised)).await.unwrap();
    assert_eq!((counted(&cache).await, said(&cache, 7).last().unwrap().1), ((4, 4), 6));
}

#[tokio::test]
async fn no_number_of_showings_makes_an_answer_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    let showing = |sequence: u64| match contact(7, "j1", sequence, 100) {
        Entry::Contact(answer) => Entry::Contact(Contact { what: ContactKind::Shown, ..answer }),
        erased => erased,
    };
    let page = [vec![contact(7, "j2", 1, 90)], (0..=MOST as u64).map(showing).collect()].concat();
    cache.keep_contacts(page, 9, day(100, ClockQuality::Synchronised)).await.unwrap();
    let said = said(&cache, 7);
    assert_eq!((said.len(), said.last().unwrap()), (MOST + 1, &("j2".to_owned(), 1)));
}

#[tokio::test]
async fn a_visit_finds_contacts_and_the_oldest_are_found_without_reading_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder);
    for sql in [include_str!("contacts.sql"), include_str!("contact-erase.sql"), include_str!("contact-prune.sql")] {
        let plan = cache.0.read(move |connection| {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let mut rows = explain.raw_query();
            let mut plan = Vec::new();
            while let Some(row) = rows.next()? {
                plan.push(row.get::<_, String>(3)?);
            }
            Ok(plan)
        });
        let plan = plan.await.unwrap();
        assert!(plan.iter().all(|step| !step.contains("SCAN")), "{sql}: {plan:?}");
    }
}
