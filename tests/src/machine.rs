//! An agent in this process: its real files and loops, behind a simulated clock and glass, with no line.

use crate::{
    head_office::{ANNA, BEN, CHLOE},
    workspace,
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, LocalSet, spawn_local},
    time::timeout,
};
use touchpoint_agent::{
    cache::{Cache, StoredCampaigns},
    config::Config,
    device::{Device, DeviceError},
    domain::{moment::VisitAttributes, update::Membership},
    identify::{Arrival, Busy, EVENTS, Event},
    journal::Journal,
    keys::Keys,
    status::{VisitLoop, VisitStatus},
};
use touchpoint_display::{Answering, Frame, Panel, PanelError, Point, Rectangle, Screen, Size, Theme};
use touchpoint_protocol::{
    block::{Block, Packer, Row, Rows},
    bundle::Bundle,
    card::Card,
    consent::Status,
    customer::{CustomerId, Profile},
    digest::Digest,
    interaction::{Fact, Interaction, Trigger},
    shard::{BlockRef, ShardHead},
    token::{Token, TokenKeys},
};
use touchpoint_sim::{clock::SimulatedClock, screen::Glass};

/// How long one step of a visit may take; it takes milliseconds.
const STEP: Duration = Duration::from_secs(10);

/// A machine whose device holds three customers and the demo's campaigns.
pub struct Machine {
    /// Its clock, which moves only when told.
    pub clock: Arc<SimulatedClock>,
    /// What a customer sees.
    pub glass: Glass,
    /// What the visit loop says of itself.
    pub visits: watch::Receiver<VisitLoop>,
    fuse: Arc<AtomicBool>,
    journal: Journal,
    /// While it is switched on.
    power: Option<Power>,
    config: Config,
    answering: Answering,
    panel: MakePanel,
    _folder: TempDir,
}

/// An agent that runs.
struct Power {
    visits: watch::Receiver<VisitLoop>,
    journal: Journal,
    events: mpsc::Sender<Event>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), DeviceError>>,
}

/// Makes a panel of the glass, and of where the machine's events go.
type MakePanel = Box<dyn Fn(&Glass, mpsc::Sender<Event>) -> Box<dyn Panel>>;

/// A panel that fails when its fuse has blown.
struct Fused {
    panel: Box<dyn Panel>,
    blown: Arc<AtomicBool>,
}

impl Machine {
    /// Switches a new one on, tries something out with it, and switches it off.
    ///
    /// On one thread: the agent gets on whenever the test waits, and the test sees it only at rest.
    pub fn try_out(test: impl AsyncFnOnce(&mut Machine)) {
        Machine::try_out_with(|_| {}, test);
    }

    /// The same, with a glass on which customers answer like this.
    pub fn try_out_answering(answering: Answering, test: impl AsyncFnOnce(&mut Machine)) {
        Machine::run(|_| {}, answering, |glass, _| glass.panel(), test);
    }

    /// The same, with the demo's campaigns changed.
    pub fn try_out_with(change: impl FnOnce(&mut Bundle), test: impl AsyncFnOnce(&mut Machine)) {
        Machine::run(change, Answering::Touch, |glass, _| glass.panel(), test);
    }

    /// The same, with a panel of the test's own making: of the glass, and of where the machine's events go.
    pub fn try_out_on(
        panel: impl Fn(&Glass, mpsc::Sender<Event>) -> Box<dyn Panel> + 'static,
        test: impl AsyncFnOnce(&mut Machine),
    ) {
        Machine::run(|_| {}, Answering::Touch, panel, test);
    }

    fn run(
        change: impl FnOnce(&mut Bundle),
        answering: Answering,
        panel: impl Fn(&Glass, mpsc::Sender<Event>) -> Box<dyn Panel> + 'static,
        test: impl AsyncFnOnce(&mut Machine),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let mut machine = Machine::start(change, answering, Box::new(panel)).await;
            test(&mut machine).await;
            machine.switch_off().await;
        });
    }

    async fn start(change: impl FnOnce(&mut Bundle), answering: Answering, panel: MakePanel) -> Machine {
        let folder = TempDir::new().unwrap();
        let nowhere = "mqtt://127.0.0.1:1".parse().unwrap();
        let office = touchpoint_hub::init(&folder.path().join("office"), &"acme".parse().unwrap(), &nowhere).unwrap();
        let (all, shard) = ("all".parse().unwrap(), "all".parse().unwrap());
        let kiosk = folder.path().join("kiosk");
        office.enrol(&"kiosk-1".parse().unwrap(), &all, &shard, &kiosk).await.unwrap();
        office.close().await.unwrap();

        let config = Config::read(&kiosk.join("agent.toml")).unwrap();
        let Keys { master, tokens, .. } = Keys::load(&config.keys, &config.databases()).unwrap();
        std::fs::create_dir(&config.folder).unwrap();
        let [path, _] = config.databases();
        let cache = Cache::open(&path, &master.derive("cache")).unwrap();
        fill(&cache, &tokens, &config.membership, change).await;
        cache.close().await.unwrap();

        let (glass, clock) = (Glass::new(config.screen), Arc::new(SimulatedClock::new()));
        let fuse = Arc::new(AtomicBool::new(false));
        let power = switch_on(&config, &answering, &panel, &glass, &clock, &fuse).await;
        let (visits, journal, power) = (power.visits.clone(), power.journal.clone(), Some(power));
        let machine = Machine { clock, glass, visits, fuse, journal, power, config, answering, panel, _folder: folder };
        machine.settles().await;
        machine
    }

    /// The agent is stopped and started again.
    pub async fn restarts(&mut self) {
        self.switch_off().await;
        let power = switch_on(&self.config, &self.answering, &self.panel, &self.glass, &self.clock, &self.fuse).await;
        (self.visits, self.journal) = (power.visits.clone(), power.journal.clone());
        self.power = Some(power);
        self.settles().await;
    }

    /// A customer comes with this card number, and waits for so long: what was decided.
    pub async fn arrives(&self, number: &str, seconds: u32) -> Result<VisitStatus, Busy> {
        self.arrives_for(number, seconds, VisitAttributes::default()).await
    }

    /// The same, and nobody says how long they will wait.
    pub async fn arrives_unhurried(&self, number: &str) -> Result<VisitStatus, Busy> {
        self.comes(number, None, VisitAttributes::default()).await
    }

    /// The same, and more is said of the visit.
    pub async fn arrives_for(
        &self,
        number: &str,
        seconds: u32,
        attributes: VisitAttributes,
    ) -> Result<VisitStatus, Busy> {
        self.comes(number, Some(seconds), attributes).await
    }

    async fn comes(
        &self,
        number: &str,
        seconds: Option<u32>,
        attributes: VisitAttributes,
    ) -> Result<VisitStatus, Busy> {
        let decision = self.enters(number, seconds, attributes).await;
        let decision = timeout(STEP, decision).await.expect("a decision in time").expect("a decision");
        self.settles().await;
        decision.map(|status| *status)
    }

    /// A customer comes with this card number: whether nobody decides anything for them.
    pub async fn is_turned_away(&self, number: &str) -> bool {
        let decision = self.enters(number, None, VisitAttributes::default()).await;
        timeout(STEP, decision).await.expect("an end in time").is_err()
    }

    async fn enters(
        &self,
        number: &str,
        seconds: Option<u32>,
        attributes: VisitAttributes,
    ) -> oneshot::Receiver<Result<Box<VisitStatus>, Busy>> {
        let card = Card::payment(number).unwrap();
        let (decided, decision) = oneshot::channel();
        let arrival = Arrival { card, seconds, attributes, received: Instant::now(), decided };
        self.happens(Event::Arrived(arrival)).await;
        decision
    }

    /// Something happens, and the agent has done what follows from it.
    pub async fn happens(&self, event: Event) {
        self.power().events.send_timeout(event, STEP).await.expect("the agent takes events");
        // A decision is waited for by whoever arrives; everything else is done when the next event has been.
        self.settles().await;
    }

    /// Time passes, and the agent has done what follows from it.
    pub async fn passes(&self, time: Duration) {
        self.clock.advance(time);
        self.settles().await;
    }

    /// The panel fails from now on, or works again.
    pub fn panel_fails(&self, fails: bool) {
        self.fuse.store(fails, Ordering::Relaxed);
    }

    /// What was recorded, each in a line.
    pub async fn recorded(&self) -> Vec<String> {
        let interactions = self.journal.after(0, 1000).await.unwrap();
        for (at, interaction) in (1..).zip(&interactions) {
            assert_eq!(interaction.sequence, at, "the journal has no gap");
        }
        interactions.iter().map(line).collect()
    }

    /// Whether nothing at all stands on the glass.
    pub fn is_blank(&self) -> bool {
        let display = self.glass.display();
        let first = display.get_pixel(Point::zero());
        let row = |y| (0..1024).map(move |x| Point::new(x, y));
        (0..768).flat_map(row).all(|point| display.get_pixel(point) == first)
    }

    fn power(&self) -> &Power {
        self.power.as_ref().expect("it is on")
    }

    async fn switch_off(&mut self) {
        let Power { stop, running, .. } = self.power.take().expect("it is on");
        drop(stop);
        timeout(STEP, running).await.expect("it stops in time").unwrap().unwrap();
        assert_eq!(self.visits.borrow().unrecorded, 0);
    }

    /// Waits until the agent has nothing left to do: until three questions in turn have been answered. The first stands behind
    /// what was sent before; whatever woke the agent beside it is done before the next, which it takes only when it waits again.
    async fn settles(&self) {
        for _ in 0..3 {
            let (reply, picture) = oneshot::channel();
            self.power().events.send_timeout(Event::Picture(reply), STEP).await.expect("the agent takes events");
            let _: Frame = timeout(STEP, picture).await.expect("a picture in time").expect("a picture");
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Machine({:?})", self.glass)
    }
}

impl Panel for Fused {
    fn size(&self) -> Size {
        self.panel.size()
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        match self.blown.load(Ordering::Relaxed) {
            true => {
                Err(PanelError::Device { name: "simulated".to_owned(), source: std::io::Error::other("blown fuse") })
            }
            false => self.panel.present(frame, damage),
        }
    }

    fn prepare(&mut self, frame: &Frame) -> bool {
        self.panel.prepare(frame)
    }
}

/// A fact as a person reads it; what called for it, if that was not the arrival.
fn line(interaction: &Interaction) -> String {
    let fact = fact(&interaction.fact);
    match &interaction.fact {
        Fact::NotShown { trigger, .. } | Fact::HeldOut { trigger, .. } | Fact::Shown { trigger, .. }
            if *trigger != Trigger::Arrival =>
        {
            format!("{fact} ({trigger:?})")
        }
        _ => fact,
    }
}

fn fact(fact: &Fact) -> String {
    match fact {
        Fact::NotShown { reason, campaign: Some(campaign), .. } => format!("not shown: {campaign}, {reason}"),
        Fact::NotShown { reason, campaign: None, .. } => format!("not shown: {reason}"),
        Fact::HeldOut { campaign, .. } => format!("held out: {campaign}"),
        Fact::Shown { campaign, language, .. } => format!("shown: {campaign} in {language}"),
        Fact::Ended { campaign, ending, dwell_ms, .. } => format!("ended: {campaign}, {ending} after {dwell_ms} ms"),
        Fact::Discarded { through } => format!("discarded: through {through}"),
        Fact::Erased { through_position } => format!("erased: through position {through_position}"),
    }
}

/// Starts an agent on the files of before.
async fn switch_on(
    config: &Config,
    answering: &Answering,
    panel: &MakePanel,
    glass: &Glass,
    clock: &Arc<SimulatedClock>,
    fuse: &Arc<AtomicBool>,
) -> Power {
    let Keys { master, tokens, head_office, .. } = Keys::load(&config.keys, &config.databases()).unwrap();
    let device = Device::open(config.clone(), &master, tokens, head_office).await.unwrap();
    let (events, happening) = mpsc::channel(EVENTS);
    let (visits, journal) = (device.visits(), device.journal().clone());
    let (stop, stopped) = oneshot::channel();
    let panel = Fused { panel: panel(glass, events.clone()), blown: Arc::clone(fuse) };
    let known =
        touchpoint_display::Glass { answering: answering.clone(), ..touchpoint_display::Glass::of(panel.size()) };
    let screen = Screen::on(known, Box::new(panel), Theme::default());
    let stopped = async { drop(stopped.await) };
    let running = spawn_local(device.run(screen, happening, Arc::clone(clock), stopped));
    Power { visits, journal, events, stop, running }
}

/// Puts customers and campaigns where synchronisation would have put them.
async fn fill(cache: &Cache, tokens: &TokenKeys, here: &Membership, change: impl FnOnce(&mut Bundle)) {
    let profile = |segment: &str, language: &str, marketing: Status, name: &str| Profile {
        segments: vec![segment.parse().unwrap()],
        language: Some(language.parse().unwrap()),
        marketing: marketing.into(),
        attributes: BTreeMap::from([("first-name".parse().unwrap(), name.to_owned())]),
        ..Profile::default()
    };
    let customers = [
        (1, ANNA, profile("gold", "de", Status::Given, "Anna")),
        (2, BEN, profile("family", "en", Status::Given, "Ben")),
        (3, CHLOE, profile("saver", "fr", Status::Refused, "Chloé")),
    ];
    let mut rows: Vec<(Token, CustomerId, Vec<u8>)> = customers
        .map(|(id, number, profile)| {
            let [token, ..] = tokens.tokens(Card::payment(number).unwrap())[..] else { panic!("no token") };
            (token, CustomerId::try_from(id).unwrap(), profile.to_cbor())
        })
        .to_vec();
    rows.sort_by_key(|(token, ..)| *token);
    let mut packer = Packer::default();
    for (token, customer, profile) in &rows {
        packer.push(Row { token: *token, customer: *customer, profile }).unwrap();
    }
    let [Block { rows, bytes }] = &packer.finish().unwrap()[..] else { panic!("one block") };
    let block = BlockRef { sha256: Digest::of(bytes), rows: *rows };
    let Membership { tenant, shard, .. } = here.clone();
    let head = ShardHead {
        tenant,
        shard,
        epoch: 1,
        revision: 0,
        token_key: "t1".parse().unwrap(),
        rows: (*rows).into(),
        blocks: vec![block],
    };
    cache.begin(&head).await.unwrap();
    cache.stage(0, Rows::decompress(bytes).unwrap()).await.unwrap();
    cache.swap(&head).await.unwrap();

    let mut checked = touchpoint_hub::check(&workspace::demo_campaigns()).unwrap();
    change(&mut checked.bundle);
    let used = checked.media.iter().map(|medium| medium.sha256).collect();
    let media = checked.media.into_iter().map(|medium| (medium.sha256, medium.bytes)).collect();
    cache.activate(StoredCampaigns { revision: 1, bundle: checked.bundle.encode(), media }, used).await.unwrap();
}
