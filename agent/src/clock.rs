//! Time, passed in: a visit never asks the machine, so that 25 seconds pass instantly in a simulator.

use rustix::time::{ClockId, clock_gettime};
use std::{future::Future, time::Duration};
use touchpoint_protocol::{
    interaction::Moment,
    name::{BootId, NameError},
    utc::Utc,
};

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Now, as a record keeps it.
    fn now(&self) -> Moment;

    /// Time since the machine started, suspended time included; never goes back, whatever the clock says.
    fn since_boot(&self) -> Duration;

    /// Resolves once [`Clock::since_boot`] has reached this.
    fn reach(&self, since_boot: Duration) -> impl Future<Output = ()> + Send;
}

/// The machine's own clock.
#[derive(Debug)]
pub struct SystemClock {
    boot: BootId,
}

/// Where the kernel names this run of the machine (proc(5)).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The machine does not say which boot this is.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The file cannot be read.
    #[error("cannot read {BOOT_ID}")]
    Read(#[source] std::io::Error),
    /// It holds something else than an id.
    #[error("{BOOT_ID} holds no boot id")]
    BootId(#[source] NameError),
}

impl SystemClock {
    /// Reads which boot this is.
    ///
    /// # Errors
    /// The kernel does not say.
    pub fn new() -> Result<SystemClock, ClockError> {
        let text = std::fs::read_to_string(BOOT_ID).map_err(ClockError::Read)?;
        Ok(SystemClock { boot: text.trim().parse().map_err(ClockError::BootId)? })
    }
}

/// What the machine's clock says, for who records nothing.
pub(crate) fn utc_now() -> Utc {
    let utc = clock_gettime(ClockId::Realtime);
    Utc::from_millis(utc.tv_sec.saturating_mul(1000).saturating_add(utc.tv_nsec / 1_000_000))
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment {
            utc: utc_now(),
            boot: self.boot.clone(),
            since_boot_ms: u64::try_from(self.since_boot().as_millis()).unwrap_or(u64::MAX),
            clock: kernel::clock_quality(),
        }
    }

    fn since_boot(&self) -> Duration {
        // CLOCK_BOOTTIME, not CLOCK_MONOTONIC: a kiosk that slept for an hour has kept nobody waiting for a second.
        let since = clock_gettime(ClockId::Boottime);
        Duration::new(since.tv_sec.unsigned_abs(), u32::try_from(since.tv_nsec).unwrap_or(0))
    }

    async fn reach(&self, since_boot: Duration) {
        // A timer may wake a little early, and knows nothing of suspended time: ask the clock until it says so.
        while let Some(left) = since_boot.checked_sub(self.since_boot()).filter(|left| !left.is_zero()) {
            tokio::time::sleep(left).await;
        }
    }
}

/// The one question about time that no safe library asks.
#[allow(unsafe_code)]
mod kernel {
    use touchpoint_protocol::interaction::ClockQuality;

    /// What adjtimex(2) says of the clock: whether a time server disciplines it.
    pub(super) fn clock_quality() -> ClockQuality {
        // SAFETY: `timex` is a plain C struct of integers, for which all zeros is a valid value; modes = 0 only reads.
        let state = unsafe {
            let mut request: libc::timex = std::mem::zeroed();
            libc::adjtimex(&mut request)
        };
        // TIME_ERROR is also what an unprivileged caller gets while STA_UNSYNC is set; -1 means the kernel would not say.
        match state {
            libc::TIME_ERROR | -1 => ClockQuality::Unsynchronised,
            _ => ClockQuality::Synchronised,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_moment_is_reached_no_earlier_than_it_is() {
        let clock = SystemClock::new().unwrap();
        let moment = clock.since_boot() + Duration::from_millis(30);
        clock.reach(moment).await;
        assert!(clock.since_boot() >= moment);
    }

    #[test]
    fn two_moments_of_one_run_are_ordered_and_of_one_boot() {
        let clock = SystemClock::new().unwrap();
        let (first, second) = (clock.now(), clock.now());
        assert!(first.since_boot_ms <= second.since_boot_ms && first.boot == second.boot);
    }
}
