//! One connection on a thread of its own, and the bounded queue in front of it.
//!
//! SQLite blocks, so it never runs on the threads of the runtime. Only who has a thread of their own, and would lose more by waking
//! another than by what the disk may take, uses the connection where they are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::Error;
use crate::priority::Priority;

/// Tasks that may wait for one connection. A device has a handful of callers, each waiting for its answer; a queue
/// this long means a disk that hangs, and then the callers should wait and not the memory fill.
const QUEUE: usize = 64;

/// A connection's queue. When the last clone is dropped, the thread does what is queued, closes the connection and
/// ends.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    path: Arc<Path>,
    connection: Shared,
    queue: mpsc::Sender<Command>,
    damage: watch::Sender<bool>,
}

/// The connection, until it is closed.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Option<Connection>>>);

type Task = Box<dyn FnOnce(&mut Connection) + Send>;

enum Command {
    Run(Task),
    Close(oneshot::Sender<rusqlite::Result<()>>),
}

impl Lane {
    /// Moves the connection to a new thread of this name and priority, which says in `damage` when it meets a damaged page.
    pub(crate) fn start(
        name: String,
        priority: Priority,
        path: Arc<Path>,
        connection: Connection,
        damage: watch::Sender<bool>,
    ) -> io::Result<Self> {
        let (queue, commands) = mpsc::channel(QUEUE);
        let connection = Shared(Arc::new(Mutex::new(Some(connection))));
        let shared = connection.clone();
        let serve = move || {
            priority.assume();
            serve(&shared, commands);
        };
        thread::Builder::new().name(name).spawn(serve)?;
        Ok(Self { path, connection, queue, damage })
    }

    /// Runs a task after those before it. Once queued it runs, even if the caller stops waiting.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let task: Task = Box::new(move |connection| {
            // A caller that has stopped waiting is no error: the task was its wish, the answer no longer is.
            let _ = reply.send(attempt(task, connection));
        });
        self.queue.send(Command::Run(task)).await.map_err(|_| self.closed())?;
        self.outcome(answer.await.map_err(|_| self.closed())?)
    }

    /// Runs a task on the caller's thread, after the one that is running, and before those that wait for the lane's thread.
    pub(crate) fn run_here<T>(&self, task: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let outcome = self.connection.lock().as_mut().map(|connection| attempt(task, connection));
        self.outcome(outcome.ok_or_else(|| self.closed())?)
    }

    /// Lets what is queued finish, refuses what comes after, closes the connection.
    pub(crate) async fn close(self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Command::Close(reply)).await.map_err(|_| self.closed())?;
        let closed = answer.await.map_err(|_| self.closed())?;
        closed.map_err(|source| Error::Sql { path: self.path.to_path_buf(), source })
    }

    fn outcome<T>(&self, outcome: Outcome<T>) -> Result<T, Error> {
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(source)) => {
                let error = Error::Sql { path: self.path.to_path_buf(), source };
                if error.is_corrupt() {
                    self.damage.send_replace(true);
                }
                Err(error)
            }
            Err(Panicked) => Err(Error::Panicked { path: self.path.to_path_buf() }),
        }
    }

    fn closed(&self) -> Error {
        Error::Closed { path: self.path.to_path_buf() }
    }
}

impl Shared {
    /// No task panics while it has the lock, so nobody leaves it half-used.
    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of a task.
type Outcome<T> = Result<rusqlite::Result<T>, Panicked>;

/// A task panicked.
struct Panicked;

fn attempt<T>(task: impl FnOnce(&mut Connection) -> rusqlite::Result<T>, connection: &mut Connection) -> Outcome<T> {
    // A task owns what it captured, and a transaction rolls back as it unwinds: nothing half-changed is seen.
    catch_unwind(AssertUnwindSafe(|| task(connection))).map_err(|_| Panicked)
}

fn serve(shared: &Shared, mut commands: mpsc::Receiver<Command>) {
    let mut farewell = None;
    while let Some(command) = commands.blocking_recv() {
        match command {
            Command::Run(task) => {
                if let Some(connection) = shared.lock().as_mut() {
                    task(connection);
                }
            }
            Command::Close(reply) => {
                // Nothing more is let in, and what is in the queue still comes out.
                commands.close();
                farewell.get_or_insert(reply);
            }
        }
    }
    // Only here, and once: nobody uses it after that.
    let connection = shared.lock().take();
    let closed = connection.map_or(Ok(()), |connection| connection.close().map_err(|(_, error)| error));
    match (farewell, closed) {
        (Some(reply), closed) => {
            // Whoever closed may have stopped waiting; the connection is closed all the same.
            let _ = reply.send(closed);
        }
        (None, Err(error)) => tracing::warn!(%error, "a vault was dropped and its connection did not close cleanly"),
        (None, Ok(())) => {}
    }
}
