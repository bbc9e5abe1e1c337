//! Presses on the glass and on the keys beside it: which of them a customer meant.
//!
//! Time and place are passed in; nothing here knows a device or a screen.

use std::time::Duration;
use touchpoint_display::{Point, Side};

/// How long a screen must have been there before a press can be meant for it. Nobody sees, understands and presses sooner; what comes
/// sooner was on its way to the screen before, or waited behind the drawing of this one.
const SETTLING: Duration = Duration::from_millis(350);

/// How soon after one press the same again is no other: a worn key chatters and a hand trembles for less, and who means it twice is
/// slower.
const BOUNCE: Duration = Duration::from_millis(300);

/// How near two touches are the same, in pixels to either side: half of the smallest button, on the usual panel of an ATM. On a panel
/// with more pixels it is less of a finger, and still more than a finger trembles.
const NEAR: u32 = 33;

/// One press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Of the glass, in pixels from its top left.
    Touch(Point),
    /// Of a function key: its side of the glass, and its number from the top, from 0.
    Key(Side, usize),
}

/// What was pressed last, and since when there is something to press.
#[derive(Debug, Default)]
pub struct Presses {
    shown: Duration,
    last: Option<(Press, Duration)>,
}

impl Presses {
    /// Another screen is on the glass, since this time after boot.
    pub fn shown(&mut self, now: Duration) {
        self.shown = now;
    }

    /// Whether a press counts that comes now, after boot.
    pub fn counts(&mut self, press: Press, now: Duration) -> bool {
        // Each press of a chattering key puts off the next that counts, so that it never answers by itself.
        let again = self.last.replace((press, now)).is_some_and(|(last, at)| last.is(press) && now < at + BOUNCE);
        !again && now >= self.shown + SETTLING
    }
}

impl Press {
    /// Whether both are on the same spot.
    fn is(self, other: Press) -> bool {
        match (self, other) {
            (Press::Touch(one), Press::Touch(other)) => {
                one.x.abs_diff(other.x) <= NEAR && one.y.abs_diff(other.y) <= NEAR
            }
            (one, other) => one == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Press = Press::Key(Side::Left, 1);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_press_that_was_meant_for_the_screen_before_counts_for_nothing() {
        let mut presses = Presses::default();
        presses.shown(ms(10_000));
        assert!(!presses.counts(LEFT, ms(10_000)));
        assert!(!presses.counts(Press::Key(Side::Right, 1), ms(10_349)));
        assert!(presses.counts(Press::Touch(Point::new(5, 5)), ms(10_350)));
    }

    #[test]
    fn the_same_press_counts_once_and_another_one_at_once() {
        let mut presses = Presses::default();
        assert!(presses.counts(LEFT, ms(1_000)));
        assert!(!presses.counts(LEFT, ms(1_299)));
        assert!(presses.counts(Press::Key(Side::Left, 2), ms(1_300)));
        assert!(presses.counts(LEFT, ms(1_301)));
        assert!(presses.counts(LEFT, ms(1_601)));
    }

    #[test]
    fn a_key_that_chatters_on_and_on_is_pressed_once() {
        let mut presses = Presses::default();
        let counted = (0..100).filter(|beat| presses.counts(LEFT, ms(1_000 + beat * 100))).count();
        assert_eq!(counted, 1);
    }

    #[test]
    fn a_finger_that_trembles_touches_once() {
        let mut presses = Presses::default();
        let mut touch = |x, y, at| presses.counts(Press::Touch(Point::new(x, y)), ms(at));
        assert!(touch(400, 300, 1_000));
        assert!(!touch(433, 267, 1_020));
        assert!(touch(500, 267, 1_040));
    }

    #[test]
    fn no_place_is_too_far_away_to_be_told_apart() {
        let mut presses = Presses::default();
        assert!(presses.counts(Press::Touch(Point::new(i32::MIN, i32::MIN)), ms(1_000)));
        assert!(presses.counts(Press::Touch(Point::new(i32::MAX, i32::MAX)), ms(1_001)));
    }
}
