//! What a process takes from outside of it: its memory, as the kernel counts it, and the bytes on its line.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::spawn,
};

/// A process's memory in MiB, as `/proc/<id>/status` has it.
pub(crate) fn memory_mib(process: u32, line: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let found = status.lines().find_map(|own| own.strip_prefix(line)).expect("the kernel says it");
    let kib: f64 = found.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number of kB");
    kib / 1024.0
}

/// What is in memory now.
pub(crate) const NOW: &str = "VmRSS:";

/// The most that ever was.
pub(crate) const PEAK: &str = "VmHWM:";

/// A line to a broker that counts every byte, either way.
pub(crate) struct CountingLine {
    /// Where to connect to.
    pub(crate) address: SocketAddr,
    bytes: Arc<AtomicU64>,
}

impl CountingLine {
    /// A line to `broker`, `address:port`; lasts as long as its connections.
    pub(crate) fn to(broker: &str) -> CountingLine {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let (bytes, broker) = (Arc::new(AtomicU64::new(0)), broker.to_owned());
        let counted = Arc::clone(&bytes);
        // One connection: whoever loses it is not measured any more.
        spawn(move || {
            let (device, _) = listener.accept().expect("the device connects");
            let broker = TcpStream::connect(broker).expect("the broker listens");
            let ends = || (device.try_clone().expect("a socket"), broker.try_clone().expect("a socket"));
            let ((up, to_broker), (to_device, down)) = (ends(), ends());
            let counts = Arc::clone(&counted);
            spawn(move || pass(up, to_broker, &counts));
            pass(down, to_device, &counted);
        });
        CountingLine { address, bytes }
    }

    /// How many have passed.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Passes bytes on until either end closes.
fn pass(mut from: TcpStream, mut to: TcpStream, counted: &AtomicU64) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        counted.fetch_add(length as u64, Ordering::Relaxed);
        if to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
