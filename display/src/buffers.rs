//! Two buffers of which one is on the glass: what of the other is out of date before it may be shown.
//!
//! A buffer that was on the glass a frame ago lacks that frame's changes too, so painting the latest damage alone would show a mixture
//! of two pictures at every second frame.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::damage::Damage;

/// What each of two buffers lacks of the frame. Painting goes to the one that is not on the glass; flipping exchanges them.
///
/// ```text
/// let (buffer, areas) = buffers.paint(damage);   copy the areas from the frame to that buffer
/// ...                                            have the hardware show it
/// buffers.flipped();                             only when it really does
/// ```
#[derive(Debug, Clone)]
pub struct Buffers {
    stale: [Damage; 2],
    back: usize,
}

impl Buffers {
    /// Two buffers of this size that hold nothing of the frame yet. The first to be painted is number 0.
    #[must_use]
    pub fn new(size: Size) -> Self {
        let mut all = Damage::default();
        all.add(Rectangle::new(Point::zero(), size));
        Self { stale: [all.clone(), all], back: 0 }
    }

    /// Takes note of what changed in the frame. Returns the number of the buffer that is not on the glass, 0 or 1, and the areas
    /// to copy from the frame, after which it holds the whole frame.
    pub fn paint(&mut self, damage: &[Rectangle]) -> (usize, Vec<Rectangle>) {
        for stale in &mut self.stale {
            damage.iter().for_each(|area| stale.add(*area));
        }
        (self.back, self.stale[self.back].take())
    }

    /// The buffer painted last is on the glass from now on. Without this, the next painting goes to the same one.
    pub const fn flipped(&mut self) {
        self.back = 1 - self.back;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use embedded_graphics::draw_target::DrawTarget;
    use proptest::prelude::*;

    use super::*;
    use crate::{Colour, Frame, Turned};

    const SIZE: Size = Size::new(24, 18);

    /// A few changed areas of one colour, and whether the hardware took the flip.
    fn step() -> impl Strategy<Value = (Vec<Rectangle>, u8, bool)> {
        let area = (-3..24_i32, -3..18_i32, 0..12_u32, 0..12_u32)
            .prop_map(|(x, y, width, height)| Rectangle::new(Point::new(x, y), Size::new(width, height)));
        (proptest::collection::vec(area, 0..20), any::<u8>(), prop::bool::weighted(0.8))
    }

    fn paint(buffers: &mut Buffers, memory: &mut [Vec<u32>; 2], frame: &mut Frame) -> usize {
        let (at, areas) = buffers.paint(&frame.take_damage());
        for area in areas {
            frame.copy_rows(area, Turned::Not, &mut memory[at], SIZE.width as usize);
        }
        at
    }

    proptest! {
        #[test]
        fn after_any_frames_and_failed_flips_the_buffer_to_be_shown_is_the_frame(steps in proptest::collection::vec(step(), 1..12)) {
            let mut frame = Frame::new(SIZE);
            let mut buffers = Buffers::new(SIZE);
            // Whatever was in the memory before.
            let mut memory = [vec![7; frame.pixels().len()], vec![9; frame.pixels().len()]];
            let mut glass = None;
            for (areas, shade, flips) in steps {
                for area in areas {
                    frame.fill_solid(&area, Colour([shade, 1, 2]).into()).unwrap();
                }
                let at = paint(&mut buffers, &mut memory, &mut frame);
                prop_assert_eq!(&memory[at], frame.pixels());
                prop_assert_ne!(glass, Some(at), "what is on the glass is never painted over");
                if flips {
                    buffers.flipped();
                    glass = Some(at);
                }
            }
            // Nothing changes any more: both are equal to the frame after each has been painted once.
            for _ in 0..2 {
                paint(&mut buffers, &mut memory, &mut frame);
                buffers.flipped();
            }
            prop_assert_eq!(&memory[0], frame.pixels());
            prop_assert_eq!(&memory[1], frame.pixels());
        }
    }

    #[test]
    fn what_changed_a_frame_ago_is_painted_again_and_nothing_older() {
        let mut buffers = Buffers::new(Frame::new(SIZE).size());
        let whole = Rectangle::new(Point::zero(), SIZE);
        let [first, second, third] = [0, 6, 12].map(|x| [Rectangle::new(Point::new(x, 0), Size::new(4, 4))]);
        let mut paint = |damage: &[Rectangle]| {
            let painted = buffers.paint(damage);
            buffers.flipped();
            painted
        };
        assert_eq!(paint(&[]), (0, vec![whole]));
        assert_eq!(paint(&first), (1, vec![whole]));
        assert_eq!(paint(&second), (0, vec![first[0], second[0]]));
        assert_eq!(paint(&third), (1, vec![second[0], third[0]]));
    }
}
