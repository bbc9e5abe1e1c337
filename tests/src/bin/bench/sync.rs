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
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::oneshot::{self, error::TryRecvError};
use touchpoint_agent::{
    cache::Cache,
    domain::update::{DeltaPlan, plan_delta},
};
use touchpoint_protocol::{
    block::{Block, Rows},
    delta::Delta,
    limits,
    shard::ShardHead,
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

/// How often look-ups are summed up; in each round while a snapshot is written beside as often as while nothing is.
const LOOKUP_ROUNDS: usize = 10;

/// How often the two take turns in a round: short ones, so that whatever else the machine does falls on both.
const TURNS: usize = 10;

/// Between two look-ups: far more often than customers come, and not so often that they are all there is to do.
const PACE: Duration = Duration::from_micros(500);

/// Look-ups in a turn: with all turns of a round, a thousand that a 99th percentile is told from.
const LOOKUPS: usize = 100;

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
        let (mut random, mut snapshot) = (Random::new(3), Snapshot::begin(&cache, &stocked).await);
        for round in 1..=LOOKUP_ROUNDS {
            lab.says(format!("look-ups, round {round} of {LOOKUP_ROUNDS}"));
            let (mut disturbed, mut undisturbed) = (Samples::default(), Samples::default());
            for _ in 0..TURNS {
                look_up(&cache, &tokens, &mut random, &mut undisturbed).await;
                snapshot = snapshot.written_while(look_up(&cache, &tokens, &mut random, &mut disturbed)).await;
            }
            during.push(disturbed.percentile(99));
            idle.push(undisturbed.percentile(99));
        }
        cache.close().await.expect("a whole cache");
    });
    Reading::beside(&during, &idle)
}

/// A snapshot that is fetched again and again, and never put in place.
struct Snapshot {
    cache: Cache,
    head: ShardHead,
    blocks: Arc<[Block]>,
    next: usize,
}

impl Snapshot {
    async fn begin(cache: &Cache, stocked: &Stocked) -> Snapshot {
        let head = head(&stocked.premises, 2, &stocked.blocks);
        cache.begin(&head).await.expect("a beginning");
        Snapshot { cache: cache.clone(), head, blocks: stocked.blocks.clone().into(), next: 0 }
    }

    /// Writes block after block in another task, as `follow` does it, until this is over.
    async fn written_while(self, over: impl Future<Output = ()>) -> Snapshot {
        let (stop, stopped) = oneshot::channel();
        let writing = tokio::spawn(self.written_until(stopped));
        over.await;
        stop.send(()).expect("somebody writes");
        writing.await.expect("written")
    }

    async fn written_until(mut self, mut stopped: oneshot::Receiver<()>) -> Snapshot {
        while stopped.try_recv() == Err(TryRecvError::Empty) {
            if self.next == self.blocks.len() {
                self.cache.begin(&self.head).await.expect("a beginning");
                self.next = 0;
            }
            let rows = Rows::decompress(&self.blocks[self.next].bytes).expect("rows");
            self.cache.stage(self.next as u32, rows).await.expect("room");
            self.next += 1;
        }
        self
    }
}

/// Looks customers up at a steady pace for a turn; adds how long each took, in microseconds.
async fn look_up(cache: &Cache, tokens: &[Token], random: &mut Random, times: &mut Samples) {
    for _ in 0..LOOKUPS {
        let token = tokens[random.below(tokens.len() as u32) as usize];
        let began = Instant::now();
        cache.customer(&[token]).expect("a look-up").expect("a customer");
        times.push(began.elapsed().as_secs_f64() * 1e6);
        tokio::time::sleep(PACE).await;
    }
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
