//! How this device is, told to head office: at once when somebody should see to something, and each minute all the same.

use std::{convert::Infallible, path::Path, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};
use touchpoint_link::PublishError;
use touchpoint_protocol::{
    campaign::PanelSize,
    health::{DiskHealth, Health, HeldHealth, JournalHealth, Unfollowed, VisitHealth, shortened},
};

use crate::{
    chain,
    clock::Clock,
    disk::{self, SYNC_ROOM},
    journal::{Journal, JournalState},
    panels::{Condition, PanelStatus},
    status::{LineStatus, VisitLoop},
    upstream::Upstream,
};

/// How often this device looks whether there is news: with the way to head office, it is there within two seconds. Looking costs
/// microseconds.
const LOOK: Duration = Duration::from_secs(1);

/// How often head office is told without news. Half a gigabyte in a year, on a line that may be metered.
const WITHOUT_NEWS: Duration = Duration::from_secs(60);

/// Where health is read from.
#[derive(Debug)]
pub(crate) struct Sources<'a, C> {
    /// The time.
    pub(crate) clock: &'a C,
    /// When the agent started, since boot.
    pub(crate) started: Duration,
    /// What it draws on.
    pub(crate) screen: PanelSize,
    /// Where the databases are.
    pub(crate) folder: &'a Path,
    /// What waits to be delivered.
    pub(crate) journal: &'a Journal,
    /// What the visit loop says of itself.
    pub(crate) visits: &'a watch::Sender<VisitLoop>,
    /// What the loops on the line say of themselves.
    pub(crate) line: &'a watch::Sender<LineStatus>,
}

/// What head office is told at once if it is different.
#[derive(Debug, PartialEq, Eq)]
struct News {
    alarm: Option<String>,
    reserve: bool,
    discards: bool,
    disk_low: bool,
    refused: u64,
    unfollowed: Unfollowed,
    unrecorded: u64,
    unpresented: u64,
    panel: Option<Condition>,
}

impl<C: Clock> Sources<'_, C> {
    /// Tells head office for one connection.
    pub(crate) async fn tell(&self, upstream: &Upstream) -> Infallible {
        let mut told: Option<(News, Instant)> = None;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            let news = self.news();
            if told.as_ref().is_some_and(|(known, at)| *known == news && at.elapsed() < WITHOUT_NEWS) {
                continue;
            }
            let health = self.health().await;
            told = Some((news, Instant::now()));
            match upstream.health(&health).await {
                Ok(()) => {}
                // Whoever waits for the line learns of that too, and a broker that wants no health is no reason to give it up.
                Err(PublishError::Lost { .. }) => {}
                Err(error) => tracing::warn!(error = chain(&error), "head office was not told how this device is"),
            }
        }
    }

    fn news(&self) -> News {
        let (line, visits) = (self.line.borrow(), self.visits.borrow());
        let JournalState { alarm, reserve, discarded, .. } = self.journal.state().borrow().clone();
        News {
            alarm,
            reserve,
            discards: discarded > 0,
            disk_low: self.disk().low,
            refused: line.refused,
            unfollowed: line.unfollowed.clone(),
            unrecorded: visits.unrecorded,
            unpresented: visits.unpresented,
            panel: visits.panel.as_ref().map(|panel| panel.condition),
        }
    }

    async fn health(&self) -> Health {
        let journal = self.journal().await;
        let (line, visits) = (self.line.borrow(), self.visits.borrow());
        let LineStatus { epoch, revision, customers: rows, campaigns, .. } = *line;
        let VisitLoop { visits: count, unrecorded, unpresented, .. } = *visits;
        Health {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            boot: self.clock.now().boot,
            uptime_s: self.clock.since_boot().saturating_sub(self.started).as_secs(),
            journal,
            held: HeldHealth { epoch, revision, rows, campaigns },
            refused: line.refusals(),
            unfollowed: line.unfollowed.clone(),
            disk: self.disk(),
            visits: VisitHealth { count, unrecorded, unpresented },
            panel: visits.panel.as_ref().map(PanelStatus::health),
            screen: Some(self.screen),
            painted: visits.painted.clone(),
        }
    }

    async fn journal(&self) -> JournalHealth {
        let state = self.journal.state().borrow().clone();
        let JournalState { id, recorded, confirmed, discarded, reserve, alarm } = state;
        let oldest_unconfirmed_s = if recorded > confirmed { self.oldest_after(confirmed).await } else { None };
        let alarm = alarm.as_deref().map(shortened);
        JournalHealth { id, recorded, confirmed, oldest_unconfirmed_s, discarded, reserve, alarm }
    }

    /// How long the first interaction after a sequence number has waited, in seconds.
    async fn oldest_after(&self, sequence: u64) -> Option<u64> {
        let first = match self.journal.after(sequence, 1).await {
            Ok(interactions) => interactions.into_iter().next()?,
            Err(error) => {
                tracing::error!(error = chain(&error), "nobody knows how long the oldest interaction has waited");
                return None;
            }
        };
        let now = self.clock.now();
        // Within one run of the machine, whatever its clock was set to meanwhile.
        let waited_ms = match first.at.boot == now.boot {
            true => now.since_boot_ms.saturating_sub(first.at.since_boot_ms),
            false => u64::try_from(now.utc.as_millis() - first.at.utc.as_millis()).unwrap_or(0),
        };
        Some(waited_ms / 1000)
    }

    fn disk(&self) -> DiskHealth {
        let free_bytes = disk::available(self.folder).ok();
        DiskHealth { free_bytes, low: free_bytes.is_some_and(|free| free < SYNC_ROOM) }
    }
}
