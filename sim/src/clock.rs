//! A clock that moves only when told, so that a visit of 25 seconds takes none.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};
use tokio::sync::watch;
use touchpoint_agent::clock::Clock;
use touchpoint_protocol::{
    interaction::{ClockQuality, Moment},
    name::BootId,
    utc::Utc,
};

/// When the clock begins, in milliseconds since 1970: Monday 2 November 2026, 09:00 UTC.
const BEGINS: i64 = 1_793_610_000_000;

/// How long the simulated machine has been running by then.
const BOOTED: Duration = Duration::from_secs(90);

/// A simulated machine's clock, synchronised, in one boot. It survives restarts of the agent, as a machine's does.
#[derive(Debug)]
pub struct SimulatedClock {
    boot: BootId,
    since_boot: watch::Sender<Duration>,
    /// Milliseconds by which it has been set forward, or back.
    set_by: AtomicI64,
}

impl SimulatedClock {
    /// A clock that stands at 2026-11-02T09:00:00Z.
    #[expect(clippy::expect_used, reason = "the literal is a name")]
    pub fn new() -> SimulatedClock {
        let boot = "simulated-boot".parse().expect("a boot id");
        SimulatedClock { boot, since_boot: watch::Sender::new(BOOTED), set_by: AtomicI64::new(0) }
    }

    /// Moves the clock on, and wakes whoever waited for a time that has come.
    pub fn advance(&self, by: Duration) {
        self.since_boot.send_modify(|since_boot| *since_boot += by);
    }

    /// Sets the clock forward, or back: no time passes, it only says something else.
    pub fn set(&self, by_millis: i64) {
        self.set_by.fetch_add(by_millis, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Moment {
        let since_boot = self.since_boot();
        Moment {
            utc: Utc::from_millis(BEGINS)
                .plus_millis(millis(since_boot - BOOTED))
                .plus_millis(self.set_by.load(Ordering::Relaxed)),
            boot: self.boot.clone(),
            since_boot_ms: millis(since_boot).unsigned_abs(),
            clock: ClockQuality::Synchronised,
        }
    }

    fn since_boot(&self) -> Duration {
        *self.since_boot.borrow()
    }

    async fn reach(&self, since_boot: Duration) {
        // The sender is this clock's own, so that waiting cannot fail while it is borrowed here.
        let _ = self.since_boot.subscribe().wait_for(|now| *now >= since_boot).await;
    }
}

impl Default for SimulatedClock {
    fn default() -> Self {
        Self::new()
    }
}

/// Whole milliseconds; no simulation lasts 292 million years.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    #[test]
    fn the_clock_stands_until_it_is_moved() {
        let clock = SimulatedClock::new();
        assert_eq!(clock.now().utc.to_string(), "2026-11-02T09:00:00.000Z");
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_millis(1_500));
        let now = clock.now();
        assert_eq!((now.utc.to_string().as_str(), now.since_boot_ms), ("2026-11-02T09:00:01.500Z", 91_500));
    }

    #[test]
    fn a_time_is_reached_when_the_clock_is_moved_there_and_not_before() {
        let clock = SimulatedClock::new();
        let mut reached = pin!(clock.reach(BOOTED + Duration::from_secs(25)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(reached.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_secs(24));
        assert!(reached.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_secs(1));
        assert!(reached.as_mut().poll(&mut context).is_ready());
        assert!(pin!(clock.reach(BOOTED)).poll(&mut context).is_ready(), "a time gone by is reached at once");
    }
}
