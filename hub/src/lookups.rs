//! How often a device may ask for one customer: seldom enough that a stolen one does not read the customers out by guessing tokens, and
//! that none keeps head office from the others.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use touchpoint_protocol::name::DeviceId;

/// Questions in a row, and how long until there may be one more: with both, never more than thirty within a minute. A device asks ten
/// times at most.
const IN_A_ROW: u32 = 15;
const ONE_MORE: Duration = Duration::from_secs(4);

/// Devices that are remembered before those are forgotten which have asked nothing of late.
const REMEMBERED: usize = 1_000;

/// What each device has asked of late. Each process of head office counts for itself.
#[derive(Debug, Default)]
pub(crate) struct Lookups(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    devices: HashMap<DeviceId, Allowance>,
    refused: u64,
}

#[derive(Debug)]
struct Allowance {
    left: u32,
    counted: Instant,
}

impl Lookups {
    /// Whether this device may ask now. If so, it counts as asked; if not, as refused.
    pub(crate) fn may_ask(&self, device: &DeviceId, now: Instant) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.devices.len() >= REMEMBERED {
            inner.devices.retain(|_, allowance| allowance.refill(now) < IN_A_ROW);
        }
        let full = Allowance { left: IN_A_ROW, counted: now };
        let allowance = inner.devices.entry(device.clone()).or_insert(full);
        let may = allowance.refill(now) > 0;
        allowance.left -= u32::from(may);
        inner.refused += u64::from(!may);
        may
    }

    /// How many were refused since this was asked last.
    pub(crate) fn take_refused(&self) -> u64 {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).refused)
    }
}

impl Allowance {
    /// How many questions there are left now.
    fn refill(&mut self, now: Instant) -> u32 {
        while self.left < IN_A_ROW && now.saturating_duration_since(self.counted) >= ONE_MORE {
            self.left += 1;
            self.counted += ONE_MORE;
        }
        if self.left == IN_A_ROW {
            self.counted = now;
        }
        self.left
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_asks_all_the_time_is_answered_thirty_times_a_minute_at_most_and_others_are_answered() {
        let (lookups, start) = (Lookups::default(), Instant::now());
        let (greedy, modest) = ("kiosk-1".parse().unwrap(), "kiosk-2".parse().unwrap());
        let at = |tenth: u64| start + Duration::from_millis(100 * tenth);
        let answered: Vec<u64> = (0..3000).filter(|&tenth| lookups.may_ask(&greedy, at(tenth))).collect();
        for many in answered.windows(31) {
            assert!(many[30] - many[0] >= 600, "{many:?}");
        }
        assert!(answered.len() > 80, "{}", answered.len());
        assert_eq!(lookups.take_refused(), 3000 - answered.len() as u64);
        assert_eq!(lookups.take_refused(), 0);
        assert!(lookups.may_ask(&modest, at(3000)));
    }

    #[test]
    fn devices_that_ask_no_more_are_forgotten() {
        let (lookups, start) = (Lookups::default(), Instant::now());
        for number in 0..REMEMBERED {
            lookups.may_ask(&format!("kiosk-{number}").parse().unwrap(), start);
        }
        lookups.may_ask(&"late".parse().unwrap(), start + ONE_MORE);
        assert_eq!(lookups.0.lock().unwrap().devices.len(), 1);
    }
}
