//! The time an offer has left: a bar that shrinks to where lines begin. It moves ten times a second, so a step costs no more than
//! the few pixels at its end.

use std::time::Duration;

use embedded_graphics::{geometry::Size, primitives::Rectangle};

use crate::{frame::Frame, mask, theme::Theme, view::Offer};

/// Percent of the outline's colour in the time to read.
const READING_PALER: u8 = 55;

/// The bar, and the time it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Countdown {
    bar: Rectangle,
    time: Time,
    /// What is drawn; `None` if that may not be on the glass.
    drawn: Option<Duration>,
}

/// The time an offer has, and which way its bar shrinks. The time to read is paler and goes first, so that what is left in
/// full colour is the time to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Time {
    total: Duration,
    answering: Duration,
    mirrored: bool,
}

/// How far the bar reaches, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reach {
    /// The time to read, while there is some.
    reading: Option<u32>,
    /// The time to answer.
    answering: u32,
}

impl Countdown {
    /// The countdown of an offer. Touches no pixel outside `bar`.
    pub(crate) fn of(offer: &Offer, bar: Rectangle, mirrored: bool) -> Self {
        let [total, reading] =
            [offer.seconds_total, offer.reading_seconds()].map(|seconds| Duration::from_secs(seconds.into()));
        Self { bar, time: Time { total, answering: total.saturating_sub(reading), mirrored }, drawn: None }
    }

    /// Draws the time that is left where it differs from what is drawn already, and says whether it did anywhere.
    pub(crate) fn draw(&mut self, frame: &mut Frame, theme: &Theme, left: Duration) -> bool {
        let reach = self.reach(left);
        let changed = match self.drawn.replace(left) {
            Some(before) => self.between(self.reach(before), reach),
            None => self.bar,
        };
        if changed.is_zero_sized() {
            return false;
        }
        frame.within(changed, |frame| self.paint(frame, theme, reach));
        true
    }

    /// The panel did not take what was drawn: the next time all of it is.
    pub(crate) const fn forget(&mut self) {
        self.drawn = None;
    }

    fn paint(&self, frame: &mut Frame, theme: &Theme, reach: Reach) {
        mask::fill(frame, self.bar, theme.background);
        if self.time.total.is_zero() {
            return;
        }
        let radius = self.radius();
        mask::rounded(frame, self.bar, radius, theme.outline);
        if let Some(width) = reach.reading {
            mask::rounded(frame, self.part(0, width), radius, theme.accent.mix(theme.outline, READING_PALER));
        }
        mask::rounded(frame, self.part(0, reach.answering), radius, theme.accent);
    }

    fn reach(&self, left: Duration) -> Reach {
        let Time { total, answering, .. } = self.time;
        let width = |left: Duration| {
            let pixels = u128::from(self.bar.size.width) * left.min(total).as_millis();
            // Not wider than the bar.
            pixels.checked_div(total.as_millis()).unwrap_or(0) as u32
        };
        Reach { reading: (left > answering).then(|| width(left)), answering: width(left.min(answering)) }
    }

    /// Where two states of the bar may differ: what one reaches beyond the other, and its round end.
    fn between(&self, one: Reach, other: Reach) -> Rectangle {
        if one == other {
            return self.part(0, 0);
        }
        let ends = [one, other].map(|reach| reach.reading.unwrap_or(reach.answering));
        let (short, long) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        // One too short for its round ends is of another shape from its beginning on, where one also shines through the other.
        let whole = short < 2 * self.radius() || one.reading.is_some() != other.reading.is_some();
        let start = if whole { 0 } else { short - self.radius() };
        self.part(start, long)
    }

    /// The bar between two distances from where it begins.
    fn part(&self, start: u32, end: u32) -> Rectangle {
        let left = if self.time.mirrored { self.bar.size.width - end } else { start };
        Rectangle::new(self.bar.top_left + Size::new(left, 0), Size::new(end - start, self.bar.size.height))
    }

    const fn radius(&self) -> u32 {
        self.bar.size.height / 2
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use embedded_graphics::geometry::Point;
    use proptest::prelude::*;

    use super::*;

    fn canvas() -> Frame {
        Frame::new(Size::new(300, 20))
    }

    proptest! {
        #[test]
        fn step_by_step_it_comes_to_the_picture_that_is_drawn_at_once(
            (width, height) in (0_u32..260, 0_u32..12),
            steps in proptest::collection::vec(0..27_000_u64, 1..12),
            (words, seconds_total, mirrored) in (0..200_usize, 0..26_u32, any::<bool>()),
        ) {
            let offer = Offer { body: "x".repeat(words), seconds_total, ..Offer::default() };
            let bar = Rectangle::new(Point::new(20, 4), Size::new(width, height));
            let theme = Theme::default();
            let (mut frame, mut countdown) = (canvas(), Countdown::of(&offer, bar, mirrored));
            for left in steps.into_iter().map(Duration::from_millis) {
                let before = frame.clone();
                let changed = countdown.draw(&mut frame, &theme, left);
                prop_assert!(changed || before.pixels() == frame.pixels());
                let mut at_once = canvas();
                Countdown::of(&offer, bar, mirrored).draw(&mut at_once, &theme, left);
                prop_assert_eq!(frame.pixels(), at_once.pixels());
            }
            prop_assert!(frame.take_damage().iter().all(|area| bar.intersection(area) == *area));
        }
    }

    #[test]
    fn a_step_changes_the_end_of_the_bar_alone_and_a_step_of_nothing_nothing() {
        let offer = Offer { seconds_total: 25, ..Offer::default() };
        let bar = Rectangle::new(Point::new(0, 4), Size::new(250, 8));
        let (mut frame, mut countdown) = (canvas(), Countdown::of(&offer, bar, false));
        assert!(countdown.draw(&mut frame, &Theme::default(), Duration::from_secs(20)));
        assert_eq!(frame.take_damage(), [bar]);
        assert!(countdown.draw(&mut frame, &Theme::default(), Duration::from_millis(19_900)));
        let end = Rectangle::new(Point::new(195, 4), Size::new(5, 8));
        assert_eq!(frame.take_damage(), [end]);
        assert!(!countdown.draw(&mut frame, &Theme::default(), Duration::from_millis(19_900)));
        assert!(frame.take_damage().is_empty());
        countdown.forget();
        assert!(countdown.draw(&mut frame, &Theme::default(), Duration::from_millis(19_900)));
        assert_eq!(frame.take_damage(), [bar]);
    }
}
