//! How often something may be done: a few times in a row, and then once in a while. What a device may ask is bounded at both ends, by
//! the same reckoning.

use std::time::Duration;

/// What is left of an allowance. Times are those since any moment that stays the same.
#[derive(Debug, Clone)]
pub struct Allowance {
    in_a_row: u32,
    one_more: Duration,
    left: u32,
    /// Up to when the times that came back are counted.
    counted: Duration,
}

impl Allowance {
    /// A whole one: so many times in a row, and one more after each such time.
    pub const fn new(in_a_row: u32, one_more: Duration) -> Allowance {
        Allowance { in_a_row, one_more, left: in_a_row, counted: Duration::ZERO }
    }

    /// Whether it may be done now. If so, it counts as done.
    pub fn take(&mut self, now: Duration) -> bool {
        self.refill(now);
        let may = self.left > 0;
        self.left -= u32::from(may);
        may
    }

    /// Whether it is whole again, as if nothing had ever been done.
    pub fn is_whole(&mut self, now: Duration) -> bool {
        self.refill(now);
        self.left == self.in_a_row
    }

    fn refill(&mut self, now: Duration) {
        while self.left < self.in_a_row && now.saturating_sub(self.counted) >= self.one_more {
            self.left += 1;
            self.counted += self.one_more;
        }
        if self.left == self.in_a_row {
            self.counted = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_in_a_row_comes_back_one_by_one_and_never_more_of_it() {
        let seconds = Duration::from_secs;
        let mut allowance = Allowance::new(2, seconds(10));
        let mut done = |now| allowance.take(seconds(now));
        assert_eq!([100, 100, 100, 109, 110, 111, 120].map(&mut done), [true, true, false, false, true, false, true]);
        assert!(!allowance.is_whole(seconds(139)));
        assert!(allowance.is_whole(seconds(140)));
        let mut done = |now| allowance.take(seconds(now));
        assert_eq!([999, 999, 999].map(&mut done), [true, true, false], "waiting longer saves nothing up");
    }
}
