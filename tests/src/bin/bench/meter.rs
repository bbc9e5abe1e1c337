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

/// What these processes take of memory together, in MiB: what several share is divided among them (`Pss` in proc(5)).
pub(crate) fn proportional_mib(processes: &[u32]) -> f64 {
    let kib = |process: &u32| -> Option<f64> {
        let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()
    };
    // One may have ended meanwhile; the first is who was asked for.
    let all: Vec<f64> = processes.iter().filter_map(kib).collect();
    assert!(!all.is_empty(), "the process runs");
    all.iter().sum::<f64>() / 1024.0
}

/// A process and all that came of it.
pub(crate) fn family(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let children: Vec<u32> = children
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect();
    [process].into_iter().chain(children.into_iter().flat_map(family)).collect()
}

/// How long the threads of a process have had a processor, in seconds, to the nanosecond (`schedstat` in proc(5)).
pub(crate) fn processor_seconds(process: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the process runs").flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let spent = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        spent.split(' ').next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e9
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
