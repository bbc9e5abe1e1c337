//! The journal's rules, each as a test.

use super::*;
use touchpoint_protocol::{
    campaign::AnswerKind,
    contact::ContactKind,
    interaction::{Ending, Reason, Trigger},
};
use touchpoint_vault::MasterKey;

async fn open(folder: &tempfile::TempDir) -> Journal {
    let key = MasterKey::new([1; 32]).derive("journal");
    Journal::open(&folder.path().join("journal.db"), &key).await.unwrap()
}

fn entry(customer: Option<i64>, fact: Fact) -> Entry {
    let clock = ClockQuality::Unsynchronised;
    let at = Moment { utc: Utc::from_millis(5), boot: "b0".parse().unwrap(), since_boot_ms: 9, clock };
    Entry { visit: "v1".parse().unwrap(), at, customer: customer.map(|n| n.try_into().unwrap()), backfill: true, fact }
}

fn answered(kind: AnswerKind) -> Fact {
    Fact::Ended { campaign: "savings".parse().unwrap(), variant: None, ending: Ending::Answered(kind), dwell_ms: 1 }
}

fn not_shown() -> Fact {
    Fact::NotShown { reason: Reason::NoConsent, campaign: None, trigger: Trigger::Arrival }
}

#[tokio::test]
async fn what_was_recorded_is_there_after_a_restart_in_order_and_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    for _ in 0..5 {
        journal.record(entry(Some(7), not_shown())).await.unwrap();
    }
    let id = journal.state().borrow().id.clone();
    journal.close().await.unwrap();
    let journal = open(&folder).await;
    let state = JournalState { id, recorded: 5, confirmed: 0, discarded: 0, reserve: true, alarm: None };
    assert_eq!(*journal.state().borrow(), state);
    assert_eq!(journal.record(entry(None, answered(AnswerKind::Accept))).await.unwrap(), 6);
    let all = journal.after(0, 100).await.unwrap();
    assert_eq!(all.iter().map(|interaction| interaction.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(all[5].fact, answered(AnswerKind::Accept));
    assert!(all.iter().all(|interaction| interaction.backfill));
    assert_eq!(journal.after(4, 1).await.unwrap()[0].sequence, 5);
}

#[tokio::test]
async fn a_confirmation_never_goes_back_and_never_runs_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    for _ in 0..3 {
        journal.record(entry(None, not_shown())).await.unwrap();
    }
    journal.confirm(2).await.unwrap();
    journal.confirm(1).await.unwrap();
    assert_eq!(journal.state().borrow().confirmed, 2);
    assert!(matches!(journal.confirm(4).await, Err(JournalError::Ahead { confirmed: 4, recorded: 3, .. })));
}

#[tokio::test]
async fn what_was_shown_today_ends_where_a_clock_that_can_be_believed_says_yesterday() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    let (believed, not) = (ClockQuality::Synchronised, ClockQuality::Unsynchronised);
    let days = [(3, believed, "a"), (1, believed, "b"), (5, believed, "c"), (1, not, "d"), (6, not, "e")];
    for (utc, clock, campaign) in days {
        let (campaign, language) = (campaign.parse().unwrap(), "en".parse().unwrap());
        let fact = Fact::Shown { campaign, variant: None, language, segment: None, trigger: Trigger::Arrival };
        let entry = entry(None, fact);
        let at = Moment { utc: Utc::from_millis(utc), clock, ..entry.at };
        journal.record(Entry { at, ..entry }).await.unwrap();
        journal.record(self::entry(None, not_shown())).await.unwrap();
    }
    let shown = journal.shown_since(Utc::from_millis(3)).await.unwrap();
    assert_eq!(shown.iter().map(CampaignId::as_str).collect::<Vec<_>>(), ["e", "c"]);
}

#[tokio::test]
async fn the_contact_history_is_a_customers_own_the_latest_first() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    let shown = shown();
    for (customer, fact) in [
        (Some(7), shown.clone()),
        (Some(7), answered(AnswerKind::Decline)),
        (Some(8), answered(AnswerKind::Accept)),
        (Some(7), not_shown()),
        (None, shown),
    ] {
        journal.record(entry(customer, fact)).await.unwrap();
    }
    let contacts = journal.contacts(7.try_into().unwrap()).unwrap();
    let what: Vec<_> = contacts.iter().map(|contact| contact.what).collect();
    assert_eq!(what, [ContactKind::Answered(AnswerKind::Decline), ContactKind::Shown]);
}

#[tokio::test]
async fn however_often_a_customer_is_spared_or_served_afterwards_an_objection_stays_known() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    journal.record(entry(Some(7), answered(AnswerKind::OptOut))).await.unwrap();
    for _ in 0..=MOST {
        journal.record(entry(Some(7), not_shown())).await.unwrap();
        journal.record(entry(Some(7), shown())).await.unwrap();
    }
    let contacts = journal.contacts(7.try_into().unwrap()).unwrap();
    assert_eq!(contacts.len(), MOST + 1);
    assert_eq!(contacts.last().unwrap().what, ContactKind::Answered(AnswerKind::OptOut));
}

/// A journal that is full with so many records, and makes room for a few at a time.
async fn small(folder: &tempfile::TempDir, records: u64) -> Journal {
    Journal { bound: Bound { records, batch: 4, ..BOUND }, ..open(folder).await }
}

fn shown() -> Fact {
    Fact::Shown {
        campaign: "savings".parse().unwrap(),
        variant: None,
        language: "en".parse().unwrap(),
        segment: None,
        trigger: Trigger::Arrival,
    }
}

/// What is to be delivered, a letter each; `d` and a number for a run that is gone.
async fn outbox(journal: &Journal) -> String {
    let confirmed = journal.state().borrow().confirmed;
    let letter = |interaction: Interaction| match interaction.fact {
        Fact::NotShown { .. } => "n".to_owned(),
        Fact::HeldOut { .. } => "h".to_owned(),
        Fact::Shown { .. } => "s".to_owned(),
        Fact::Ended { ending: Ending::Answered(_), .. } => "a".to_owned(),
        Fact::Ended { .. } => "e".to_owned(),
        Fact::Discarded { through } => format!("d{}", through - interaction.sequence + 1),
        Fact::Erased { through_position } => format!("e{through_position}"),
    };
    journal.after(confirmed, 1000).await.unwrap().into_iter().map(letter).collect()
}

/// Every sequence number that what is to be delivered accounts for.
async fn accounted(journal: &Journal, after: u64) -> Vec<u64> {
    let interactions = journal.after(after, 1000).await.unwrap();
    interactions.iter().flat_map(|interaction| interaction.sequence..=interaction.through()).collect()
}

async fn rows(journal: &Journal) -> (i64, i64) {
    let sql = "SELECT (SELECT records FROM standing), (SELECT count(*) FROM interaction)";
    let rows =
        journal.vault.read(move |connection| connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))));
    rows.await.unwrap()
}

#[tokio::test]
async fn a_full_journal_gives_up_what_was_not_shown_and_then_showings_and_never_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let journal = small(&folder, 12).await;
    for fact in [shown(), answered(AnswerKind::CallMe), not_shown(), not_shown(), not_shown(), not_shown()] {
        journal.record(entry(Some(7), fact)).await.unwrap();
    }
    for _ in 0..6 {
        journal.record(entry(Some(7), shown())).await.unwrap();
    }
    assert_eq!(outbox(&journal).await, "sannnnssssss");
    assert_eq!(journal.state().borrow().discarded, 0);
    journal.record(entry(None, answered(AnswerKind::OptOut))).await.unwrap();
    assert_eq!(outbox(&journal).await, "sad5sssssa");
    assert_eq!(journal.state().borrow().discarded, 5);
    for _ in 0..12 {
        journal.record(entry(None, answered(AnswerKind::Accept))).await.unwrap();
    }
    assert_eq!(outbox(&journal).await, format!("sad10{}", "a".repeat(13)), "answers do not heed the bound");
    assert_eq!(accounted(&journal, 0).await, (1..=25).collect::<Vec<_>>());
    assert_eq!(rows(&journal).await, (16, 16));
    assert_eq!(journal.contacts(7.try_into().unwrap()).unwrap().len(), 2, "what is gone is nobody's history");
}

#[tokio::test]
async fn what_is_gone_grows_in_place_and_is_told_again_by_whoever_was_within_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = small(&folder, 8).await;
    for _ in 0..9 {
        journal.record(entry(None, not_shown())).await.unwrap();
    }
    assert_eq!(outbox(&journal).await, "d5nnnn");
    // Three of the run were sent and confirmed before it was one.
    journal.confirm(3).await.unwrap();
    assert_eq!(accounted(&journal, 3).await, (1..=9).collect::<Vec<_>>());
    assert_eq!(accounted(&journal, 5).await, [6, 7, 8, 9]);
    for _ in 0..8 {
        journal.record(entry(None, not_shown())).await.unwrap();
    }
    assert_eq!(accounted(&journal, 3).await, (1..=17).collect::<Vec<_>>());
    let (records, counted) = rows(&journal).await;
    assert!(records == counted && records <= 8, "{records} {counted}");
}

#[tokio::test]
async fn confirmed_interactions_go_before_any_that_head_office_does_not_have() {
    let folder = tempfile::tempdir().unwrap();
    let journal = small(&folder, 10).await;
    for _ in 0..10 {
        journal.record(entry(None, not_shown())).await.unwrap();
    }
    journal.confirm(5).await.unwrap();
    journal.record(entry(None, not_shown())).await.unwrap();
    assert_eq!((outbox(&journal).await.as_str(), rows(&journal).await), ("nnnnnn", (7, 7)));
    assert_eq!(journal.state().borrow().discarded, 0);
}

#[tokio::test]
async fn a_journal_with_too_many_bytes_is_full_too() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal { bound: Bound { bytes: 1, batch: 4, ..BOUND }, ..open(&folder).await };
    for _ in 0..6 {
        journal.record(entry(None, not_shown())).await.unwrap();
    }
    assert_eq!(outbox(&journal).await, "d5n");
}

/// An entry of a day, by a clock that can be believed or not.
fn on(day: i64, clock: ClockQuality) -> Entry {
    let entry = entry(None, not_shown());
    Entry { at: Moment { utc: Utc::from_millis(day * 86_400_000), clock, ..entry.at }, ..entry }
}

#[tokio::test]
async fn history_goes_when_it_is_older_than_any_cap_and_only_what_was_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    for day in [0, 50, 399, 410, 500, 1000] {
        journal.record(on(day, ClockQuality::Synchronised)).await.unwrap();
    }
    journal.tidy().await;
    assert_eq!(accounted(&journal, 0).await.len(), 6);
    journal.confirm(4).await.unwrap();
    journal.tidy().await;
    assert_eq!(accounted(&journal, 0).await, [2, 3, 4, 5, 6]);
    journal.confirm(5).await.unwrap();
    journal.tidy().await;
    assert_eq!(accounted(&journal, 0).await, [3, 4, 5, 6]);
}

#[tokio::test]
async fn a_clock_that_jumps_ten_years_either_way_changes_nothing_but_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    let days = [20_000, 23_650, 20_000, 16_350, 20_000];
    for (day, sequence) in days.into_iter().zip(1..) {
        assert_eq!(journal.record(on(day, ClockQuality::Unsynchronised)).await.unwrap(), sequence);
        journal.confirm(sequence).await.unwrap();
        journal.tidy().await;
    }
    let all = journal.after(0, 100).await.unwrap();
    assert_eq!(all.iter().map(|interaction| interaction.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(all.iter().map(|interaction| interaction.at.utc.as_millis() / 86_400_000).collect::<Vec<_>>(), days);
}

#[tokio::test]
async fn opening_and_every_step_take_as_long_with_a_full_journal_as_with_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    let statements = [
        include_str!("append.sql"),
        include_str!("unconfirmed.sql"),
        include_str!("contacts.sql"),
        include_str!("prune.sql"),
        include_str!("oldest.sql"),
        include_str!("newest.sql"),
        include_str!("candidates.sql"),
        include_str!("before.sql"),
        include_str!("at.sql"),
        include_str!("discard.sql"),
    ];
    for sql in statements {
        let plan = journal.vault.read(move |connection| {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let mut rows = explain.raw_query();
            let mut plan = Vec::new();
            while let Some(row) = rows.next()? {
                plan.push(row.get::<_, String>(3)?);
            }
            Ok(plan)
        });
        let plan = plan.await.unwrap();
        assert!(plan.iter().all(|step| !step.contains("SCAN") && !step.contains("B-TREE")), "{sql}: {plan:?}");
    }
}

#[tokio::test]
async fn a_history_is_read_with_a_query_that_was_prepared_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    let prepared_anew = |customer: i64| {
        journal.contacts(customer.try_into().unwrap()).unwrap();
        let count = journal.vault.read_here(|connection| {
            Ok(connection
                .prepare_cached(include_str!("contacts.sql"))?
                .get_status(rusqlite::StatementStatus::RePrepare))
        });
        count.unwrap()
    };
    assert_eq!([1, 2, 3].map(prepared_anew), [0; 3]);
}

#[tokio::test]
async fn a_full_disk_costs_the_reserve_before_it_costs_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    let pages = |pages: i64| {
        let set = journal.vault.write(move |transaction| transaction.pragma_update(None, "max_page_count", pages));
        async { set.await.unwrap() }
    };
    let reserve = folder.path().join("reserve");
    assert!(journal.state().borrow().reserve && reserve.metadata().unwrap().len() > 0);
    pages(1).await;
    let mut recorded = 0;
    let refused = loop {
        match journal.record(entry(None, answered(AnswerKind::Accept))).await {
            Ok(sequence) => recorded = sequence,
            Err(error) => break error,
        }
    };
    // The reserve gives no room in a database that may not grow, but it was given up for it.
    assert!(refused.is_full() && !refused.is_corrupt(), "{refused:?}");
    assert_eq!(reserve.metadata().unwrap().len(), 0);
    assert!(!journal.state().borrow().reserve);
    pages(1_000_000).await;
    assert_eq!(journal.record(entry(None, answered(AnswerKind::Accept))).await.unwrap(), recorded + 1);
    journal.tidy().await;
    assert!(journal.state().borrow().reserve && reserve.metadata().unwrap().len() > 0);
}

fn customers(numbers: &[i64]) -> Vec<CustomerId> {
    numbers.iter().map(|&number| number.try_into().unwrap()).collect()
}

fn later() -> Moment {
    entry(None, not_shown()).at
}

/// Whom the journal still knows, row by row.
async fn known(journal: &Journal) -> Vec<Option<i64>> {
    let all = journal.after(0, 1000).await.unwrap();
    all.iter()
        .filter(|interaction| !matches!(interaction.fact, Fact::Erased { .. }))
        .map(|interaction| interaction.customer.map(i64::from))
        .collect()
}

#[tokio::test]
async fn who_is_erased_goes_at_once_if_head_office_has_everything_and_a_fact_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    for customer in [Some(7), Some(8), None, Some(7), Some(9)] {
        journal.record(entry(customer, answered(AnswerKind::Accept))).await.unwrap();
    }
    journal.confirm(5).await.unwrap();
    journal.erase(customers(&[7, 9, 10]), 44, later()).await.unwrap();
    assert_eq!(known(&journal).await, [Some(8), None]);
    assert_eq!((outbox(&journal).await.as_str(), rows(&journal).await), ("e44", (3, 3)));
    assert_eq!(journal.state().borrow().recorded, 6);
    // Nothing waits, so nothing more is said.
    journal.confirm(6).await.unwrap();
    journal.go_on_erasing(later()).await.unwrap();
    assert_eq!(journal.state().borrow().recorded, 6);
}

#[tokio::test]
async fn what_head_office_does_not_have_waits_and_no_gap_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    for customer in [7, 8, 7] {
        journal.record(entry(Some(customer), answered(AnswerKind::Accept))).await.unwrap();
    }
    journal.confirm(1).await.unwrap();
    journal.erase(customers(&[7]), 44, later()).await.unwrap();
    assert_eq!((known(&journal).await, outbox(&journal).await.as_str()), (vec![Some(8), Some(7)], "aa"));
    // Somebody of the same number after that is not meant; the power fails meanwhile.
    journal.record(entry(Some(7), answered(AnswerKind::Accept))).await.unwrap();
    journal.close().await.unwrap();
    let journal = open(&folder).await;
    for (confirmed, left, said) in [(2, vec![Some(8), Some(7), Some(7)], "aa"), (3, vec![Some(8), Some(7)], "ae44")] {
        journal.confirm(confirmed).await.unwrap();
        journal.go_on_erasing(later()).await.unwrap();
        assert_eq!((known(&journal).await, outbox(&journal).await.as_str()), (left, said));
    }
    assert_eq!(accounted(&journal, 3).await, [4, 5]);
    assert_eq!(rows(&journal).await, (3, 3));
}

#[tokio::test]
async fn two_pages_that_are_done_at_once_are_one_fact() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).await;
    journal.record(entry(Some(7), answered(AnswerKind::Accept))).await.unwrap();
    for position in [3, 5, 5] {
        journal.erase(customers(&[7, 8]), position, later()).await.unwrap();
    }
    journal.confirm(1).await.unwrap();
    journal.go_on_erasing(later()).await.unwrap();
    assert_eq!((known(&journal).await, outbox(&journal).await.as_str()), (vec![], "e5"));
}

#[tokio::test]
async fn an_old_copy_begins_a_new_name_and_takes_along_what_was_never_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let journal = small(&folder, 12).await;
    let before = journal.state().borrow().id.clone();
    for fact in [shown(), not_shown(), not_shown(), not_shown(), not_shown(), not_shown(), not_shown(), not_shown()] {
        journal.record(entry(Some(7), fact)).await.unwrap();
    }
    for _ in 0..6 {
        journal.record(entry(Some(8), answered(AnswerKind::Accept))).await.unwrap();
    }
    // A run of discarded records, of which head office has the first two.
    assert_eq!(outbox(&journal).await, "sd5nnaaaaaa");
    journal.confirm(3).await.unwrap();
    journal.erase(customers(&[8]), 44, later()).await.unwrap();
    assert!(matches!(journal.confirm(99).await, Err(JournalError::Ahead { .. })));

    journal.begin_anew().await.unwrap();
    let state = journal.state().borrow().clone();
    assert!(state.id != before && (state.recorded, state.confirmed) == (11, 0), "{state:?}");
    assert_eq!(outbox(&journal).await, "d3nnaaaaaa");
    assert_eq!(accounted(&journal, 0).await, (1..=11).collect::<Vec<_>>());
    let (records, counted) = rows(&journal).await;
    assert_eq!(records, counted);
    assert_eq!(journal.record(entry(None, not_shown())).await.unwrap(), 12);
    journal.close().await.unwrap();
    let journal = open(&folder).await;
    assert_eq!(journal.state().borrow().id, state.id);
    // What was to be erased still is.
    journal.confirm(11).await.unwrap();
    journal.go_on_erasing(later()).await.unwrap();
    assert_eq!((known(&journal).await.contains(&Some(8)), outbox(&journal).await.as_str()), (false, "ne44"));
}
