//! Rectangles divided, inset and mirrored. What is given off never exceeds what there was.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

/// The largest size with the proportions of `size` that fits; a small picture grows at most to twice its pixels.
pub(crate) fn proportional(size: Size, room: Size) -> Size {
    let (width, height) = (u64::from(size.width.max(1)), u64::from(size.height.max(1)));
    let (most_wide, most_high) = (u64::from(room.width).min(2 * width), u64::from(room.height).min(2 * height));
    let (wide, high) = if most_wide * height <= most_high * width {
        (most_wide, (most_wide * height / width).max(1))
    } else {
        ((most_high * width / height).max(1), most_high)
    };
    // Not more than the room, which is in u32.
    Size::new(wide as u32, high as u32).component_min(room)
}

/// A size in the middle of an area.
pub(crate) fn centred(size: Size, area: Rectangle) -> Rectangle {
    let spare = area.size.saturating_sub(size);
    Rectangle::new(area.top_left + Point::new(to_i32(spare.width / 2), to_i32(spare.height / 2)), size)
}

/// What remains within a margin on all sides.
pub(crate) fn inset(area: Rectangle, by: u32) -> Rectangle {
    let by = by.min(area.size.width / 2).min(area.size.height / 2);
    Rectangle::new(area.top_left + Point::new_equal(to_i32(by)), area.size.saturating_sub(Size::new_equal(2 * by)))
}

/// The same area, seen in a mirror that stands upright in the middle of a panel.
pub(crate) fn mirror(area: Rectangle, panel: Size) -> Rectangle {
    let right = area.top_left.x + to_i32(area.size.width);
    Rectangle::new(Point::new(to_i32(panel.width) - right, area.top_left.y), area.size)
}

/// The upper part of the given height, and what remains under a gap.
pub(crate) fn split_top(area: Rectangle, height: u32, gap: u32) -> (Rectangle, Rectangle) {
    let height = height.min(area.size.height);
    let below = (height + gap).min(area.size.height);
    let lower = Rectangle::new(
        area.top_left + Point::new(0, to_i32(below)),
        Size::new(area.size.width, area.size.height - below),
    );
    (Rectangle::new(area.top_left, Size::new(area.size.width, height)), lower)
}

/// What remains above a gap, and the lower part of the given height.
pub(crate) fn split_bottom(area: Rectangle, height: u32, gap: u32) -> (Rectangle, Rectangle) {
    let height = height.min(area.size.height);
    let above = (area.size.height - height).saturating_sub(gap);
    let top_left = area.top_left + Point::new(0, to_i32(area.size.height - height));
    (
        Rectangle::new(area.top_left, Size::new(area.size.width, above)),
        Rectangle::new(top_left, Size::new(area.size.width, height)),
    )
}

/// What remains left of a gap, and the right part of the given width.
pub(crate) fn split_right(area: Rectangle, width: u32, gap: u32) -> (Rectangle, Rectangle) {
    let width = width.min(area.size.width);
    let left = (area.size.width - width).saturating_sub(gap);
    let top_left = area.top_left + Point::new(to_i32(area.size.width - width), 0);
    (
        Rectangle::new(area.top_left, Size::new(left, area.size.height)),
        Rectangle::new(top_left, Size::new(width, area.size.height)),
    )
}

/// The left part of the given width, and what remains right of a gap.
pub(crate) fn split_left(area: Rectangle, width: u32, gap: u32) -> (Rectangle, Rectangle) {
    let width = width.min(area.size.width);
    let rest = area.size.width.saturating_sub(width + gap);
    let start = area.top_left + Point::new(to_i32(area.size.width - rest), 0);
    (
        Rectangle::new(area.top_left, Size::new(width, area.size.height)),
        Rectangle::new(start, Size::new(rest, area.size.height)),
    )
}

/// Coordinates of `embedded-graphics` are signed; no panel has two thousand million pixels in a row.
pub(crate) fn to_i32(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn area() -> impl Strategy<Value = Rectangle> {
        (0..900_i32, 0..900_i32, 0..900_u32, 0..900_u32)
            .prop_map(|(x, y, width, height)| Rectangle::new(Point::new(x, y), Size::new(width, height)))
    }

    proptest! {
        #[test]
        fn parts_lie_within_and_apart(area in area(), part in 0..1200_u32, gap in 0..100_u32) {
            let splits = [split_top, split_bottom, split_left, split_right];
            for (one, other) in splits.map(|split| split(area, part, gap)) {
                for inner in [one, other] {
                    prop_assert!(inner.is_zero_sized() || inner.intersection(&area) == inner, "{inner:?} in {area:?}");
                }
                prop_assert!(one.intersection(&other).is_zero_sized(), "{one:?} {other:?}");
            }
        }

        #[test]
        fn a_mirror_shows_the_same_size_and_twice_the_same_place(area in area()) {
            let panel = Size::new(1800, 1800);
            let seen = mirror(area, panel);
            prop_assert_eq!(mirror(seen, panel), area);
            prop_assert!(seen.top_left.x >= 0);
        }
    }
}
