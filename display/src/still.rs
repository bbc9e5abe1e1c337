//! Views kept as they were painted, so that the same view is on the glass again for the price of copying it. Of an offer that is
//! all but its words: the next customer is called by another name, and nobody's name is kept.
//!
//! Screens are mostly plain areas: as runs of equal pixels, one of 3 MB is some 100 KB, with an illustration 500 KB.

use std::collections::VecDeque;

use crate::frame::Frame;

/// Most views kept: the invitation, the thanks, and the offers of one afternoon.
const MAX_STILLS: usize = 6;
/// Most among them that are no offers: an invitation in many languages would drive out the offers, and nobody waits for it.
const MAX_OTHERS: usize = 3;
/// Most memory for all of them, in pixels: 4 MB.
const MAX_PIXELS: usize = 1024 * 1024;
/// Equal pixels from which they are cheaper as a run.
const LEAST_RUN: usize = 8;

/// The views painted last, by what they show.
pub(crate) struct Stills<K> {
    /// The latest stands first.
    kept: VecDeque<Kept<K>>,
}

/// A view, and how it was painted.
struct Kept<K> {
    key: K,
    /// Whether a customer may wait for it.
    is_offer: bool,
    still: Still,
}

/// One painted frame.
struct Still {
    /// What stands row after row, without regard to where rows end.
    stretches: Vec<Stretch>,
    /// The pixels of all [`Stretch::Copied`], in their order.
    pixels: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
enum Stretch {
    /// So many equal pixels.
    Plain(u32, usize),
    /// So many pixels that follow in [`Still::pixels`].
    Copied(usize),
}

impl<K: PartialEq> Stills<K> {
    pub(crate) const fn new() -> Self {
        Self { kept: VecDeque::new() }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Puts the view back on the frame if it is kept, and says whether it was.
    pub(crate) fn restore(&mut self, key: &K, frame: &mut Frame) -> bool {
        self.find(key).inspect(|kept| kept.still.restore(frame)).is_some()
    }

    /// Takes note that a view is shown again, so that what is shown often is forgotten last.
    pub(crate) fn use_again(&mut self, key: &K) {
        self.find(key);
    }

    fn find(&mut self, key: &K) -> Option<&Kept<K>> {
        let index = self.kept.iter().position(|kept| kept.key == *key)?;
        let kept = self.kept.remove(index)?;
        self.kept.push_front(kept);
        self.kept.front()
    }

    /// Keeps the frame, and forgets what was not shown for long if there is no more room.
    pub(crate) fn keep(&mut self, key: K, is_offer: bool, frame: &Frame) {
        self.kept.push_front(Kept { key, is_offer, still: Still::of(frame) });
        let mut others = 0;
        self.kept.retain(|kept| {
            others += usize::from(!kept.is_offer);
            kept.is_offer || others <= MAX_OTHERS
        });
        let mut room = MAX_PIXELS;
        let fitting = self.kept.iter().take(MAX_STILLS).take_while(|Kept { still, .. }| {
            let fits = still.size() <= room;
            room = room.saturating_sub(still.size());
            fits
        });
        let count = fitting.count();
        self.kept.truncate(count);
    }
}

impl Still {
    fn of(frame: &Frame) -> Self {
        let all = frame.pixels();
        let (mut stretches, mut pixels) = (Vec::new(), Vec::new());
        let (mut at, mut copied) = (0, 0);
        while let Some(pixel) = all.get(at) {
            let run = run(&all[at..], *pixel);
            if run >= LEAST_RUN {
                if copied > 0 {
                    stretches.push(Stretch::Copied(copied));
                    copied = 0;
                }
                stretches.push(Stretch::Plain(*pixel, run));
            } else {
                pixels.extend(std::iter::repeat_n(*pixel, run));
                copied += run;
            }
            at += run;
        }
        if copied > 0 {
            stretches.push(Stretch::Copied(copied));
        }
        pixels.shrink_to_fit();
        stretches.shrink_to_fit();
        Self { stretches, pixels }
    }

    fn restore(&self, frame: &mut Frame) {
        let mut kept = self.pixels.as_slice();
        frame.overwrite(|mut rest| {
            for stretch in &self.stretches {
                let length = match *stretch {
                    Stretch::Plain(_, length) | Stretch::Copied(length) => length,
                };
                let (part, after) = rest.split_at_mut(length);
                match *stretch {
                    Stretch::Plain(pixel, _) => part.fill(pixel),
                    Stretch::Copied(_) => {
                        let (copied, others) = kept.split_at(length);
                        part.copy_from_slice(copied);
                        kept = others;
                    }
                }
                rest = after;
            }
        });
    }

    /// Memory in pixels.
    fn size(&self) -> usize {
        self.pixels.len() + self.stretches.len() * size_of::<Stretch>() / size_of::<u32>()
    }
}

/// How many pixels from the first on are equal to this one.
fn run(pixels: &[u32], pixel: u32) -> usize {
    /// As many as are compared at once.
    const WIDE: usize = 16;
    let differ = |pixels: &[u32]| pixels.iter().fold(0, |differ, other| differ | (other ^ pixel)) != 0;
    let equal = WIDE * pixels.chunks_exact(WIDE).take_while(|some| !differ(some)).count();
    equal + pixels[equal..].iter().take_while(|other| **other == pixel).count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use embedded_graphics::{
        draw_target::DrawTarget,
        geometry::{Point, Size},
        pixelcolor::Rgb888,
        primitives::Rectangle,
    };
    use proptest::prelude::*;

    use super::*;

    fn noise(seed: u32, size: Size) -> Frame {
        let mut frame = Frame::new(size);
        let whole = Rectangle::new(Point::zero(), size);
        let pixels = (0..size.width * size.height).map(|index| {
            let [red, green, blue, _] = (index ^ seed).wrapping_mul(0x9e37_79b9).to_be_bytes();
            Rgb888::new(red, green, blue)
        });
        frame.fill_contiguous(&whole, pixels).unwrap();
        frame
    }

    proptest! {
        #[test]
        fn what_is_restored_is_what_was_kept(
            (width, height) in (1_u32..90, 1_u32..60),
            areas in proptest::collection::vec((0..90_i32, 0..60_i32, 0..90_u32, 0..60_u32, any::<u8>()), 0..9),
        ) {
            let mut frame = Frame::new(Size::new(width, height));
            for (x, y, wide, high, grey) in areas {
                let area = Rectangle::new(Point::new(x, y), Size::new(wide, high));
                frame.fill_solid(&area, Rgb888::new(grey, grey, grey)).unwrap();
            }
            let mut stills = Stills::new();
            stills.keep("view", true, &frame);
            let mut other = noise(7, frame.size());
            drop(other.take_damage());
            prop_assert!(stills.restore(&"view", &mut other));
            prop_assert_eq!(other.pixels(), frame.pixels());
            prop_assert_eq!(other.take_damage(), [Rectangle::new(Point::zero(), frame.size())]);
        }
    }

    #[test]
    fn an_invitation_in_many_languages_leaves_the_offers_where_they_are() {
        let (mut stills, mut frame) = (Stills::new(), noise(1, Size::new(10, 10)));
        stills.keep(0, true, &frame);
        (1..=20).for_each(|key| stills.keep(key, false, &frame));
        assert!(stills.restore(&0, &mut frame) && stills.restore(&20, &mut frame));
        assert_eq!(stills.kept.len(), 1 + MAX_OTHERS);
    }

    #[test]
    fn the_oldest_are_forgotten_when_there_are_too_many_or_they_are_too_large() {
        let mut stills = Stills::new();
        let mut frame = noise(1, Size::new(10, 10));
        (0..=MAX_STILLS).for_each(|key| stills.keep(key, true, &frame));
        assert!(!stills.restore(&0, &mut frame) && stills.restore(&1, &mut frame));
        stills.keep(99, true, &frame);
        assert!(stills.restore(&1, &mut frame) && !stills.restore(&2, &mut frame));
        // As large as everything together: alone it is kept, with another it is not.
        let mut large = noise(2, Size::new(1000, 1000));
        stills.keep(100, true, &large);
        assert!(stills.restore(&100, &mut large));
        stills.keep(101, true, &large);
        assert!(stills.restore(&101, &mut large) && !stills.restore(&100, &mut large));
        stills.clear();
        assert!(!stills.restore(&101, &mut large));
    }
}
