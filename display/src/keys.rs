//! Labels beside function keys: each at the edge of the glass, level with the key it belongs to.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::{
    area::{split_left, split_right, to_i32},
    glass::{Keys, Side},
    layout::Canvas,
};

/// Width of a column of labels in percent of the panel.
const COLUMN: u32 = 29;

/// Highest label, in pixels of the reference: two lines.
const HIGHEST: u32 = 104;

/// Gives answers to keys, from the end of the line of reading, the lowest keys of that side; then those of the other
/// side. Returns the card between the labels, the labels, and the key of each.
///
/// Places are those before mirroring; sides are those of the real glass.
pub(crate) fn labels(
    area: Rectangle,
    count: usize,
    keys: &Keys,
    canvas: &Canvas<'_>,
) -> (Rectangle, Vec<Rectangle>, Vec<(Side, usize)>) {
    let first = if canvas.mirrored { Side::Left } else { Side::Right };
    let mut card = area;
    let (mut places, mut given) = (Vec::new(), Vec::new());
    let width = canvas.size.width * COLUMN / 100;
    let gap = canvas.scale.px(28);
    // A label reaches to the edge of the glass, so its column takes from the card what lies inside the margin.
    let taken = width.saturating_sub(canvas.spacing);
    for side in [first, first.other()] {
        let rows = keys.of(side);
        let wanted = (count - places.len()).min(rows.len());
        if wanted == 0 {
            continue;
        }
        let height = label_height(rows, canvas);
        let x = if side == first { to_i32(canvas.size.width - width) } else { 0 };
        for (row, middle) in rows.iter().enumerate().skip(rows.len() - wanted) {
            let middle = to_i32(height_at(*middle, canvas));
            let top_left = Point::new(x, middle - to_i32(height / 2));
            let place = Rectangle::new(top_left, Size::new(width, height));
            // A key beyond the room for labels has as much of its label as there is room.
            let column = Rectangle::new(Point::new(x, area.top_left.y), Size::new(width, area.size.height));
            places.push(place.intersection(&column));
            given.push((side, row));
        }
        card = if side == first { split_right(card, taken, gap).0 } else { split_left(card, taken, gap).1 };
    }
    (card, places, given)
}

/// As high as two lines, or as the nearest keys of a side leave room for.
fn label_height(rows: &[u16], canvas: &Canvas<'_>) -> u32 {
    let step = rows.windows(2).map(|pair| height_at(pair[1], canvas).saturating_sub(height_at(pair[0], canvas))).min();
    let gap = canvas.scale.px(12);
    step.map_or(u32::MAX, |step| step.saturating_sub(gap)).min(canvas.scale.px(HIGHEST))
}

fn height_at(thousandths: u16, canvas: &Canvas<'_>) -> u32 {
    canvas.size.height * u32::from(thousandths) / 1000
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{
        glass::{Answering, Glass, Mode},
        script::Writing,
        theme::Theme,
    };

    const SIZE: Size = Size::new(1024, 768);

    fn places(right_to_left: bool, keys: Keys, count: usize) -> (Rectangle, Vec<Rectangle>, Vec<(Side, usize)>) {
        let glass = Glass { answering: Answering::Keys(keys.clone()), ..Glass::of(SIZE) };
        let writing = Writing { right_to_left, ..Writing::default() };
        let theme = Theme::default();
        let area = Rectangle::new(Point::new(36, 36), Size::new(952, 660));
        labels(area, count, &keys, &Canvas::new(&glass, Mode::default(), &theme, writing))
    }

    fn four() -> Keys {
        Keys { left: vec![300, 450, 600, 750], right: vec![300, 450, 600, 750] }
    }

    #[test]
    fn labels_stand_level_with_the_lowest_keys_at_the_edge() {
        let (card, labels, keys) = places(false, four(), 3);
        assert_eq!(keys, [(Side::Right, 1), (Side::Right, 2), (Side::Right, 3)]);
        for (label, middle) in labels.iter().zip([450, 600, 750]) {
            assert!((label.center().y - 768 * middle / 1000).abs() <= 1, "{label:?}");
            assert_eq!(label.top_left.x + label.size.width as i32, 1024);
            assert!(label.intersection(&card).is_zero_sized());
        }
    }

    #[test]
    fn right_to_left_the_keys_of_the_left_come_first() {
        let (_, _, keys) = places(true, four(), 2);
        assert_eq!(keys, [(Side::Left, 2), (Side::Left, 3)]);
    }

    #[test]
    fn answers_that_find_no_key_on_one_side_go_to_the_other() {
        let keys = Keys { left: vec![700], right: vec![500, 700] };
        let (card, labels, given) = places(false, keys, 3);
        assert_eq!(given, [(Side::Right, 0), (Side::Right, 1), (Side::Left, 0)]);
        assert_eq!(labels[2].top_left.x, 0);
        assert!(card.top_left.x > labels[2].size.width as i32);
        assert_eq!(places(false, Keys::default(), 3).1, []);
    }
}
