//! The line between a device and its broker: a TCP proxy that can be cut and restored.
//!
//! Cut, it resets every connection and every attempt to make one, as a router does that has lost its uplink; the port stays ours.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
};

/// Most that is read from one end before it is passed to the other, in bytes, for each direction of each connection.
const CHUNK: usize = 16 * 1024;

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
    open: bool,
    done: oneshot::Sender<()>,
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

    /// Cuts the line; returns when no connection is left.
    pub async fn cut(&self) {
        self.order(false).await;
    }

    /// Restores the line.
    pub async fn restore(&self) {
        self.order(true).await;
    }

    async fn order(&self, open: bool) {
        let (done, carried_out) = oneshot::channel();
        // The task ends with this line and not before, so that an order always finds it.
        if self.orders.send(Order { open, done }).await.is_ok() {
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
    let (open, _) = watch::channel(true);
    let mut connections = JoinSet::new();
    let mut count = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((near, _)) = accepted else { continue };
                if *open.borrow() && connections.len() < CONNECTIONS {
                    count += 1;
                    connections.spawn(connect(near, far, count, Arc::clone(&watcher), open.subscribe()));
                } else {
                    reset(&near);
                }
            }
            Some(order) = orders.recv() => {
                open.send_replace(order.open);
                while !order.open && connections.join_next().await.is_some() {}
                let _ = order.done.send(());
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until both ends have closed it or the line is cut.
async fn connect<W: Watcher>(
    near: TcpStream,
    far: SocketAddr,
    count: u64,
    watcher: Arc<W>,
    open: watch::Receiver<bool>,
) {
    let (mut near, mut cut) = (near, open);
    let cut = async { _ = cut.wait_for(|open| !open).await };
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
        let up = carry(near_read, far_write, |chunk| watcher.passes(count, Way::Up, chunk));
        let down = carry(far_read, near_write, |chunk| watcher.passes(count, Way::Down, chunk));
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

/// Passes bytes on until the end from which they come closes, then closes the other for writing.
async fn carry(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, watch: impl Fn(&[u8])) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk).await? {
            0 => return to.shutdown().await,
            read => {
                watch(&chunk[..read]);
                to.write_all(&chunk[..read]).await?;
            }
        }
    }
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
    use std::time::Duration;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(5);

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
}
