//! How soon a connection's thread is given a processor, which decides how long a look-up takes while a snapshot is written beside.
//!
//! The scheduler lets whoever runs finish a slice of some milliseconds before a thread of the same class that has just been woken
//! (EEVDF, since Linux 6.6), however nice the one that runs: with a niceness of 10 a look-up took as long as with 0. Only another
//! class goes before.

use rustix::process::nice;
use std::io;

/// How much nicer than the rest of the program a thread in the background is: a tenth of the processor if others need it. Not
/// `SCHED_IDLE`, where a machine that is always busy would never see the end of a write.
const NICENESS: i32 = 10;

/// The lowest of the priorities that go before every ordinary thread: whatever else on the machine has one goes before this.
const LOWEST: libc::c_int = 1;

/// How soon a thread is given a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// At once: a customer waits. For tasks of less than a millisecond.
    Urgent,
    /// In its turn.
    Ordinary,
    /// When nobody else needs it much.
    Background,
}

impl Priority {
    /// Gives the calling thread this priority, if the system allows it: a service manager does where the unit says so
    /// (`LimitRTPRIO=1`). Without, everything works, and takes a slice longer on a busy machine.
    pub(crate) fn assume(self) {
        let assumed = match self {
            Priority::Urgent => before_ordinary(),
            Priority::Ordinary => Ok(()),
            // On Linux a niceness is a thread's own (`setpriority(2)`, notes).
            Priority::Background => nice(NICENESS).map(drop).map_err(io::Error::from),
        };
        if let Err(error) = assumed {
            tracing::debug!(%error, priority = ?self, "a thread keeps its priority");
        }
    }
}

/// Puts the calling thread in the class `SCHED_RR` (sched(7)).
#[allow(unsafe_code)]
fn before_ordinary() -> io::Result<()> {
    // SAFETY: all zeros is a valid `sched_param`; libraries other than glibc's have more fields in it.
    let mut parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    parameters.sched_priority = LOWEST;
    // SAFETY: 0 is the calling thread, and the call only reads the parameters, which live until it returns.
    let failed = unsafe { libc::sched_setscheduler(0, libc::SCHED_RR, &parameters) } != 0;
    if failed { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::thread;

    use super::*;

    /// Class and niceness of the calling thread, as the kernel tells them (proc_pid_stat(5), fields 41 and 19).
    fn standing() -> (u32, i32) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split(' ').collect();
        (fields[41 - 3].parse().unwrap(), fields[19 - 3].parse().unwrap())
    }

    fn of(priority: Priority) -> (u32, i32) {
        let thread = thread::spawn(move || {
            priority.assume();
            standing()
        });
        thread.join().unwrap()
    }

    #[test]
    fn a_thread_in_the_background_is_nicer_and_an_ordinary_one_as_it_was() {
        let (class, niceness) = standing();
        assert_eq!(of(Priority::Ordinary), (class, niceness));
        assert_eq!(of(Priority::Background), (class, (niceness + NICENESS).min(19)));
    }

    #[test]
    fn an_urgent_thread_goes_before_ordinary_ones_where_the_system_allows_it_and_is_one_of_them_otherwise() {
        let allowed = rustix::process::getrlimit(rustix::process::Resource::Rtprio).current != Some(0)
            || rustix::process::geteuid().is_root();
        let expected = if allowed { libc::SCHED_RR } else { libc::SCHED_OTHER };
        assert_eq!(of(Priority::Urgent).0, expected.unsigned_abs());
    }
}
