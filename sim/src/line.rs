//! The line between a device and its broker: a TCP proxy with weather.
//!
//! It can be slow, it can fall silent while its connections stay up, and it can be cut: then it resets every connection and every
//! attempt to make one, as a router does that has lost its uplink; the port stays ours. What it adds by chance is the same in
//! every run.

use crate::random::Random;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

/// Most that is read from one end before it is passed to the other, in bytes, for each direction of each connection.
const CHUNK: usize = 16 * 1024;

/// Chunks under way at once, for each direction of each connection: a quarter of a megabyte, as much as a router's buffer holds.
/// What does not fit waits at its sender, as TCP wants it.
const UNDER_WAY: usize = 16;

/// Pieces a second in which a slow line passes bytes on: often enough that no reader sees it stutter.
const PIECES: u32 = 20;

/// Most connections at once; more are reset. A device has one.
const CONNECTIONS: usize = 64;

/// Which way a chunk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the device.
    Up,
    /// To the device.
    Down,
}

/// Sees every chunk before it is passed on.
pub trait Watcher: Send + Sync + 'static {
    /// These bytes pass on the line's nth connection, from 1, after those of earlier calls for the same way.
    fn passes(&self, connection: u64, way: Way, chunk: &[u8]);
}

/// Watches nothing.
impl Watcher for () {
    fn passes(&self, _: u64, _: Way, _: &[u8]) {}
}

/// What becomes of bytes on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// They pass at once.
    Fair,
    /// They pass late and slowly, as on a poor mobile line.
    Slow {
        /// How long each is under way at least.
        delay: Duration,
        /// How much longer at most; in order all the same.
        jitter: Duration,
        /// Bytes a second, for each direction of each connection.
        rate: NonZeroU32,
    },
    /// Nothing passes, and nobody is told: connections stay up, and can still be made. What was sent meanwhile passes later.
    HalfOpen,
    /// There is no connection, and none can be made.
    Cut,
}

/// A line, laid and open. Dropped, it takes its connections with it.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    orders: mpsc::Sender<Order>,
    laid: JoinHandle<()>,
}

/// What the line is told, and whom to tell when it is done.
#[derive(Debug)]
struct Order {
    what: What,
    done: oneshot::Sender<()>,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Turn(Weather),
    Reset,
}

/// What every connection looks at.
#[derive(Debug, Clone, Copy)]
struct Outlook {
    weather: Weather,
    /// How often connections were reset; one that is older than the last of them ends.
    resets: u64,
}

/// When a connection was made.
#[derive(Debug, Clone, Copy)]
struct Since {
    /// The how manieth of the line it is, from 1.
    connection: u64,
    /// How often connections had been reset by then.
    resets: u64,
}

impl Line {
    /// Lays a line from a free port of 127.0.0.1 to `far`.
    ///
    /// # Errors
    /// There is no port to listen on.
    pub async fn lay<W: Watcher>(far: SocketAddr, watcher: Arc<W>) -> io::Result<Line> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (orders, received) = mpsc::channel(1);
        let laid = tokio::spawn(serve(listener, far, watcher, received));
        Ok(Line { address, orders, laid })
    }

    /// The near end, which the device takes for its broker.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The weather turns, for connections that are there and for those to come. Returns, from [`Weather::Cut`], when no connection
    /// is left.
    pub async fn turns(&self, weather: Weather) {
        self.order(What::Turn(weather)).await;
    }

    /// Cuts the line; returns when no connection is left.
    pub async fn cut(&self) {
        self.turns(Weather::Cut).await;
    }

    /// Restores the line, whatever the weather was.
    pub async fn restore(&self) {
        self.turns(Weather::Fair).await;
    }

    /// Resets the connections that are there; returns when none of them is left. New ones can be made at once.
    pub async fn reset(&self) {
        self.order(What::Reset).await;
    }

    async fn order(&self, what: What) {
        let (done, carried_out) = oneshot::channel();
        // The task ends with this line and not before, so that an order always finds it.
        if self.orders.send(Order { what, done }).await.is_ok() {
            let _ = carried_out.await;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.laid.abort();
    }
}

/// Takes connections and orders until it is dropped, and its connections with it.
async fn serve<W: Watcher>(listener: TcpListener, far: SocketAddr, watcher: Arc<W>, mut orders: mpsc::Receiver<Order>) {
    let (outlook, _) = watch::channel(Outlook { weather: Weather::Fair, resets: 0 });
    let mut connections = JoinSet::new();
    let mut count = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((near, _)) = accepted else { continue };
                let Outlook { weather, resets } = *outlook.borrow();
                if weather != Weather::Cut && connections.len() < CONNECTIONS {
                    count += 1;
                    // It is there from now on, and not only from when its task begins: a reset may come before that.
                    let since = Since { connection: count, resets };
                    connections.spawn(connect((near, far), since, Arc::clone(&watcher), outlook.subscribe()));
                } else {
                    reset(&near);
                }
            }
            Some(Order { what, done }) = orders.recv() => {
                outlook.send_modify(|outlook| match what {
                    What::Turn(weather) => outlook.weather = weather,
                    What::Reset => outlook.resets += 1,
                });
                let ends_all = matches!(what, What::Reset | What::Turn(Weather::Cut));
                while ends_all && connections.join_next().await.is_some() {}
                let _ = done.send(());
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until both ends have closed it, or the line was cut or reset.
async fn connect<W: Watcher>(
    (mut near, far): (TcpStream, SocketAddr),
    Since { connection, resets }: Since,
    watcher: Arc<W>,
    outlook: watch::Receiver<Outlook>,
) {
    let mut ending = outlook.clone();
    let cut = async { _ = ending.wait_for(|now| now.weather == Weather::Cut || now.resets != resets).await };
    tokio::pin!(cut);
    let far = tokio::select! {
        () = &mut cut => return reset(&near),
        far = TcpStream::connect(far) => far,
    };
    let Ok(mut far) = far else { return reset(&near) };
    // Each chunk is a packet or part of one: waiting to fill a segment would only slow it.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ended = {
        let ((near_read, near_write), (far_read, far_write)) = (near.split(), far.split());
        let up = carry(near_read, far_write, &outlook, 2 * connection, |chunk| {
            watcher.passes(connection, Way::Up, chunk);
        });
        let down = carry(far_read, near_write, &outlook, 2 * connection + 1, |chunk| {
            watcher.passes(connection, Way::Down, chunk);
        });
        tokio::select! {
            () = cut => false,
            carried = async { tokio::try_join!(up, down) } => carried.is_ok(),
        }
    };
    if !ended {
        reset(&near);
        reset(&far);
    }
}

/// What is under way: bytes, or the end of them, and when it may arrive.
type Parcel = (Instant, io::Result<Vec<u8>>);

/// Passes bytes on until the end from which they come closes, then closes the other for writing. The end, too, is under way: on a
/// half-open line neither end learns that the other has gone.
async fn carry(
    from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    outlook: &watch::Receiver<Outlook>,
    seed: u64,
    watch: impl Fn(&[u8]),
) -> io::Result<()> {
    let (parcels, arriving) = mpsc::channel(UNDER_WAY);
    let taken = async {
        take(from, parcels, outlook, seed).await;
        Ok(())
    };
    tokio::try_join!(taken, hand_on(to, arriving, outlook.clone(), watch)).map(drop)
}

/// Takes bytes from one end and stamps them with when they may arrive at the other.
async fn take(mut from: ReadHalf<'_>, parcels: mpsc::Sender<Parcel>, outlook: &watch::Receiver<Outlook>, seed: u64) {
    let (mut random, mut chunk) = (Random::new(seed), vec![0; CHUNK]);
    loop {
        let read = from.read(&mut chunk).await.map(|length| chunk[..length].to_vec());
        let last = !matches!(&read, Ok(bytes) if !bytes.is_empty());
        let under_way = match outlook.borrow().weather {
            Weather::Slow { delay, jitter, .. } => delay + jitter.mul_f64(f64::from(random.below(1000)) / 1000.0),
            Weather::Fair | Weather::HalfOpen | Weather::Cut => Duration::ZERO,
        };
        // Nobody takes them any more once the other end is gone.
        if parcels.send((Instant::now() + under_way, read)).await.is_err() || last {
            return;
        }
    }
}

/// Hands on what has arrived, as fast as the weather allows.
async fn hand_on(
    mut to: WriteHalf<'_>,
    mut arriving: mpsc::Receiver<Parcel>,
    mut outlook: watch::Receiver<Outlook>,
    watch: impl Fn(&[u8]),
) -> io::Result<()> {
    while let Some((due, parcel)) = arriving.recv().await {
        sleep_until(due).await;
        passable(&mut outlook).await?;
        let bytes = parcel?;
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, after) = match passable(&mut outlook).await? {
                Weather::Slow { rate, .. } => {
                    let piece = rest.len().min((rate.get() / PIECES).max(1) as usize);
                    let takes = Duration::from_secs_f64(piece as f64 / f64::from(rate.get()));
                    // Weather that changes meanwhile is looked at again, so that no slow piece outlasts a slow line.
                    tokio::select! {
                        () = sleep(takes) => rest.split_at(piece),
                        _ = outlook.changed() => continue,
                    }
                }
                Weather::Fair | Weather::HalfOpen | Weather::Cut => (rest, &rest[rest.len()..]),
            };
            watch(piece);
            to.write_all(piece).await?;
            rest = after;
        }
    }
    Ok(())
}

/// Waits until something passes, and says how.
async fn passable(outlook: &mut watch::Receiver<Outlook>) -> io::Result<Weather> {
    let passes = outlook.wait_for(|now| now.weather != Weather::HalfOpen).await;
    passes.map(|now| now.weather).map_err(|_| io::ErrorKind::NotConnected.into())
}

/// Has the coming drop say RST instead of FIN: a cut line takes no leave.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::tape::Tape;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(5);

    /// Long beside what an echo takes on a fair line.
    const A_WHILE: Duration = Duration::from_millis(200);

    /// A far end that says everything back.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    async fn said_back(stream: &mut TcpStream, words: &[u8]) -> io::Result<bool> {
        stream.write_all(words).await?;
        let mut heard = vec![0; words.len()];
        timeout(PATIENCE, stream.read_exact(&mut heard)).await.expect("an answer in time")?;
        Ok(heard == words)
    }

    #[tokio::test]
    async fn what_goes_in_at_one_end_comes_out_at_the_other_and_the_watcher_sees_it() {
        let tape = Arc::new(Tape::default());
        let line = Line::lay(echo().await, Arc::clone(&tape)).await.unwrap();
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        let words = vec![7; 3 * CHUNK + 1];
        assert!(said_back(&mut stream, &words).await.unwrap());
        assert_eq!(tape.streams().len(), 2);
        assert!(tape.streams().iter().all(|stream| *stream == words));
    }

    #[tokio::test]
    async fn a_cut_line_resets_what_was_connected_and_whoever_tries_again() {
        let line = Line::lay(echo().await, Arc::new(())).await.unwrap();
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        assert!(said_back(&mut stream, b"before").await.unwrap());
        line.cut().await;
        assert!(said_back(&mut stream, b"after").await.is_err());
        // The kernel may have completed the handshake before the line could refuse; nothing comes through either way.
        if let Ok(mut again) = TcpStream::connect(line.address()).await {
            assert!(said_back(&mut again, b"again").await.is_err());
        }
    }

    #[tokio::test]
    async fn a_restored_line_carries_again_on_the_same_port() {
        let line = Line::lay(echo().await, Arc::new(())).await.unwrap();
        line.cut().await;
        line.restore().await;
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        assert!(said_back(&mut stream, b"hello").await.unwrap());
    }

    #[tokio::test]
    async fn a_dropped_line_takes_its_connections_and_its_port_with_it() {
        let line = Line::lay(echo().await, Arc::new(())).await.unwrap();
        let address = line.address();
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(said_back(&mut stream, b"before").await.unwrap());
        drop(line);
        assert_eq!(timeout(PATIENCE, stream.read(&mut [0])).await.unwrap().unwrap_or(0), 0);
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_far_end_that_is_not_there_is_a_reset() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let line = Line::lay(gone, Arc::new(())).await.unwrap();
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        assert!(said_back(&mut stream, b"hello").await.is_err());
    }

    #[tokio::test]
    async fn a_slow_line_takes_its_time_and_loses_nothing() {
        let line = Line::lay(echo().await, Arc::new(())).await.unwrap();
        let (delay, jitter) = (Duration::from_millis(40), Duration::from_millis(20));
        line.turns(Weather::Slow { delay, jitter, rate: NonZeroU32::new(200_000).unwrap() }).await;
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        let words: Vec<u8> = (0..50_000_u32).map(|n| n as u8).collect();
        let began = Instant::now();
        assert!(said_back(&mut stream, &words).await.unwrap());
        // There and back, and 50,000 bytes at 200,000 a second.
        assert!(began.elapsed() >= 2 * delay + Duration::from_millis(250), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_slow_line_that_is_restored_is_fast_at_once() {
        let line = Line::lay(echo().await, Arc::new(())).await.unwrap();
        let rate = NonZeroU32::new(10).unwrap();
        line.turns(Weather::Slow { delay: Duration::ZERO, jitter: Duration::ZERO, rate }).await;
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        let words = [7; 10_000];
        stream.write_all(&words).await.unwrap();
        line.restore().await;
        let mut heard = [0; 10_000];
        timeout(PATIENCE, stream.read_exact(&mut heard)).await.expect("not after a quarter of an hour").unwrap();
        assert_eq!(heard, words);
    }

    #[tokio::test]
    async fn a_half_open_line_is_silent_keeps_its_connections_and_passes_everything_on_later() {
        let line = Line::lay(echo().await, Arc::new(())).await.unwrap();
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        assert!(said_back(&mut stream, b"before").await.unwrap());
        line.turns(Weather::HalfOpen).await;
        stream.write_all(b"meanwhile").await.unwrap();
        let mut heard = [0; 9];
        assert!(timeout(A_WHILE, stream.read_exact(&mut heard)).await.is_err(), "something passed");
        line.restore().await;
        timeout(PATIENCE, stream.read_exact(&mut heard)).await.expect("what was held back").unwrap();
        assert_eq!(&heard, b"meanwhile");
        assert!(said_back(&mut stream, b"after").await.unwrap());
    }

    #[tokio::test]
    async fn on_a_half_open_line_nobody_learns_that_the_other_end_has_gone() {
        let far = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let line = Line::lay(far.local_addr().unwrap(), Arc::new(())).await.unwrap();
        for resets in [false, true] {
            let near = TcpStream::connect(line.address()).await.unwrap();
            let (mut end, _) = far.accept().await.unwrap();
            line.turns(Weather::HalfOpen).await;
            if resets {
                reset(&near);
            }
            drop(near);
            assert!(timeout(A_WHILE, end.read(&mut [0])).await.is_err(), "it learned of it");
            line.restore().await;
            let left = timeout(PATIENCE, end.read(&mut [0])).await.expect("the news, late");
            assert_eq!(left.is_err(), resets, "{left:?}");
        }
    }

    #[tokio::test]
    async fn a_reset_ends_a_connection_that_was_made_a_moment_before() {
        let line = Line::lay(echo().await, Arc::new(())).await.unwrap();
        for _ in 0..100 {
            let _stream = TcpStream::connect(line.address()).await.unwrap();
            timeout(PATIENCE, line.reset()).await.expect("a reset that leaves nothing out");
        }
    }

    #[tokio::test]
    async fn a_reset_ends_what_is_connected_and_nothing_else() {
        let line = Line::lay(echo().await, Arc::new(())).await.unwrap();
        for weather in [Weather::Fair, Weather::HalfOpen] {
            let mut stream = TcpStream::connect(line.address()).await.unwrap();
            assert!(said_back(&mut stream, b"before").await.unwrap());
            line.turns(weather).await;
            line.reset().await;
            assert!(said_back(&mut stream, b"after").await.is_err());
            line.restore().await;
            let mut again = TcpStream::connect(line.address()).await.unwrap();
            assert!(said_back(&mut again, b"again").await.unwrap());
        }
    }
}
