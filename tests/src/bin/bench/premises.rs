//! A head office, a broker and a device, real programs in a folder that goes with them; and a device that has everything.

use crate::{
    lab::Lab,
    population::{self, Kept},
};
use serde_json::Value;
use std::{fs, path::PathBuf, time::Duration};
use tempfile::TempDir;
use touchpoint_agent::{
    cache::Cache,
    config::Config,
    journal::{Entry, Journal},
    keys::Keys,
};
use touchpoint_protocol::{
    block::{Block, Rows},
    campaign::AnswerKind,
    customer::CustomerId,
    digest::Digest,
    interaction::{ClockQuality, Ending, Fact, Moment, Reason, Trigger},
    shard::{BlockRef, ShardHead},
    utc::Utc,
};
use touchpoint_sim::random::Random;
use touchpoint_tests::{
    head_office::{HEADER, HeadOffice},
    kiosk::{Kiosk, RunningKiosk},
    mosquitto::Mosquitto,
    patience::within,
    process::Service,
};

/// How long the longest step may take: far longer than it does, and short enough not to hang for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// Everything in a folder.
pub(crate) struct Premises {
    /// Head office, which does not serve yet.
    pub(crate) office: HeadOffice,
    /// The device, which does not run yet.
    pub(crate) kiosk: Kiosk,
    /// The broker.
    pub(crate) broker: Mosquitto,
    folder: TempDir,
}

/// A device that holds every customer, and another file with every interaction waiting, both closed.
pub(crate) struct Stocked {
    /// Whose files they are.
    pub(crate) premises: Premises,
    /// What its cache holds.
    pub(crate) rows: Vec<Kept>,
    /// The same, as it travels.
    pub(crate) blocks: Vec<Block>,
}

impl Premises {
    /// With the demo's campaigns, and nobody.
    pub(crate) fn new() -> Premises {
        let (folder, broker) = (TempDir::new().expect("a folder"), Mosquitto::plain());
        let office = HeadOffice::found(&folder.path().join("office"), broker.endpoint());
        let kiosk = office.kiosk();
        Premises { office, kiosk, broker, folder }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Imports so many customers; what head office says of it.
    pub(crate) fn import(&self, customers: u32) -> Value {
        let file = self.path("customers.csv");
        fs::write(&file, format!("{HEADER}{}", population::table(customers))).expect("a file");
        let finished = Service::start(self.office.command("import").arg("--json").arg(&file)).ended(PATIENCE);
        assert!(finished.status.success(), "{}", finished.stderr);
        serde_json::from_str(&finished.stdout).expect("json")
    }

    /// The device's keys.
    pub(crate) fn keys(&self) -> Keys {
        let config = self.config();
        Keys::load(&config.keys, &config.databases()).expect("keys")
    }

    /// The device's settings.
    pub(crate) fn config(&self) -> Config {
        Config::read(&self.kiosk.folder.join("agent.toml")).expect("settings")
    }

    /// The device holds every customer, and nothing else. Returns them, and as they travel.
    pub(crate) fn stock(&self, lab: &Lab) -> (Vec<Kept>, Vec<Block>) {
        self.wipe();
        let (keys, [cache, _]) = (self.keys(), self.config().databases());
        let rows = population::rows(lab.customers, &keys.tokens);
        let blocks = population::blocks(&rows);
        lab.runtime.block_on(async {
            let cache = Cache::open(&cache, &keys.master.derive("cache")).expect("a cache");
            let head = head(self, 1, &blocks);
            stage(&cache, &head, &blocks).await;
            cache.swap(&head).await.expect("a swap");
            cache.close().await.expect("a whole cache");
        });
        (rows, blocks)
    }

    /// The device forgets all it holds.
    pub(crate) fn wipe(&self) {
        let state = self.kiosk.databases();
        if state.exists() {
            fs::remove_dir_all(&state).expect("its folder");
        }
        fs::create_dir(&state).expect("a folder");
    }
}

impl Stocked {
    /// Makes one; its files are where its agent looks for them.
    pub(crate) fn new(lab: &Lab) -> Stocked {
        lab.says("a device that holds everything");
        let premises = Premises::new();
        let (rows, blocks) = premises.stock(lab);
        let (keys, [_, journal]) = (premises.keys(), premises.config().databases());
        lab.runtime.block_on(async {
            let journal = Journal::open(&journal, &keys.master.derive("journal")).await.expect("a journal");
            let mut random = Random::new(2);
            for at in 0..lab.waiting {
                if at % 1_000 == 0 {
                    lab.says(format!("{at} interactions recorded"));
                }
                journal.record(entry(at, lab.customers, &mut random)).await.expect("room");
            }
            journal.close().await.expect("a whole journal");
        });
        Stocked { premises, rows, blocks }
    }

    /// A copy of its cache in another folder.
    pub(crate) fn cache(&self, folder: &TempDir) -> Cache {
        let [cache, _] = self.premises.config().databases();
        let copy = folder.path().join("cache.db");
        fs::copy(cache, &copy).expect("a copy");
        Cache::open(&copy, &self.premises.keys().master.derive("cache")).expect("a cache")
    }
}

/// Waits until a device's status is as wished.
pub(crate) fn reaches(agent: &RunningKiosk, what: &str, wished: impl Fn(&Value) -> bool) {
    within(PATIENCE, what, || {
        let status = agent.api.status();
        if wished(&status) { Ok(()) } else { Err(status.to_string()) }
    });
}

/// Fetches blocks into a cache, as `follow` does.
pub(crate) async fn stage(cache: &Cache, head: &ShardHead, blocks: &[Block]) {
    cache.begin(head).await.expect("a beginning");
    for (number, block) in (0..).zip(blocks) {
        cache.stage(number, Rows::decompress(&block.bytes).expect("rows")).await.expect("room");
    }
}

/// One interaction of a day on which most customers were shown something; the line was down.
pub(crate) fn entry(at: u32, customers: u32, random: &mut Random) -> Entry {
    let campaign = || "family-insurance".parse().expect("a campaign");
    let fact = match at % 4 {
        0 | 2 => Fact::Shown {
            campaign: campaign(),
            variant: None,
            language: "en".parse().expect("a language"),
            segment: None,
            trigger: Trigger::Arrival,
        },
        1 => Fact::Ended {
            campaign: campaign(),
            variant: None,
            ending: Ending::Answered(AnswerKind::Accept),
            dwell_ms: 8_000,
        },
        _ => Fact::NotShown { reason: Reason::Capped, campaign: Some(campaign()), trigger: Trigger::Arrival },
    };
    let customer = CustomerId::try_from(i64::from(random.below(customers)) + 1).expect("a number");
    Entry {
        visit: format!("{:032x}", at / 2).parse().expect("a visit"),
        at: Moment {
            utc: Utc::from_millis(1_790_000_000_000 + i64::from(at) * 500),
            boot: "0d7be0a5-4c2d-4b7f-9d0e-6e3f6d2b9a11".parse().expect("a boot"),
            since_boot_ms: u64::from(at) * 500,
            clock: ClockQuality::Synchronised,
        },
        customer: Some(customer),
        backfill: true,
        fact,
    }
}

/// What head office would sign for these blocks.
/// The head of a snapshot of these blocks.
pub(crate) fn head(premises: &Premises, epoch: u64, blocks: &[Block]) -> ShardHead {
    let here = premises.config().membership;
    let block = |block: &Block| BlockRef { sha256: Digest::of(&block.bytes), rows: block.rows };
    ShardHead {
        tenant: here.tenant,
        shard: here.shard,
        epoch,
        revision: 0,
        token_key: "t1".parse().expect("a key's name"),
        rows: blocks.iter().map(|block| u64::from(block.rows)).sum(),
        blocks: blocks.iter().map(block).collect(),
    }
}
