//! Nothing is lost, whatever happens: rounds of visits under changing weather, in which agent, head office and broker are killed in
//! turn at any moment. After each, both sides hold the same rows, each once, and every file is whole.
//!
//! `TOUCHPOINT_SEED` repeats a script; `TOUCHPOINT_LONG=1` plays 500 rounds, some of which wait for the device to help itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    env, fmt,
    num::NonZeroU32,
    process::Command,
    sync::Arc,
    thread::{self, sleep},
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::timeout};
use touchpoint_protocol::{
    contact::Contact,
    contacts::Entry,
    customer::CustomerId,
    interaction::{Fact, Interaction},
};
use touchpoint_sim::{
    line::{Line, Weather},
    random::Random,
};
use touchpoint_tests::{
    books::{self, Books},
    crowd::Crowd,
    head_office::HeadOffice,
    kiosk::{Kiosk, RunningKiosk},
    mosquitto::{Mosquitto, free_port},
    patience::{PATIENCE, eventually, within},
    process::Service,
    workspace,
};

/// Rounds of an ordinary run, about a minute.
const ROUNDS: u32 = 25;

/// Rounds of a long run.
const LONG: u32 = 500;

/// How long the device may take to help itself when nobody resets its line: the 90 s in which a block may come, the 30 s after
/// which it asks or sends again, and some.
const SELF_HELP: Duration = Duration::from_secs(150);

/// Latest moment of a round at which its victim is killed, in milliseconds: most rounds are still under way by then.
const LATEST: u32 = 600;

/// How much both programs log: enough to tell how a round failed.
const LEVEL: &str = "debug";

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Agent,
    HeadOffice,
    Broker,
}

/// One thing that happens in a round.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A customer comes, gives the nth of the answers on the screen or none, and leaves.
    Visit { answer: Option<u32> },
    /// The line's weather turns.
    Turns(Weather),
    /// The line's connections are reset.
    Reset,
    /// Head office imports a table in which customers have changed.
    Import,
    /// Head office publishes its campaigns again.
    Publish,
    /// Nothing, for so many milliseconds.
    Pause(u32),
}

/// What happens in a round.
#[derive(Debug)]
struct Round {
    victim: Victim,
    killed_after_ms: u32,
    /// While the victim is killed.
    meanwhile: Vec<Step>,
    /// After it has been started again.
    afterwards: Vec<Step>,
    /// Whether the device has to notice by itself that head office or the broker lost what it was told.
    self_help: bool,
}

impl Round {
    fn drawn(number: u32, random: &mut Random, long: bool) -> Round {
        let victim = [Victim::Agent, Victim::HeadOffice, Victim::Broker][number as usize % 3];
        let mut steps = |most| (0..=random.below(most)).map(|_| Step::drawn(random)).collect();
        let (meanwhile, afterwards) = (steps(6), steps(3));
        let self_help = victim == Victim::Agent || (long && random.percent(10));
        Round { victim, killed_after_ms: random.below(LATEST), meanwhile, afterwards, self_help }
    }
}

impl Step {
    fn drawn(random: &mut Random) -> Step {
        match random.below(100) {
            0..50 => Step::Visit { answer: random.percent(70).then(|| random.below(3)) },
            50..75 => Step::Turns(weather(random)),
            75..80 => Step::Reset,
            80..87 => Step::Import,
            87..92 => Step::Publish,
            _ => Step::Pause(random.below(200)),
        }
    }
}

fn weather(random: &mut Random) -> Weather {
    let mut millis = |most| Duration::from_millis(random.below(most).into());
    let (delay, jitter) = (millis(60), millis(40));
    match random.below(4) {
        0 => Weather::Fair,
        1 => Weather::Slow { delay, jitter, rate: NonZeroU32::new(20_000 + random.below(500_000)).unwrap() },
        2 => Weather::HalfOpen,
        _ => Weather::Cut,
    }
}

/// What a visit left behind, by what the agent said of it afterwards: how its showing ended, if there was one.
type Ledger = BTreeMap<String, Option<Value>>;

/// Head office, broker, line and kiosk, each of them as it runs.
struct World {
    random: Random,
    crowd: Crowd,
    ledger: Ledger,
    /// Epoch and revision.
    customers: [u64; 2],
    revision: u64,
    runtime: Runtime,
    line: Line,
    kiosk: Kiosk,
    agent: Option<RunningKiosk>,
    hub: Option<Service>,
    office: HeadOffice,
    broker: Option<Mosquitto>,
    port: u16,
    _folder: TempDir,
}

impl World {
    fn founded(mut random: Random) -> World {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let broker = Mosquitto::plain_at(port);
        let office = HeadOffice::found(&folder.path().join("office"), broker.endpoint());
        let crowd = Crowd::new(&mut random);
        office.import(&crowd.rows());
        office.publish(&workspace::demo_campaigns());
        let (runtime, kiosk) = (Runtime::new().unwrap(), office.kiosk());
        let line = runtime.block_on(Line::lay(([127, 0, 0, 1], port).into(), Arc::new(()))).unwrap();
        kiosk.edit(broker.endpoint(), &format!("mqtt://{}", line.address()));
        let (hub, agent) = (Some(serve(&office)), Some(kiosk.start_logging(LEVEL)));
        let (ledger, broker, _folder) = (Ledger::new(), Some(broker), folder);
        let (customers, revision) = ([1, 0], 1);
        World {
            random,
            crowd,
            ledger,
            customers,
            revision,
            runtime,
            line,
            kiosk,
            agent,
            hub,
            office,
            broker,
            port,
            _folder,
        }
    }

    /// Plays a round: how much was recorded when both sides agreed after it.
    fn play(&mut self, round: &Round) -> u64 {
        let heard = self.connections_of_head_office();
        let victim = match round.victim {
            Victim::Agent => self.agent.as_ref().unwrap().service.id(),
            Victim::HeadOffice => self.hub.as_ref().unwrap().id(),
            Victim::Broker => self.broker.as_ref().unwrap().id(),
        };
        // Not waited for before this thread is joined, so that the number stays the victim's.
        let moment = Duration::from_millis(round.killed_after_ms.into());
        let killed = thread::spawn(move || {
            sleep(moment);
            assert!(Command::new("kill").args(["-KILL", &victim.to_string()]).status().unwrap().success());
        });
        round.meanwhile.iter().for_each(|step| self.take(*step));
        killed.join().unwrap();
        match round.victim {
            Victim::Agent => {
                drop(self.agent.take());
                self.agent = Some(self.kiosk.start_logging(LEVEL));
            }
            Victim::HeadOffice => {
                drop(self.hub.take());
                self.hub = Some(serve(&self.office));
            }
            Victim::Broker => {
                drop(self.broker.take());
                self.broker = Some(Mosquitto::plain_at(self.port));
            }
        }
        round.afterwards.iter().for_each(|step| self.take(*step));

        self.obeyed(self.line.restore());
        if round.victim == Victim::Broker {
            eventually("head office on the line", || match self.connections_of_head_office() {
                now if now > heard => Ok(()),
                now => Err(format!("{now} connections")),
            });
        }
        if !round.self_help {
            self.obeyed(self.line.reset());
        }
        self.settles(if round.self_help { SELF_HELP } else { PATIENCE })
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Visit { answer } => self.visit(answer),
            Step::Turns(weather) => self.obeyed(self.line.turns(weather)),
            Step::Reset => self.obeyed(self.line.reset()),
            Step::Import => {
                self.crowd.changes(&mut self.random);
                let imported = self.office.import(&self.crowd.rows());
                self.customers = ["epoch", "revision"].map(|key| imported[key].as_u64().unwrap());
            }
            Step::Publish => {
                self.revision += 1;
                assert_eq!(self.office.publish(&workspace::demo_campaigns())["revision"], self.revision);
            }
            Step::Pause(millis) => sleep(Duration::from_millis(millis.into())),
        }
    }

    /// Waits for what the line was told. One that does not obey ends this test, and not the patience of whoever waits for it.
    fn obeyed(&self, order: impl Future<Output = ()>) {
        self.runtime.block_on(async { timeout(PATIENCE, order).await }).expect("a line that obeys");
    }

    /// A visit, as far as the agent lives. What it says of it once the next customer is invited, it must keep for ever.
    fn visit(&mut self, answer: Option<u32>) {
        let number = self.crowd.anybody(&mut self.random);
        let api = &self.agent.as_ref().unwrap().api;
        let recorded = |status: &Value| status["journal"]["recorded"].as_u64().unwrap();
        let Some(before) = api.try_get("/v1/status").map(|status| recorded(&status.json(200))) else { return };
        let arrives = json!({ "loyalty_number": number, "seconds_left": 25 }).to_string();
        let Some(decided) = api.try_post("/v1/visits", arrives) else { return };
        let decided = decided.json(201);
        let answers = decided["answers"].as_array().unwrap();
        if let Some(nth) = answer.filter(|_| !answers.is_empty()) {
            let answers = json!({ "answer": answers[nth as usize % answers.len()] }).to_string();
            let Some(heard) = api.try_post("/v1/visit/answer", answers) else { return };
            assert_eq!(heard.status, 202, "{heard:?}");
        }
        if api.try_delete("/v1/visit").is_none() {
            return;
        }
        // Whoever asks is answered before the answer is written down. A showing is two facts, anything else is one.
        let whole = |status: &Value| {
            let facts = if status["visits"]["visit"]["shown"] == true { 2 } else { 1 };
            status["visits"]["phase"] == "attract" && recorded(status) >= before + facts
        };
        let told = eventually("the invitation", || match api.try_get("/v1/status").map(|status| status.json(200)) {
            None => Ok(None),
            Some(status) if whole(&status) => Ok(Some(status["visits"]["visit"].clone())),
            Some(status) => Err(status.to_string()),
        });
        let Some(told) = told else { return };
        assert_eq!(told["visit"], decided["visit"]);
        // A stranger's welcome has nothing to answer.
        let answerable = told["answers"].as_array().is_some_and(|answers| !answers.is_empty());
        if answer.is_some() && answerable && told["shown"] == true {
            assert!(told["ending"]["answered"].is_string(), "an answer was acknowledged: {told}");
        }
        let ending = (told["shown"] == true).then(|| told["ending"].clone());
        self.ledger.insert(told["visit"].as_str().unwrap().to_owned(), ending);
    }

    /// Waits until head office has everything, and the device everything of head office: how much was recorded by then.
    fn settles(&self, patience: Duration) -> u64 {
        let agent = self.agent.as_ref().unwrap();
        let what = format!("both sides to agree on {:?} and {}", self.customers, self.revision);
        let status = within(patience, &what, || {
            let status = agent.api.status();
            let line = &status["line"];
            let held = [&line["epoch"], &line["revision"]] == self.customers && line["campaigns"] == self.revision;
            if !held || status["journal"]["waiting"] != 0 {
                return Err(status.to_string());
            }
            let log = self.runtime.block_on(books::log(&self.office));
            let end = log.last().map_or(0, |(position, _)| *position);
            if line["contacts"] == end { Ok(status) } else { Err(format!("contacts up to {end}: {status}")) }
        });
        let lost = [&status["visits"]["unrecorded"], &status["visits"]["unpresented"]];
        assert_eq!(lost, [&json!(0); 2], "{status}");
        status["journal"]["recorded"].as_u64().unwrap()
    }

    /// Stops the agent, one way or the other, and compares what both sides hold, row for row. That customers are erased may be recorded
    /// after both sides agreed on so many rows, and is then delivered the next time.
    fn compare(&mut self, recorded: u64, kills: bool) -> usize {
        let agent = self.agent.take().unwrap();
        if kills {
            agent.service.kill();
        } else {
            let stopped = agent.service.terminate();
            assert_eq!(stopped.status.code(), Some(0), "{}", stopped.stderr);
        }
        let World { runtime, kiosk, office, crowd, ledger, .. } = self;
        let count = runtime.block_on(async {
            let books = Books::of(kiosk).await;
            assert!(books.confirmed >= recorded, "{} confirmed of {recorded}", books.confirmed);
            let there = books::received(office, &books.journal).await;
            assert!((1..).zip(&there).all(|(at, interaction)| interaction.sequence == at), "head office has a gap");
            assert!(there.len() as u64 >= recorded, "head office has {} of {recorded}", there.len());
            check_journal(&books.interactions, &there);
            check_ledger(ledger, &there);
            check_contacts(&books, &books::log(office).await).await;
            crowd.check(&books).await;
            let count = there.len();
            books.close().await;
            count
        });
        self.agent = Some(self.kiosk.start_logging(LEVEL));
        count
    }

    fn connections_of_head_office(&self) -> usize {
        self.hub.as_ref().unwrap().stderr().matches("\"message\":\"connected\"").count()
    }

    /// Everything stops, and head office's file and report are looked at.
    fn ends(mut self) {
        for service in [self.agent.take().unwrap().service, self.hub.take().unwrap()] {
            let stopped = service.terminate();
            assert_eq!(stopped.status.code(), Some(0), "{}", stopped.stderr);
        }
        self.runtime.block_on(books::check_office(&self.office));
        let report = self.office.report();
        let [journal] = &report["journals"].as_array().unwrap()[..] else { panic!("{report:#}") };
        let wrong = [&report["duplicates"], &report["missing"], &journal["contradicted"]];
        assert_eq!(wrong, [&json!(0); 3], "{report:#}");
        assert_eq!(report["refusals"], json!([]));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            let services = [self.agent.as_ref().map(|agent| &agent.service), self.hub.as_ref()];
            for service in services.into_iter().flatten() {
                let (said, most) = (service.stderr(), 40);
                let last = said.lines().skip(said.lines().count().saturating_sub(most));
                eprintln!("{service:?}:\n{}", last.collect::<Vec<_>>().join("\n"));
            }
        }
    }
}

/// Head office, once it is on the line.
fn serve(office: &HeadOffice) -> Service {
    let mut service = Service::start(office.command("serve").env("RUST_LOG", LEVEL));
    service.says("connected");
    service
}

/// Both sides say the same, but of whom head office has erased: it has forgotten who that was, and the device has nothing any more.
fn check_journal(here: &[Interaction], there: &[Interaction]) {
    let mut kept = here.iter().peekable();
    for received in there {
        match kept.next_if(|kept| kept.sequence == received.sequence) {
            Some(kept) if received.customer.is_none() => {
                assert_eq!(&Interaction { customer: None, ..kept.clone() }, received, "journal and head office differ");
            }
            Some(kept) => assert_eq!(kept, received, "journal and head office differ"),
            None => assert_eq!(received.customer, None, "the journal has a gap: {received:?}"),
        }
    }
    assert!(kept.all(|kept| matches!(kept.fact, Fact::Erased { .. })), "the journal has more than head office");
}

/// The device knows of every customer what head office's log says, and no more.
async fn check_contacts(books: &Books, log: &[(u64, Entry)]) {
    let mut said = BTreeMap::<CustomerId, Vec<Contact>>::new();
    for (_, entry) in log {
        match entry {
            Entry::Contact(contact) => said.entry(contact.customer).or_default().push(contact.clone()),
            Entry::Erased(customer) => drop(said.insert(*customer, Vec::new())),
        }
    }
    for (customer, mut said) in said {
        let mut known = books.contacts(customer);
        [&mut said, &mut known].into_iter().for_each(|contacts| contacts.sort_by_key(|contact| contact.id.clone()));
        assert_eq!(known, said, "contacts of {customer:?}");
    }
}

/// Every visit that the agent said was over stands in the journal as it said, once.
fn check_ledger(ledger: &Ledger, journal: &[Interaction]) {
    let mut visits = BTreeMap::<&str, Vec<&Fact>>::new();
    for interaction in journal {
        let facts = visits.entry(interaction.visit.as_str()).or_default();
        // Who was held out of what is known to the journal alone.
        if !matches!(interaction.fact, Fact::HeldOut { .. }) {
            facts.push(&interaction.fact);
        }
    }
    for (visit, told) in ledger {
        match (told, visits.get(visit.as_str()).map_or(&[][..], Vec::as_slice)) {
            (None, [Fact::NotShown { .. }]) => {}
            (Some(told), [Fact::Shown { .. }, Fact::Ended { ending, .. }]) => {
                assert_eq!(serde_json::to_value(ending).unwrap(), *told, "visit {visit}");
            }
            (told, kept) => panic!("visit {visit} ended with {told:?}, and the journal has {kept:?}"),
        }
    }
}

/// What to repeat, if this round fails.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "World({} visits, customers {:?}, revision {})", self.ledger.len(), self.customers, self.revision)
    }
}

#[test]
fn whatever_happens_both_sides_hold_the_same_rows_once_each() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = match env::var("TOUCHPOINT_SEED") {
        Ok(seed) => seed.parse().expect("TOUCHPOINT_SEED is a number"),
        Err(_) => now.as_micros() as u64,
    };
    let long = env::var("TOUCHPOINT_LONG").is_ok_and(|long| long == "1");
    let rounds = if long { LONG } else { ROUNDS };
    eprintln!("TOUCHPOINT_SEED={seed}, {rounds} rounds");

    let (mut random, began) = (Random::new(seed), Instant::now());
    let mut world = World::founded(Random::new(random.draw()));
    world.settles(PATIENCE);
    let mut rows = 0;
    for number in 1..=rounds {
        let round = Round::drawn(number, &mut random, long);
        let _told = Told(format!("TOUCHPOINT_SEED={seed}, round {number}: {round:#?}"));
        let recorded = world.play(&round);
        rows = world.compare(recorded, number % 2 == 0);
    }
    let kills = rounds + rounds / 2;
    eprintln!("{rounds} rounds in {:.0?}: {kills} kills, {rows} interactions, {world:?}", began.elapsed());
    world.ends();
}
