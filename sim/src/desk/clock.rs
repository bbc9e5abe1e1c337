//! The machine's own clock, which can be set: time passes as it does, and the device believes what it is told.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};
use touchpoint_agent::clock::{Clock, ClockError, SystemClock};
use touchpoint_protocol::{interaction::Moment, utc::Utc};

/// A device's clock on this machine. It survives restarts of the agent, as a real one does.
#[derive(Debug)]
pub struct DeskClock {
    clock: SystemClock,
    /// Milliseconds by which it has been set forward, or back.
    set_by: AtomicI64,
}

impl DeskClock {
    /// A clock that is right.
    ///
    /// # Errors
    /// The kernel does not say which boot this is.
    pub fn new() -> Result<DeskClock, ClockError> {
        Ok(DeskClock { clock: SystemClock::new()?, set_by: AtomicI64::new(0) })
    }

    /// Sets it by so much forward, or back.
    pub fn set(&self, by_millis: i64) {
        self.set_by.fetch_add(by_millis, Ordering::Relaxed);
    }

    /// Sets it to this time.
    pub fn set_to(&self, utc: Utc) {
        self.set(utc.as_millis() - self.now().utc.as_millis());
    }

    /// By how many milliseconds it is ahead of this machine's.
    pub fn ahead(&self) -> i64 {
        self.set_by.load(Ordering::Relaxed)
    }
}

impl Clock for DeskClock {
    fn now(&self) -> Moment {
        let now = self.clock.now();
        Moment { utc: now.utc.plus_millis(self.ahead()), ..now }
    }

    fn since_boot(&self) -> Duration {
        self.clock.since_boot()
    }

    async fn reach(&self, since_boot: Duration) {
        self.clock.reach(since_boot).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_says_another_time_and_keeps_counting_from_the_same_boot() {
        let clock = DeskClock::new().unwrap();
        let before = clock.now();
        let monday: Utc = "2026-11-02T10:15:00+01:00".parse().unwrap();
        clock.set_to(monday);
        let after = clock.now();
        assert!((0..5_000).contains(&(after.utc.as_millis() - monday.as_millis())), "{}", after.utc);
        assert_eq!(before.boot, after.boot);
        assert!(after.since_boot_ms - before.since_boot_ms < 5_000);
    }
}
