//! When to try again: late enough not to hurt a broker that thousands of devices lost at the same moment.

use std::time::Duration;

use crate::random;

/// Ceiling of the first wait. A second is about what a broker needs to restart.
const FIRST: Duration = Duration::from_secs(1);

/// Ceiling of every later wait. A minute is as long as an operator watches a line come back.
const LONGEST: Duration = Duration::from_secs(60);

/// A connection that lasted this long counts as stable. Shorter ones may be a device that two connections fight over,
/// or a message that breaks the line each time: resetting then would make a fast loop of it.
const STABLE: Duration = Duration::from_secs(30);

/// Exponential back-off with full jitter: ceilings of 1 s doubling to 60 s, and the wait anywhere below the ceiling,
/// so that a crowd spreads out.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to wait after a connection failed that had been usable for `connected_for` (zero if it never was).
    pub fn failed(&mut self, connected_for: Duration) -> Duration {
        // The share of the ceiling: all 53 bits that a float between 0 and 1 can tell apart.
        self.wait(connected_for, (random::number() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// The same, with a random number from 0 to 1.
    fn wait(&mut self, connected_for: Duration, random: f64) -> Duration {
        if connected_for >= STABLE {
            self.failures = 0;
        }
        let ceiling = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        // Not a number is treated as 1: to wait too long is the safe mistake.
        ceiling.mul_f64(if random.is_nan() { 1.0 } else { random.clamp(0.0, 1.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ceilings(backoff: &mut Backoff, count: usize) -> Vec<u64> {
        (0..count).map(|_| backoff.wait(Duration::ZERO, 1.0).as_secs()).collect()
    }

    #[test]
    fn waits_double_up_to_a_minute_and_stay_there() {
        let mut backoff = Backoff::default();
        assert_eq!(ceilings(&mut backoff, 9), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        backoff.failures = u32::MAX;
        assert_eq!(ceilings(&mut backoff, 2), [60, 60]);
    }

    #[test]
    fn a_wait_is_anywhere_below_its_ceiling() {
        let wait = |random| Backoff::default().wait(Duration::ZERO, random);
        assert_eq!(wait(0.0), Duration::ZERO);
        assert_eq!(wait(0.25), Duration::from_millis(250));
        assert_eq!(wait(-3.0), Duration::ZERO);
        assert_eq!(wait(7.0), FIRST);
        assert_eq!(wait(f64::NAN), FIRST);
    }

    #[test]
    fn only_a_stable_connection_starts_over() {
        let mut backoff = Backoff::default();
        ceilings(&mut backoff, 5);
        assert_eq!(backoff.wait(STABLE - Duration::from_millis(1), 1.0).as_secs(), 32);
        assert_eq!(backoff.wait(STABLE, 1.0).as_secs(), 1);
        assert_eq!(backoff.wait(Duration::ZERO, 1.0).as_secs(), 2);
    }
}
