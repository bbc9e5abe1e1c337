//! One device, opened and run: wires the loops together, and keeps the line.

use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    select,
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep, timeout},
};
use touchpoint_display::Screen;
use touchpoint_link::{Backoff, Lost};
use touchpoint_protocol::{hello::Hello, signed::TrustedKeys, token::TokenKeys};
use touchpoint_vault::{Key, MasterKey, OpenError};

use crate::{
    aside,
    cache::{Cache, CacheError, StoredCampaigns},
    campaigns::Campaigns,
    chain,
    clock::Clock,
    config::Config,
    desk::{Desk, LanguageTurn, Today},
    explain::Explainer,
    flow::{self, LineError},
    following::Following,
    guests::{self, Wishes},
    health,
    hearing::{Hearing, hear},
    identify::{Event, Events},
    journal::{self, Journal, JournalError},
    press::Presses,
    status::{LineStatus, VisitLoop},
    upstream::{self, Heads, Identity, Trays, UpstreamError},
};

/// How long a stopping agent waits for head office to confirm the last interactions. They are safe in the journal either way;
/// a service manager that waits 5 s must see the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a device is made of, opened and not yet running.
#[derive(Debug)]
pub struct Device {
    config: Config,
    tokens: Arc<TokenKeys>,
    head_office: TrustedKeys,
    cache: Cache,
    journal: Journal,
    campaigns: watch::Sender<Option<Arc<Campaigns>>>,
    visits: watch::Sender<VisitLoop>,
    line: watch::Sender<LineStatus>,
}

/// Why a device does not start.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is no folder for the databases.
    #[error("cannot create {}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The cache cannot be opened.
    #[error("cannot open the cache")]
    Cache(#[source] OpenError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The cache cannot be read.
    #[error(transparent)]
    Held(#[from] CacheError),
    /// A damaged database cannot be put out of the way.
    #[error("{} is damaged, and cannot be set aside", path.display())]
    Stuck {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A database turned out to be damaged while it was used. The next start begins with a new one.
    #[error("{} was damaged, and is set aside as {}", path.display(), aside.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where it is now.
        aside: PathBuf,
    },
    /// A database cannot be closed.
    #[error("cannot close a database")]
    Close(#[source] touchpoint_vault::Error),
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("offline")]
    Unreachable(#[source] UpstreamError),
    #[error("the line was lost")]
    Lost(#[source] Lost),
    #[error("the line was given up")]
    Failed(#[source] LineError),
    #[error("the agent stops")]
    HungUp,
}

impl Device {
    /// Opens both vaults and decodes the campaigns in force. Everything a visit needs is there afterwards, line or no line.
    ///
    /// A damaged one is set aside and begun anew: the cache is fetched again, and the journal's status says that one is missing.
    /// A file with another key, of another program or of a newer release is not damaged, and stops the start.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub async fn open(
        config: Config,
        master: &MasterKey,
        tokens: TokenKeys,
        head_office: TrustedKeys,
    ) -> Result<Device, DeviceError> {
        let path = config.folder.clone();
        std::fs::create_dir_all(&path).map_err(|source| DeviceError::Folder { path, source })?;
        journal::make_way(&config.folder);
        let ([cache, journal], keys) = (config.databases(), ["cache", "journal"].map(|name| master.derive(name)));
        let (cache, stored, line) = match open_cache(&cache, &keys[0]).await {
            Err(error) if error.is_corrupt() => {
                put_aside(&cache, aside::replace)?;
                open_cache(&cache, &keys[0]).await?
            }
            opened => opened?,
        };
        let journal = match Journal::open(&journal, &keys[1]).await {
            Err(error) if error.is_corrupt() => {
                put_aside(&journal, aside::keep)?;
                Journal::open(&journal, &keys[1]).await?
            }
            opened => opened?,
        };

        let campaigns = stored.and_then(|stored| match Campaigns::decode(&stored, config.screen) {
            Ok(campaigns) => Some(Arc::new(campaigns)),
            Err(error) => {
                tracing::error!(error = chain(&error), "the campaigns in the cache cannot be shown");
                None
            }
        });
        Ok(Device {
            config,
            tokens: Arc::new(tokens),
            head_office,
            cache,
            journal,
            campaigns: watch::Sender::new(campaigns),
            visits: watch::Sender::new(VisitLoop::default()),
            line: watch::Sender::new(line),
        })
    }

    /// The journal, to look at.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What the visit loop says of itself.
    pub fn visits(&self) -> watch::Receiver<VisitLoop> {
        self.visits.subscribe()
    }

    /// What its decisions are explained with.
    pub fn explainer(&self) -> Explainer {
        Explainer {
            cache: self.cache.clone(),
            journal: self.journal.clone(),
            campaigns: self.campaigns.subscribe(),
            tokens: Arc::clone(&self.tokens),
            place: self.config.place.clone(),
            visit_seconds: self.config.visit_seconds,
        }
    }

    /// What the loops on the line say of themselves.
    pub fn line(&self) -> watch::Receiver<LineStatus> {
        self.line.subscribe()
    }

    /// Runs the three loops until `stop` resolves; then ends the visit, says goodbye and closes both files.
    ///
    /// The line has a task of its own, so that no picture waits for a block and no block for a picture.
    ///
    /// # Errors
    /// A database could not be closed; everything committed is safe.
    pub async fn run<C: Clock>(
        self,
        screen: Screen,
        events: mpsc::Receiver<Event>,
        clock: Arc<C>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), DeviceError> {
        let (tray, wishes) = guests::wishes();
        let campaigns = self.campaigns.borrow().clone();
        let today = Today::so_far(&self.journal, campaigns.as_deref(), clock.now().utc).await;
        let desk = Desk {
            cache: self.cache.clone(),
            wishes: tray,
            journal: self.journal.clone(),
            campaigns: self.campaigns.subscribe(),
            tokens: Arc::clone(&self.tokens),
            line: self.line.subscribe(),
            screen,
            clock: Arc::clone(&clock),
            status: self.visits.clone(),
            place: self.config.place.clone(),
            today,
            turn: LanguageTurn::default(),
            likely: None,
            visit_seconds: self.config.visit_seconds,
            mode: self.config.mode,
            presses: Presses::default(),
            pin_entry: false,
            out_of_order: false,
        };
        let (cache, journal) = (self.cache.clone(), self.journal.clone());
        let files = self.config.databases();
        let boot = clock.now().boot;
        let identity =
            Identity { device: self.config.device.clone(), membership: self.config.membership.clone(), boot };
        let (hang_up, hung_up) = oneshot::channel();
        let line = tokio::spawn(async move { self.keep_line(identity, clock, wishes, hung_up).await });

        // Whoever has met damage stops as if asked to: the visit ends, and the next start begins with a new file.
        let [broken_cache, broken_journal] = [cache.damage(), journal.damage()].map(met);
        let stop = async move {
            select! {
                () = stop => {}
                () = broken_cache => {}
                () = broken_journal => {}
            }
        };
        flow::visit(desk, Events::new(events, stop)).await;

        drop(hang_up);
        if let Err(error) = line.await {
            tracing::error!(%error, "the line's task failed");
        }
        close(files, cache, journal).await
    }

    /// Closes both files of a device that was only looked at.
    ///
    /// # Errors
    /// A database could not be closed; everything committed is safe.
    pub async fn close(self) -> Result<(), DeviceError> {
        close(self.config.databases(), self.cache, self.journal).await
    }

    /// Connects, again and again, with growing pauses; until the agent stops.
    async fn keep_line<C: Clock>(
        &self,
        identity: Identity,
        clock: Arc<C>,
        mut wishes: Wishes,
        mut hung_up: oneshot::Receiver<()>,
    ) {
        let (started, mut backoff) = (clock.since_boot(), Backoff::default());
        let health = health::Sources {
            clock: &*clock,
            started,
            screen: self.config.place.panel,
            folder: &self.config.folder,
            journal: &self.journal,
            visits: &self.visits,
            line: &self.line,
        };
        loop {
            self.journal.tidy().await;
            guests::tidy_up(&self.cache, &*clock).await;
            let began = Instant::now();
            let ended = self.online(&identity, &health, &mut wishes, &mut hung_up).await;
            if let Ended::HungUp = ended {
                return;
            }
            let connected_for = if self.line.borrow().connected { began.elapsed() } else { Duration::ZERO };
            let error = chain(&ended);
            let pause = backoff.failed(connected_for);
            tracing::info!(error, pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), "offline");
            self.line.send_modify(|line| {
                line.connected = false;
                line.last_error = Some(error);
            });
            select! {
                () = sleep(pause) => {}
                _ = &mut hung_up => return,
            }
        }
    }

    /// One connection, from hello to its end.
    async fn online<C: Clock>(
        &self,
        identity: &Identity,
        health: &health::Sources<'_, C>,
        wishes: &mut Wishes,
        hung_up: &mut oneshot::Receiver<()>,
    ) -> Ended {
        let connected = select! {
            connected = upstream::connect(&self.config, identity) => connected,
            _ = &mut *hung_up => return Ended::HungUp,
        };
        let (upstream, inbox) = match connected {
            Ok(connected) => connected,
            Err(error) => return Ended::Unreachable(error),
        };
        tracing::info!(broker = %self.config.broker, "online");
        self.line.send_modify(|line| line.connected = true);

        let journal = self.journal.state();
        let (heads, confirmed) = (watch::Sender::new(Heads::default()), watch::Sender::new(0));
        let (deltas, passing) = upstream::delta_tray();
        let (contacts, pages) = upstream::contact_tray();
        let trays =
            Trays { heads: &heads, deltas: &deltas, contacts: &contacts, confirmed: &confirmed, status: &self.line };
        let following = Following {
            cache: &self.cache,
            campaigns: &self.campaigns,
            tokens: &self.tokens,
            head_office: &self.head_office,
            here: &identity.membership,
            panel: self.config.screen,
            folder: &self.config.folder,
            status: &self.line,
        };
        let hearing = Hearing {
            cache: &self.cache,
            journal: &self.journal,
            head_office: &self.head_office,
            here: &identity.membership,
            folder: &self.config.folder,
            clock: health.clock,
            status: &self.line,
        };
        let ended = {
            let work = async {
                match self.hello(identity).await {
                    Ok(hello) => match upstream.hello(&hello).await {
                        Ok(()) => {}
                        Err(error) => return Ended::Failed(LineError::Send(error)),
                    },
                    Err(error) => tracing::error!(error = chain(&error), "cannot say what the cache holds"),
                }
                select! {
                    error = flow::deliver(&self.journal, &upstream, health.clock, confirmed.subscribe()) => Ended::Failed(error),
                    error = flow::follow(&following, &upstream, heads.subscribe(), passing) => Ended::Failed(error),
                    error = hear(hearing, &upstream, pages) => Ended::Failed(error),
                    never = health.tell(&upstream) => match never {},
                    never = wishes.fulfil(&following, &upstream, health.clock) => match never {},
                    () = self.last_words(hung_up) => Ended::HungUp,
                }
            };
            select! {
                lost = inbox.sort(&self.head_office, &journal, trays) => Ended::Lost(lost),
                ended = pin!(work) => ended,
            }
        };
        if let Ended::HungUp = ended {
            upstream.hang_up().await;
        }
        ended
    }

    async fn hello(&self, identity: &Identity) -> Result<Hello, CacheError> {
        let held = self.cache.held().await?;
        let state = self.journal.state().borrow().clone();
        Ok(Hello {
            shard: identity.membership.shard.clone(),
            epoch: held.epoch,
            revision: held.revision,
            contacts: held.contacts,
            group: identity.membership.group.clone(),
            campaigns: held.campaigns,
            journal: state.id,
            recorded: state.recorded,
            confirmed: state.confirmed,
        })
    }

    /// Resolves when the agent stops and head office has everything, or has had its time.
    async fn last_words(&self, hung_up: &mut oneshot::Receiver<()>) {
        let _ = hung_up.await;
        let mut state = self.journal.state();
        let confirmed = state.wait_for(|state| state.confirmed == state.recorded);
        if timeout(LAST_WORDS, confirmed).await.is_err() {
            tracing::warn!("stopping before head office has confirmed everything; the journal keeps it");
        }
    }
}

impl DeviceError {
    /// Whether the cache is damaged, so that it has to be fetched again.
    fn is_corrupt(&self) -> bool {
        match self {
            DeviceError::Cache(error) => matches!(error, OpenError::Corrupt { .. }),
            DeviceError::Held(CacheError::Vault { source, .. }) => source.is_corrupt(),
            _ => false,
        }
    }
}

/// Opens the cache and reads what a start needs of it; if that fails, it is closed again.
async fn open_cache(path: &Path, key: &Key) -> Result<(Cache, Option<StoredCampaigns>, LineStatus), DeviceError> {
    let cache = Cache::open(path, key).map_err(DeviceError::Cache)?;
    match read_cache(&cache).await {
        Ok((stored, line)) => Ok((cache, stored, line)),
        Err(error) => {
            // Why it could not be read matters, and not that it was hard to close after that.
            let _ = cache.close().await;
            Err(error.into())
        }
    }
}

async fn read_cache(cache: &Cache) -> Result<(Option<StoredCampaigns>, LineStatus), CacheError> {
    let (stored, held) = (cache.campaigns().await?, cache.held().await?);
    let line = LineStatus {
        epoch: held.epoch,
        revision: held.revision,
        customers: cache.customers().await?,
        contacts: held.contacts,
        campaigns: held.campaigns,
        ..LineStatus::default()
    };
    Ok((stored, line))
}

/// Resolves when damage has been met.
async fn met(mut damage: watch::Receiver<bool>) {
    // A vault that is gone meets no more.
    let _ = damage.wait_for(|damaged| *damaged).await;
}

/// Closes both databases, or sets aside which of them was found damaged.
async fn close([cache_file, journal_file]: [PathBuf; 2], cache: Cache, journal: Journal) -> Result<(), DeviceError> {
    let [cache_damage, journal_damage] = [cache.damage(), journal.damage()];
    let cache = retire(&cache_file, cache.close().await, &cache_damage, aside::replace);
    retire(&journal_file, journal.close().await, &journal_damage, aside::keep).and(cache)
}

/// How a database ends: closed, or set aside if it was damaged.
fn retire(
    path: &Path,
    closed: Result<(), touchpoint_vault::Error>,
    damage: &watch::Receiver<bool>,
    set_aside: fn(&Path) -> io::Result<PathBuf>,
) -> Result<(), DeviceError> {
    match *damage.borrow() {
        true => Err(DeviceError::Damaged { path: path.to_owned(), aside: put_aside(path, set_aside)? }),
        false => closed.map_err(DeviceError::Close),
    }
}

/// Sets a damaged database aside.
fn put_aside(path: &Path, set_aside: fn(&Path) -> io::Result<PathBuf>) -> Result<PathBuf, DeviceError> {
    let aside = set_aside(path).map_err(|source| DeviceError::Stuck { path: path.to_owned(), source })?;
    tracing::error!(path = %path.display(), aside = %aside.display(), "a damaged database was set aside");
    Ok(aside)
}
