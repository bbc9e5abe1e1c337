//! A panel that may fail, hang or not be there yet, in a thread of its own: visits give it pictures, and never wait long for one.
//!
//! ```text
//! opening -> open -> failed -> (a pause, longer each time) -> opening ...
//! ```
//!
//! Whoever presents learns within two seconds whether the picture is really there. A thread that hangs is left to itself, with its clone
//! of the picture and its device; another one opens the device anew, and the first picture it gets is a whole one.

use serde::Serialize;
use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use touchpoint_display::{Frame, Panel, PanelError, Point, Rectangle, Size};
use touchpoint_link::Backoff;
use touchpoint_protocol::health::{PanelHealth, shortened};

use super::{Facts, OpenError, Opened};
use crate::{chain, identify::Event};

/// Most threads left hanging in the kernel. Before another is started one of them has to come back: more of the same would help
/// nobody.
const HANGING: usize = 4;

/// How long is waited for what.
const TIMES: Times = Times {
    // Eight times what the slowest bus needs for the largest panel it drives, and little of a visit.
    deadline: Duration::from_secs(2),
    // Between two customers.
    check: Duration::from_secs(5),
    // What hangs in the kernel seldom comes back, and is not missed.
    look: Duration::from_secs(60),
};

/// Pictures on their way: one to be shown, and one that came too late for a panel that had just failed.
const JOBS: usize = 2;

/// A panel that is opened again whenever it fails.
pub struct KeptPanel {
    times: Times,
    size: Size,
    open: Opener,
    status: watch::Sender<PanelStatus>,
    worker: Option<Worker>,
    /// Growing pauses between threads that hang.
    backoff: Backoff,
    /// Held by each thread as long as it runs.
    running: Arc<()>,
}

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// For a picture to be on the glass.
    deadline: Duration,
    /// Until a panel that shows the same picture is asked whether it is still there.
    check: Duration,
    /// Until it is looked whether one of too many threads that hang came back.
    look: Duration,
}

/// Why nothing more is heard of a thread that did not hang.
const DIED: &str = "its thread died";

/// How a panel is opened.
type Opener = Arc<dyn Fn() -> Result<Opened, OpenError> + Send + Sync>;

/// How the panel is, as a technician is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PanelStatus {
    /// Whether it can show anything.
    pub condition: Condition,
    /// What it said of itself when it was opened last.
    pub facts: Option<Facts>,
    /// How often it failed since the start, or could not be opened.
    pub failures: u64,
    /// Why, the last time.
    pub error: Option<String>,
}

/// Whether a panel can show anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It is being opened for the first time.
    Opening,
    /// It can.
    Open,
    /// It cannot; it is opened again after a pause.
    Failed,
}

/// The near end of a panel's thread.
struct Worker {
    jobs: SyncSender<Job>,
    replies: Receiver<Reply>,
    /// The panel as it was opened last; none while it is not open.
    open: Option<Opening>,
}

/// One opening of a panel.
#[derive(Clone, Copy)]
struct Opening {
    number: u64,
    since: Instant,
    /// Whether it has had a picture: the first is a whole one.
    painted: bool,
}

/// A picture for the panel.
struct Job {
    /// For which opening of it: after a failure what is missing on the glass is more than the damage.
    opening: u64,
    frame: Frame,
    task: Task,
}

/// What is to be done with a picture.
enum Task {
    /// Show it, of which these areas are new.
    Present(Vec<Rectangle>),
    /// Keep it, as one that is likely to be shown next.
    Prepare,
}

/// What a panel's thread says.
enum Reply {
    Opened(u64),
    /// It is no longer there, though nothing was to be shown.
    Failed,
    /// What came of a picture. After an error it is no longer open.
    Presented(Result<(), PanelError>),
    /// Whether it could keep a picture.
    Prepared(bool),
}

impl KeptPanel {
    /// A panel of this size in pixels, which `open` opens, now and whenever it has failed; and how it is.
    pub fn keep(
        size: Size,
        open: impl Fn() -> Result<Opened, OpenError> + Send + Sync + 'static,
    ) -> (KeptPanel, watch::Receiver<PanelStatus>) {
        KeptPanel::with(TIMES, size, Arc::new(open))
    }

    fn with(times: Times, size: Size, open: Opener) -> (KeptPanel, watch::Receiver<PanelStatus>) {
        let (status, receiver) = watch::channel(PanelStatus::default());
        let (backoff, running) = (Backoff::default(), Arc::new(()));
        let mut kept = KeptPanel { times, size, open, status, worker: None, backoff, running };
        kept.start(Duration::ZERO);
        (kept, receiver)
    }

    /// Starts a thread that opens the panel after a pause. Without one the panel has failed, and the next picture tries again.
    fn start(&mut self, pause: Duration) {
        let (jobs, next) = sync_channel(JOBS);
        let (told, replies) = channel();
        let thread = PanelThread {
            times: self.times,
            size: self.size,
            open: Arc::clone(&self.open),
            status: self.status.clone(),
            jobs: next,
            replies: told,
            running: Arc::clone(&self.running),
        };
        self.worker = match thread::Builder::new().name("panel".to_owned()).spawn(move || thread.run(pause)) {
            Ok(_) => Some(Worker { jobs, replies, open: None }),
            Err(error) => {
                self.status.send_modify(|status| status.failed(format!("cannot start its thread: {error}")));
                None
            }
        };
    }

    /// Leaves a thread that hangs or is gone to itself, and starts another.
    fn start_anew(&mut self, why: &str) {
        self.status.send_modify(|status| status.failed(why.to_owned()));
        let opening = self.worker.as_ref().and_then(|worker| worker.open);
        let pause = self.backoff.failed(opening.map_or(Duration::ZERO, |opening| opening.since.elapsed()));
        self.start(pause);
    }

    fn refused(&self, kind: io::ErrorKind, why: &str) -> PanelError {
        let facts = self.status.borrow().facts.clone();
        let name = facts.map_or_else(|| "of this device".to_owned(), |facts| facts.device);
        PanelError::Device { name, source: io::Error::new(kind, why) }
    }
}

impl Panel for KeptPanel {
    fn size(&self) -> Size {
        self.size
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        let presented = match &mut self.worker {
            Some(worker) => worker.present(self.times.deadline, frame, damage),
            None => Err(NoReply::Gone("it has no thread")),
        };
        match presented {
            Ok(outcome) => outcome,
            Err(NoReply::NotOpen) => Err(self.refused(io::ErrorKind::NotConnected, "it is not open")),
            Err(NoReply::Gone(why)) => {
                self.start_anew(why);
                Err(self.refused(io::ErrorKind::TimedOut, why))
            }
        }
    }

    fn prepare(&mut self, frame: &Frame) -> bool {
        let prepared = self.worker.as_mut().map(|worker| worker.prepare(self.times.deadline, frame));
        if let Some(Err(NoReply::Gone(why))) = prepared {
            self.start_anew(why);
        }
        matches!(prepared, Some(Ok(true)))
    }
}

impl Drop for KeptPanel {
    /// Waits until the panel is closed, because a console is given back by that; but not for one that hangs.
    fn drop(&mut self) {
        let Some(Worker { jobs, replies, .. }) = self.worker.take() else { return };
        drop(jobs);
        let until = Instant::now() + self.times.deadline;
        while replies.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
    }
}

/// Why there is no word of a picture.
enum NoReply {
    NotOpen,
    /// The thread does not answer, and why that is thought.
    Gone(&'static str),
}

impl Worker {
    fn present(
        &mut self,
        deadline: Duration,
        frame: &Frame,
        damage: &[Rectangle],
    ) -> Result<Result<(), PanelError>, NoReply> {
        let opening = self.opening()?;
        let damage = match opening.painted {
            true => damage.to_vec(),
            false => vec![Rectangle::new(Point::zero(), frame.size())],
        };
        match self.ask(deadline, Job { opening: opening.number, frame: frame.clone(), task: Task::Present(damage) })? {
            Reply::Presented(Ok(())) => {
                self.open = Some(Opening { painted: true, ..opening });
                Ok(Ok(()))
            }
            Reply::Presented(failed) => {
                self.open = None;
                Ok(failed)
            }
            // It failed a check just now, and the picture is for an opening that is over.
            reply @ (Reply::Opened(_) | Reply::Failed | Reply::Prepared(_)) => {
                self.hear(&reply);
                Err(NoReply::NotOpen)
            }
        }
    }

    fn prepare(&mut self, deadline: Duration, frame: &Frame) -> Result<bool, NoReply> {
        let opening = self.opening()?;
        // Of its first picture it is to have all, whatever it kept.
        if !opening.painted {
            return Ok(false);
        }
        match self.ask(deadline, Job { opening: opening.number, frame: frame.clone(), task: Task::Prepare })? {
            Reply::Prepared(kept) => Ok(kept),
            reply => {
                self.hear(&reply);
                Err(NoReply::NotOpen)
            }
        }
    }

    /// The panel as it is open now.
    fn opening(&mut self) -> Result<Opening, NoReply> {
        loop {
            match self.replies.try_recv() {
                Ok(reply) => self.hear(&reply),
                Err(TryRecvError::Empty) => return self.open.ok_or(NoReply::NotOpen),
                Err(TryRecvError::Disconnected) => return Err(NoReply::Gone(DIED)),
            }
        }
    }

    /// What the thread says to a job. It has a clone of the picture, because a call that hangs keeps it; any other gives it back before
    /// it replies, so that nothing is copied for it.
    fn ask(&self, deadline: Duration, job: Job) -> Result<Reply, NoReply> {
        self.jobs.try_send(job).map_err(|_| NoReply::Gone(DIED))?;
        self.replies.recv_timeout(deadline).map_err(|error| match error {
            RecvTimeoutError::Timeout => NoReply::Gone("it did not show a picture in time"),
            RecvTimeoutError::Disconnected => NoReply::Gone(DIED),
        })
    }

    /// Takes note of what the thread did by itself.
    fn hear(&mut self, reply: &Reply) {
        self.open = match reply {
            Reply::Opened(number) => Some(Opening { number: *number, since: Instant::now(), painted: false }),
            Reply::Failed | Reply::Presented(_) => None,
            Reply::Prepared(_) => return,
        };
    }
}

/// The far end: what one thread does until nobody listens to it any more.
struct PanelThread {
    times: Times,
    size: Size,
    open: Opener,
    status: watch::Sender<PanelStatus>,
    jobs: Receiver<Job>,
    replies: Sender<Reply>,
    running: Arc<()>,
}

/// Nobody listens to a thread any more.
struct Abandoned;

impl PanelThread {
    fn run(self, pause: Duration) {
        let (mut pause, mut backoff) = (pause, Backoff::default());
        for opening in 1.. {
            if self.wait(pause).is_err() {
                return;
            }
            let began = Instant::now();
            let failed = match (self.open)() {
                Ok(opened) => match self.serve(opening, opened) {
                    Ok(failed) => failed,
                    Err(Abandoned) => return,
                },
                Err(error) => chain(&error),
            };
            pause = backoff.failed(began.elapsed());
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(error = failed, pause_ms, "the panel failed");
            self.status.send_modify(|status| status.failed(failed));
        }
    }

    /// Waits so long, and until not too many others hang.
    fn wait(&self, pause: Duration) -> Result<(), Abandoned> {
        let mut pause = pause;
        loop {
            match self.jobs.recv_timeout(pause) {
                // For an opening that is over.
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Abandoned),
            }
            // Besides those that hang, this one and who keeps the panel hold it.
            if Arc::strong_count(&self.running) <= HANGING + 2 {
                return Ok(());
            }
            pause = self.times.look;
        }
    }

    /// Shows pictures until the panel fails: why it did.
    fn serve(&self, opening: u64, opened: Opened) -> Result<String, Abandoned> {
        let Opened { mut panel, facts } = opened;
        if panel.size() != self.size {
            return Ok(format!("{} has {}x{} pixels", facts.device, panel.size().width, panel.size().height));
        }
        tracing::info!(driver = facts.driver, device = facts.device, "the panel is open");
        self.reply(Reply::Opened(opening))?;
        self.status.send_modify(|status| status.opened(facts));
        loop {
            let (reply, failed) = match self.jobs.recv_timeout(self.times.check) {
                Ok(job) if job.opening != opening => continue,
                Ok(Job { frame, task, .. }) => {
                    let reply = match task {
                        Task::Present(damage) => Reply::Presented(panel.present(&frame, &damage)),
                        Task::Prepare => Reply::Prepared(panel.prepare(&frame)),
                    };
                    // Before the reply: who hears it draws on.
                    drop(frame);
                    let failed = match &reply {
                        Reply::Presented(Err(error)) => Some(chain(error)),
                        _ => None,
                    };
                    (Some(reply), failed)
                }
                Err(RecvTimeoutError::Timeout) => {
                    let failed = panel.check().err().map(|error| chain(&error));
                    (failed.is_some().then_some(Reply::Failed), failed)
                }
                Err(RecvTimeoutError::Disconnected) => return Err(Abandoned),
            };
            if let Some(reply) = reply {
                self.reply(reply)?;
            }
            if let Some(failed) = failed {
                return Ok(failed);
            }
        }
    }

    fn reply(&self, reply: Reply) -> Result<(), Abandoned> {
        self.replies.send(reply).map_err(|_| Abandoned)
    }
}

impl Default for PanelStatus {
    fn default() -> PanelStatus {
        PanelStatus { condition: Condition::Opening, facts: None, failures: 0, error: None }
    }
}

impl PanelStatus {
    /// Tells the visit loop how the panel is, now and whenever that changes, until one of the two is gone.
    pub async fn tell(mut panel: watch::Receiver<PanelStatus>, events: mpsc::Sender<Event>) {
        panel.mark_changed();
        while panel.changed().await.is_ok() {
            let status = panel.borrow_and_update().clone();
            if events.send(Event::Panel(status)).await.is_err() {
                return;
            }
        }
    }

    /// The same, as head office is told.
    pub fn health(&self) -> PanelHealth {
        PanelHealth {
            open: self.condition == Condition::Open,
            driver: self.facts.as_ref().map(|facts| facts.driver.to_owned()),
            failures: self.failures,
            error: self.error.clone(),
        }
    }

    fn opened(&mut self, facts: Facts) {
        self.condition = Condition::Open;
        self.facts = Some(facts);
    }

    fn failed(&mut self, why: String) {
        self.condition = Condition::Failed;
        self.failures += 1;
        self.error = Some(shortened(&why));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
