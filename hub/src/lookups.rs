//! How often a device may ask for one customer: seldom enough that a stolen one does not read the customers out by guessing tokens, and
//! that none keeps head office from the others.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use touchpoint_protocol::{allowance::Allowance, name::DeviceId};

/// Questions in a row, and how long until there may be one more: with both, never more than thirty within a minute. A device asks ten
/// times at most.
const IN_A_ROW: u32 = 15;
const ONE_MORE: Duration = Duration::from_secs(4);

/// Devices that are remembered before those are forgotten which have asked nothing of late.
const REMEMBERED: usize = 1_000;

/// What each device has asked of late. Each process of head office counts for itself.
#[derive(Debug, Default)]
pub(crate) struct Lookups(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    /// What times are counted from.
    began: Instant,
    devices: HashMap<DeviceId, Allowance>,
    refused: u64,
}

impl Lookups {
    /// Whether this device may ask now. If so, it counts as asked; if not, as refused.
    pub(crate) fn may_ask(&self, device: &DeviceId, now: Instant) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.saturating_duration_since(inner.began);
        if inner.devices.len() >= REMEMBERED {
            inner.devices.retain(|_, allowance| !allowance.is_whole(now));
        }
        let whole = Allowance::new(IN_A_ROW, ONE_MORE);
        let may = inner.devices.entry(device.clone()).or_insert(whole).take(now);
        inner.refused += u64::from(!may);
        may
    }

    /// How many were refused since this was asked last.
    pub(crate) fn take_refused(&self) -> u64 {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).refused)
    }
}

impl Default for Inner {
    fn default() -> Inner {
        Inner { began: Instant::now(), devices: HashMap::new(), refused: 0 }
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
