//! What stands at the desk, and what becomes of it when somebody does something.

mod trouble;
mod view;

use super::{
    DeskError, Fault, Options, Refusal,
    clock::DeskClock,
    command::{Command, Number, NumberKind, Saying, SetUp},
    disk::Disk,
    drawer::Drawer,
    folder::CampaignFolder,
    log::Tail,
    samples::{MAPPING, Samples},
    state::{Journal, Office, StepLine, VisitLine},
};
use crate::{
    broker::Broker,
    campaigns, customers,
    line::Line,
    machine::Machine,
    office::{HeadOffice, endpoint},
    screen::Glass,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};
use tokio::{select, sync::watch};
use touchpoint_agent::{
    chain,
    config::Config,
    explain::Explained,
    identify::{Event, Turn},
};
use touchpoint_display::{Answering, Keys, Mode, Point, Screen, Theme};
use touchpoint_hub::{Import, Mapping, OnBadRows};
use touchpoint_protocol::{
    interaction::Trigger,
    name::{CampaignId, VisitId},
};

/// Where the keys of a machine with keys are, on both sides, in thousandths of the glass's height.
const KEYS: [u16; 4] = [330, 500, 670, 840];

/// Facts and lines of the log that are shown.
const LAST: u64 = 12;

/// All of it. In the order in which it may go: the disk before the folder it is mounted in.
pub(super) struct Premises {
    kiosk: Option<Machine>,
    pub(super) glass: Glass,
    clock: Arc<DeskClock>,
    config: Config,
    set_up: SetUp,
    line: Line,
    head_office: HeadOffice,
    broker: Broker,
    campaigns: CampaignFolder,
    office: Office,
    samples: Samples,
    faults: BTreeSet<Fault>,
    disk: Result<Disk, String>,
    /// Who stands there.
    present: Option<Present>,
    pin_entry: bool,
    /// What the last decision was explained with: of which visit, and which of its decisions.
    explained: Option<(VisitId, usize)>,
    whys: BTreeMap<CampaignId, Explained>,
    /// What the device's loops said last, before its power was cut.
    told: (Vec<VisitLine>, Journal),
    pub(super) script: Vec<StepLine>,
    log: Tail,
    logged: watch::Receiver<u64>,
    _drawer: Drawer,
}

/// Somebody before the machine.
struct Present {
    name: String,
    kind: NumberKind,
    number: Number,
    visit: Saying,
}

impl Premises {
    /// Sets everything up: a broker, a head office with customers and campaigns, a line, and a device that knows nothing yet.
    pub(super) async fn set_up(options: Options) -> Result<Premises, DeskError> {
        let Options { customers, seed, campaigns: files, screen, set_up, clock: at, log, mounts } = options;
        let drawer = Drawer::new().map_err(DeskError::Folder)?;
        let folder = drawer.path();
        let broker = Broker::start().await?;
        let mut head_office = HeadOffice::open(folder, broker.address())?;
        let (samples, table) = Samples::new(seed);
        let mut crowd = Vec::new();
        customers::write_csv(customers::generate(seed, customers.count()), &mut crowd).map_err(DeskError::Folder)?;
        head_office.import(crowd, OnBadRows::Refuse.into()).await?;
        let imported = head_office.import(table, sample_import(folder)?).await?;

        let files = match files {
            Some(files) => files,
            None => {
                let files = folder.join("campaigns");
                campaigns::write(&files).map_err(DeskError::Folder)?;
                files
            }
        };
        let mut office = Office { serving: true, customers: imported.rows, ..Office::default() };
        let mut campaigns = CampaignFolder::new(files);
        campaigns.follow(&head_office, &mut office).await;

        let line = Line::lay(broker.address(), Arc::new(())).await.map_err(DeskError::Line)?;
        let device = head_office.enrol(folder).await?;
        head_office.serve();
        let config = Config::read(&device.join("agent.toml"))?;
        let config = Config { broker: endpoint(line.address()), screen, ..config };
        fs::create_dir_all(&config.folder).map_err(DeskError::Folder)?;
        let disk = mounts.and_then(|mounts| Disk::mount(&config.folder, &mounts)).map_err(|error| chain(&error));
        let clock = Arc::new(DeskClock::new()?);
        at.into_iter().for_each(|at| clock.set_to(at));
        let mut premises = Premises {
            kiosk: None,
            glass: Glass::new(screen),
            clock,
            config,
            set_up: SetUp::default(),
            line,
            head_office,
            broker,
            campaigns,
            office,
            samples,
            faults: BTreeSet::new(),
            disk,
            present: None,
            pin_entry: false,
            explained: None,
            whys: BTreeMap::new(),
            told: (Vec::new(), Journal::default()),
            script: Vec::new(),
            logged: log.count(),
            log,
            _drawer: drawer,
        };
        premises.make(set_up);
        premises.power_on().await?;
        Ok(premises)
    }

    /// Resolves when there may be something new to see. Safe to cancel.
    pub(super) async fn changed(&mut self) {
        let logged = self.logged.changed();
        match &mut self.kiosk {
            Some(kiosk) => select! {
                _ = kiosk.visits.changed() => {}
                _ = kiosk.line.changed() => {}
                _ = kiosk.journal.changed() => {}
                _ = logged => {}
            },
            None => drop(logged.await),
        }
    }

    /// Publishes the campaigns, if they have changed on the disk; whether there is any news.
    pub(super) async fn look_at_campaigns(&mut self) -> bool {
        self.campaigns.follow(&self.head_office, &mut self.office).await
    }

    /// Does what it is told, and returns when everything that follows from it at once has been done.
    pub(super) async fn obey(&mut self, command: Command) -> Result<(), Refusal> {
        match command {
            Command::Insert { customer, visit } => {
                let sample = self.samples.get(&customer).ok_or(Refusal::Nobody)?;
                let (kind, number) = (sample.kind, sample.number.clone());
                self.arrive(Present { name: sample.about.name.clone(), kind, number, visit }).await
            }
            Command::Type { what, number, visit } => {
                let name = "Somebody with a typed number".to_owned();
                self.arrive(Present { name, kind: what, number, visit }).await
            }
            Command::Touch { x, y } => {
                let (at, size) = (Point::new(x, y), self.glass.size());
                let within = |at: i32, end: u32| u32::try_from(at).is_ok_and(|at| at < end);
                match within(x, size.width) && within(y, size.height) {
                    true => self.happens(Event::Touched(at)).await,
                    false => Err(Refusal::NotThere),
                }
            }
            Command::Key { side, number } => self.happens(Event::Pressed(side, number)).await,
            Command::Cancel => self.happens(Event::Cancelled).await,
            Command::Answer { answer } => self.happens(Event::Answered(answer)).await,
            Command::PinEntry { active } => {
                self.happens(Event::PinEntry(active)).await?;
                self.pin_entry = active;
                Ok(())
            }
            Command::BalanceEnquiry => self.happens(Event::Turned(Turn::BalanceEnquiry)).await,
            Command::Language { language } => self.happens(Event::Turned(Turn::Language(language))).await,
            Command::Leave => {
                self.present = None;
                self.happens(Event::Left).await
            }
            Command::Fault { fault, on } => self.fault(fault, on).await,
            Command::SetUp(set_up) => {
                self.make(set_up);
                match &mut self.kiosk {
                    None => Ok(()),
                    Some(kiosk) => {
                        kiosk.stop().await.map_err(failed)?;
                        self.kiosk = None;
                        self.power_on().await.map_err(failed)
                    }
                }
            }
        }
    }

    /// Ends everything in turn.
    pub(super) async fn close(mut self) -> Result<(), DeskError> {
        // A disk that is full would keep the files from closing.
        let emptied = self.disk.as_ref().map(|disk| disk.fill(false));
        if let Ok(Err(error)) = emptied {
            tracing::warn!(error = chain(&error), "the device's disk stays full");
        }
        let stopped = match &mut self.kiosk {
            Some(kiosk) => kiosk.stop().await,
            None => Ok(()),
        };
        self.kiosk = None;
        let office = self.head_office.end().await?;
        if let Err(error) = office.close().await {
            tracing::warn!(error = chain(&error), "head office's database did not close");
        }
        drop(self.line);
        self.broker.shutdown().await;
        Ok(stopped?)
    }

    /// A customer presents what they are known by. Whoever stood there before has left.
    async fn arrive(&mut self, present: Present) -> Result<(), Refusal> {
        let card = || present.number.card(present.kind).map_err(|error| Refusal::Number(error.to_string()));
        let (asked, read) = (card()?, card()?);
        let kiosk = self.kiosk.as_ref().ok_or(Refusal::NoPower)?;
        if self.faults.contains(&Fault::ReaderJam) {
            tracing::warn!("the reader is jammed: nothing is read");
            return Ok(());
        }
        kiosk.happens(Event::Left).await.map_err(failed)?;
        // Why, before it happens: afterwards, the showing itself would be among the reasons.
        self.whys = view::why(kiosk, asked, &present.visit, Trigger::Arrival, &self.clock).await;
        let Saying { seconds, .. } = present.visit;
        let decided = kiosk.present_for(read, seconds, present.visit.attributes()).await.map_err(failed)?;
        kiosk.settled().await.map_err(failed)?;
        self.explained = Some((decided.visit, 1));
        self.present = Some(present);
        Ok(())
    }

    /// Something happens at the machine, and the agent has seen to it.
    async fn happens(&self, event: Event) -> Result<(), Refusal> {
        let kiosk = self.kiosk.as_ref().ok_or(Refusal::NoPower)?;
        kiosk.happens(event).await.map_err(failed)?;
        kiosk.settled().await.map(drop).map_err(failed)
    }

    /// Makes the machine as it is to be from its next start on.
    fn make(&mut self, set_up: SetUp) {
        let SetUp { keys, large_text, high_contrast, site } = set_up.clone();
        let answering = match keys {
            true => Answering::Keys(Keys { left: KEYS.into(), right: KEYS.into() }),
            false => Answering::Touch,
        };
        let config = &mut self.config;
        config.glass.size = config.screen;
        config.glass.answering = answering;
        config.mode = Mode { large_text, high_contrast };
        config.place.panel.width = config.screen.width;
        config.place.panel.height = config.screen.height;
        config.place.site = site;
        self.set_up = set_up;
    }

    /// Starts the agent with the files it has.
    async fn power_on(&mut self) -> Result<(), DeskError> {
        let mut screen = Screen::on(self.config.glass.clone(), self.glass.panel(), Theme::default());
        screen.set_mode(self.config.mode);
        self.kiosk = Some(Machine::start(&self.config, screen, &self.clock).await?);
        (self.present, self.pin_entry, self.explained) = (None, false, None);
        Ok(())
    }
}

/// How head office takes the sample customers: beside the crowd.
fn sample_import(folder: &Path) -> Result<Import, DeskError> {
    let file = folder.join("mapping.toml");
    fs::write(&file, MAPPING).map_err(DeskError::Folder)?;
    let mapping = Mapping::load(&file).map_err(|problems| {
        DeskError::Samples(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })?;
    Ok(Import { mapping, adds: true, ..OnBadRows::Refuse.into() })
}

fn failed(error: impl std::error::Error) -> Refusal {
    Refusal::Failed(chain(&error))
}
