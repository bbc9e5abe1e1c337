//! Customers on their way to a device: how fast, how small, in how much memory, and what a visit notices of it.

use crate::{
    bench::{Bench, Reach, Reading},
    lab::Lab,
    meter::{self, CountingLine},
    population,
    premises::{Premises, Stocked, head, reaches},
    samples::Samples,
    yardstick,
};
use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use touchpoint_agent::{
    cache::Cache,
    domain::update::{DeltaPlan, plan_delta},
};
use touchpoint_protocol::{
    block::{Block, Rows},
    delta::Delta,
    limits,
    signed::{self, SigningKey, TrustedKeys},
    token::Token,
};
use touchpoint_sim::random::Random;

/// The family.
pub(crate) const BENCHES: [Bench; 6] = [
    Bench {
        name: "sync.snapshot_vs_plain",
        what: "start of an empty device to visits served, beside loading the same sorted rows into plain SQLite",
        unit: "s",
        reach: Reach::MostTimes(3.0),
        run: |lab| {
            let fetched = lab.once(Fetched::measure);
            Reading::beside(&fetched.seconds, &fetched.plain)
        },
    },
    Bench {
        name: "sync.peak_rss_mb",
        what: "the agent's resident memory at its highest, start and snapshot included",
        unit: "MiB",
        reach: Reach::Most(64.0),
        run: |lab| Reading::of(&lab.once(Fetched::measure).peak),
    },
    Bench {
        name: "sync.idle_rss_mb",
        what: "the agent's resident memory once the snapshot is in place",
        unit: "MiB",
        reach: Reach::Most(32.0),
        run: |lab| Reading::of(&lab.once(Fetched::measure).idle),
    },
    Bench {
        name: "sync.bytes_per_customer",
        what: "all bytes on a new device's line, either way, by the customers it holds then",
        unit: "B",
        reach: Reach::Most(40.0),
        run: bytes_per_customer,
    },
    Bench {
        name: "sync.lookup_during_vs_idle",
        what: "99th percentile of a look-up while a snapshot is written beside, and while nothing is",
        unit: "us",
        reach: Reach::MostTimes(3.0),
        run: lookup,
    },
    Bench {
        name: "sync.deltas_per_s",
        what: "customers in signed deltas of 1,000, verified and applied; a tenth of all, in order of token, as an import gives",
        unit: "/s",
        reach: Reach::Least(100_000.0),
        run: deltas,
    },
];

/// How often a whole snapshot is fetched, and changes are applied.
const ROUNDS: usize = 5;

/// How long an agent is left alone before its idle memory is read: whatever follows on a snapshot is done by then.
const SETTLED: Duration = Duration::from_secs(3);

/// Parts in which a snapshot is written while customers are looked up: short, so that whatever else the machine does falls on both.
const PARTS: usize = 10;

/// Between two look-ups: far more often than customers come, and not so often that they are all there is to do.
const PACE: Duration = Duration::from_micros(500);

/// Look-ups in a round while nothing else happens: about as many as while a part is written.
const LOOKUPS: usize = 300;

/// One in so many customers changes.
const CHANGED: usize = 10;

/// A head office with every customer.
struct Office(Premises);

/// What came of fetching a snapshot, again and again.
struct Fetched {
    seconds: Samples,
    plain: Samples,
    peak: Samples,
    idle: Samples,
}

impl Office {
    fn new(lab: &Lab) -> Office {
        lab.says(format!("head office imports {} customers", lab.customers));
        let premises = Premises::new();
        premises.import(lab.customers);
        Office(premises)
    }
}

impl Fetched {
    fn measure(lab: &Lab) -> Fetched {
        let office = lab.once(Office::new);
        let Office(premises) = &*office;
        let rows = population::rows(lab.customers, &premises.keys().tokens);
        let _hub = premises.office.serve();
        let mut fetched = Fetched {
            seconds: Samples::default(),
            plain: Samples::default(),
            peak: Samples::default(),
            idle: Samples::default(),
        };
        for round in 1..=ROUNDS {
            lab.says(format!("snapshot {round} of {ROUNDS}"));
            premises.wipe();
            let began = Instant::now();
            let agent = premises.kiosk.start();
            reaches(&agent, "every customer", |status| status["line"]["customers"] == lab.customers);
            fetched.seconds.push(began.elapsed().as_secs_f64());
            sleep(SETTLED);
            fetched.idle.push(meter::memory_mib(agent.service.id(), meter::NOW));
            fetched.peak.push(meter::memory_mib(agent.service.id(), meter::PEAK));
            agent.service.terminate();

            lab.says(format!("plain SQLite {round} of {ROUNDS}"));
            let file = premises.path("plain.db");
            let began = Instant::now();
            yardstick::load(&file, &rows);
            fetched.plain.push(began.elapsed().as_secs_f64());
            fs::remove_file(&file).expect("the file");
        }
        fetched
    }
}

fn bytes_per_customer(lab: &Lab) -> Reading {
    let office = lab.once(Office::new);
    let Office(premises) = &*office;
    lab.says("a snapshot on a line that counts");
    let _hub = premises.office.serve();
    let endpoint = premises.broker.endpoint();
    let line = CountingLine::to(endpoint.trim_start_matches("mqtt://"));
    let counted = format!("mqtt://{}", line.address);
    premises.wipe();
    premises.kiosk.edit(endpoint, &counted);
    let agent = premises.kiosk.start();
    reaches(&agent, "every customer", |status| status["line"]["customers"] == lab.customers);
    let bytes = line.bytes() as f64;
    agent.service.terminate();
    premises.kiosk.edit(&counted, endpoint);
    Reading::of(&[bytes / f64::from(lab.customers)].into_iter().collect())
}

fn lookup(lab: &Lab) -> Reading {
    let (stocked, folder) = (lab.once(Stocked::new), TempDir::new().expect("a folder"));
    let cache = stocked.cache(&folder);
    let tokens: Vec<Token> = stocked.rows.iter().map(|(token, ..)| *token).collect();
    let (mut during, mut idle) = (Samples::default(), Samples::default());
    lab.runtime.block_on(async {
        cache.begin(&head(&stocked.premises, 2, &stocked.blocks)).await.expect("a beginning");
        let mut random = Random::new(3);
        let parts = stocked.blocks.chunks(stocked.blocks.len().div_ceil(PARTS));
        let mut next = 0;
        for (round, blocks) in (1..).zip(parts) {
            lab.says(format!("look-ups, round {round} of {PARTS}"));
            let undisturbed = look_up(&cache, &tokens, &mut random, |looked_up| looked_up < LOOKUPS).await;
            idle.push(undisturbed.percentile(99));
            let (first, blocks) = (next, blocks.to_vec());
            next += blocks.len() as u32;
            let written = AtomicBool::new(false);
            let writing = async {
                write(&cache, first, blocks).await;
                written.store(true, Ordering::Relaxed);
            };
            let looking = look_up(&cache, &tokens, &mut random, |_| !written.load(Ordering::Relaxed));
            let (disturbed, ()) = tokio::join!(looking, writing);
            during.push(disturbed.percentile(99));
        }
        cache.close().await.expect("a whole cache");
    });
    Reading::beside(&during, &idle)
}

/// Blocks into the cache from another task, as `follow` does it.
async fn write(cache: &Cache, first: u32, blocks: Vec<Block>) {
    let cache = cache.clone();
    let writing = tokio::spawn(async move {
        for (number, block) in (first..).zip(&blocks) {
            cache.stage(number, Rows::decompress(&block.bytes).expect("rows")).await.expect("room");
        }
    });
    writing.await.expect("written");
}

/// Looks customers up at a steady pace while there are more to come: how long each took, in microseconds.
async fn look_up(cache: &Cache, tokens: &[Token], random: &mut Random, more: impl Fn(usize) -> bool) -> Samples {
    let (mut times, mut count) = (Samples::default(), 0);
    while more(count) {
        let token = tokens[random.below(tokens.len() as u32) as usize];
        let began = Instant::now();
        cache.customer(vec![token]).await.expect("a look-up").expect("a customer");
        times.push(began.elapsed().as_secs_f64() * 1e6);
        count += 1;
        tokio::time::sleep(PACE).await;
    }
    times
}

fn deltas(lab: &Lab) -> Reading {
    let (stocked, folder) = (lab.once(Stocked::new), TempDir::new().expect("a folder"));
    let (cache, here) = (stocked.cache(&folder), stocked.premises.config().membership);
    let pkcs8 = SigningKey::generate().expect("a key");
    let key = SigningKey::from_pkcs8("ho-1".parse().expect("a name"), &pkcs8).expect("a key");
    let trusted = TrustedKeys::new(vec![key.public()]);
    let (mut rates, mut from) = (Samples::default(), 0);
    for round in 1..=ROUNDS {
        lab.says(format!("deltas, round {round} of {ROUNDS}"));
        let changed: Vec<_> = stocked.rows.iter().skip(round).step_by(CHANGED).cloned().collect();
        let documents: Vec<String> = (from..)
            .zip(changed.chunks(limits::DELTA))
            .map(|(from, rows)| {
                let rows: Vec<_> =
                    rows.iter().map(|(token, id, _)| (*token, *id, population::changed(round))).collect();
                let upserts = population::blocks(&rows).remove(0).bytes;
                let (tenant, shard) = (here.tenant.clone(), here.shard.clone());
                let delta = Delta { tenant, shard, epoch: 1, from, to: from + 1, upserts, erased: vec![] };
                signed::seal(&delta, &key).expect("a document")
            })
            .collect();
        from += documents.len() as u64;
        let began = Instant::now();
        lab.runtime.block_on(async {
            for document in &documents {
                let delta: Delta = signed::open(document.as_bytes(), &trusted).expect("a delta");
                let held = cache.held().await.expect("what is held");
                assert_eq!(plan_delta(&held, &delta, &here).expect("a plan"), DeltaPlan::Apply);
                assert!(cache.apply(delta).await.expect("room").is_some(), "it leads on");
            }
        });
        rates.push(changed.len() as f64 / began.elapsed().as_secs_f64());
    }
    lab.runtime.block_on(cache.close()).expect("a whole cache");
    Reading::of(&rates)
}
