//! How long a decision takes, and a whole visit of somebody whom nothing has been asked about for a long time.

use crate::{
    bench::{Bench, Reach, Reading},
    lab::Lab,
    population::loyalty_number,
    premises::Stocked,
    samples::Samples,
};
use rustix::fs::{Advice, fadvise};
use std::{collections::BTreeMap, fs::File, time::Instant};
use tempfile::TempDir;
use touchpoint_agent::{
    cache::Cache,
    desk::look_up,
    domain::{
        contact::{Contact, ContactKind},
        customer::Customer,
        decide::decide,
        moment::{Moment, Place, VisitAttributes},
    },
    journal::{Entry, Journal},
};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::{AnswerKind, Campaign, PanelSize},
    card::Card,
    consent::Status,
    contact::InteractionId,
    customer::{CustomerId, Profile},
    interaction::{ClockQuality, Fact, Reason, Trigger},
    utc::Utc,
};
use touchpoint_sim::random::Random;
use touchpoint_tests::workspace;

/// The family.
pub(crate) const BENCHES: [Bench; 2] = [
    Bench {
        name: "decide.p99_us",
        what: "decisions among 500 campaigns of 5 clauses each, for a customer with 50 contacts: the 99th of a hundred",
        unit: "us",
        reach: Reach::Most(100.0),
        run: decision,
    },
    Bench {
        name: "decide.visit_p99_ms",
        what: "card to record without drawing: customer found, decided, journal safe; the files not in memory: the 99th of a hundred",
        unit: "ms",
        reach: Reach::Most(5.0),
        run: visit,
    },
];

/// Rounds of each.
const ROUNDS: usize = 5;

/// Decisions in a round.
const DECISIONS: usize = 2_000;

/// Visits in a round: each opens both files anew.
const VISITS: usize = 100;

/// 2026-11-21T09:30:00Z, when all the demo's campaigns run.
const NOW: i64 = 1_795_253_400_000;

/// Five clauses, all of which hold: none is spared.
const CLAUSES: &str = r#"{"all": [
    {"score": "churn", "at_least": 10},
    {"customer": "segment", "in": ["saver", "gold"]},
    {"attribute": "first-name", "exists": true},
    {"visit": "kind", "not": "deposit"},
    {"time": "weekday", "in": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
]}"#;

fn decision(lab: &Lab) -> Reading {
    let (bundle, moment) = (crowded(), moment());
    let (customer, contacts) = (customer(), contacts(&bundle));
    let mut rounds = Samples::default();
    for round in 1..=ROUNDS {
        lab.says(format!("deciding, round {round} of {ROUNDS}"));
        let one = |_| {
            let began = Instant::now();
            let decision = decide(&bundle, Some(&customer), &contacts, &moment);
            let took = began.elapsed();
            assert_eq!(decision.verdicts.len(), bundle.campaigns.len());
            took.as_secs_f64() * 1e6
        };
        rounds.push((0..DECISIONS).map(one).collect::<Samples>().percentile(99));
    }
    Reading::of(&rounds)
}

/// Cold means: both files are closed and opened again, so that SQLite holds no page, and the kernel is told to drop what it holds of
/// them (`POSIX_FADV_DONTNEED`, which drops clean pages; everything is written back before).
fn visit(lab: &Lab) -> Reading {
    let stocked = lab.once(Stocked::new);
    let folder = TempDir::new().expect("a folder");
    let (cache_file, journal_file) = (folder.path().join("cache.db"), folder.path().join("journal.db"));
    lab.runtime.block_on(stocked.cache(&folder).close()).expect("a whole cache");
    let [_, full] = stocked.premises.config().databases();
    std::fs::copy(full, &journal_file).expect("a copy");
    let keys = stocked.premises.keys();
    let [cache_key, journal_key] = ["cache", "journal"].map(|name| keys.master.derive(name));
    let (bundle, mut random, mut rounds) = (crowded(), Random::new(7), Samples::default());
    for round in 1..=ROUNDS {
        lab.says(format!("visits, round {round} of {ROUNDS}"));
        let mut took = Vec::with_capacity(VISITS);
        for _ in 0..VISITS {
            let number = loyalty_number(random.below(lab.customers) + 1);
            for file in [&cache_file, &journal_file] {
                forget(file);
            }
            lab.runtime.block_on(async {
                let cache = Cache::open(&cache_file, &cache_key).expect("a cache");
                let journal = Journal::open(&journal_file, &journal_key).await.expect("a journal");
                let began = Instant::now();
                let tokens = keys.tokens.tokens(Card::loyalty(&number).expect("a loyalty number"));
                let now = Utc::from_millis(NOW);
                let (customer, contacts) = look_up(&cache, &journal, &tokens, now).expect("a look-up");
                let moment = moment();
                let decision = decide(&bundle, customer.as_ref(), &contacts, &moment);
                let fact = match decision.choice {
                    Some(choice) => Fact::Shown {
                        campaign: choice.campaign.id.clone(),
                        variant: None,
                        language: choice.language.clone(),
                        segment: None,
                        trigger: Trigger::Arrival,
                    },
                    None => Fact::NotShown { reason: Reason::NotEligible, campaign: None, trigger: Trigger::Arrival },
                };
                let customer = Some(customer.expect("a known customer").id);
                journal.record(entry(customer, fact)).await.expect("room");
                took.push(began.elapsed().as_secs_f64() * 1e3);
                cache.close().await.expect("a whole cache");
                journal.close().await.expect("a whole journal");
            });
        }
        rounds.push(took.into_iter().collect::<Samples>().percentile(99));
    }
    Reading::of(&rounds)
}

/// Drops what the kernel holds of a file, if there is one.
fn forget(file: &std::path::Path) {
    let Ok(file) = File::open(file) else { return };
    file.sync_all().expect("written back");
    fadvise(&file, 0, None, Advice::DontNeed).expect("the kernel drops its pages");
}

/// The demo's savings, 500 times.
fn crowded() -> Bundle {
    let checked = touchpoint_hub::check(&workspace::demo_campaigns()).expect("the demo's campaigns");
    let mut bundle = checked.bundle;
    let savings = bundle.campaigns.iter().find(|campaign| campaign.id.as_str() == "savings").expect("savings").clone();
    let campaign = |at: usize| Campaign {
        id: format!("savings-{at}").parse().expect("a name"),
        when: Some(serde_json::from_str(CLAUSES).expect("a condition")),
        value: at as u32,
        picture: None,
        ..savings.clone()
    };
    bundle.campaigns = (0..500).map(campaign).collect();
    bundle
}

fn customer() -> Customer {
    let profile = Profile {
        segments: ["saver", "gold"].map(|segment| segment.parse().expect("a segment")).to_vec(),
        language: Some("de".parse().expect("a language")),
        marketing: Status::Given.into(),
        attributes: BTreeMap::from([("first-name".parse().expect("a name"), "Anna".to_owned())]),
        scores: BTreeMap::from([("churn".parse().expect("a name"), 70)]),
        ..Profile::default()
    };
    Customer { id: CustomerId::try_from(7).expect("a number"), profile }
}

/// Fifty, over a year, about ten of the campaigns.
fn contacts(bundle: &Bundle) -> Vec<Contact> {
    let contact = |at: u64| Contact {
        id: InteractionId { journal: "j1".parse().expect("a name"), sequence: at },
        customer: CustomerId::try_from(7).expect("a number"),
        campaign: bundle.campaigns[(at % 10) as usize].id.clone(),
        at: Utc::from_millis(NOW - (at as i64 + 1) * 7 * 24 * 3_600_000),
        what: if at.is_multiple_of(3) { ContactKind::Answered(AnswerKind::Later) } else { ContactKind::Shown },
    };
    (0..50).map(contact).collect()
}

fn moment() -> Moment {
    let place = Place { panel: PanelSize { width: 1024, height: 768 }, site: None, screen: None };
    place.moment(Utc::from_millis(NOW), Trigger::Arrival, 25, VisitAttributes::default())
}

fn entry(customer: Option<CustomerId>, fact: Fact) -> Entry {
    let at = touchpoint_protocol::interaction::Moment {
        utc: Utc::from_millis(NOW),
        boot: "0d7be0a5-4c2d-4b7f-9d0e-6e3f6d2b9a11".parse().expect("a boot"),
        since_boot_ms: 500,
        clock: ClockQuality::Synchronised,
    };
    Entry { visit: "v1".parse().expect("a visit"), at, customer, backfill: true, fact }
}
