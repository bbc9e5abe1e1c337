//! Smooth shapes: what `embedded-graphics` would draw with stairs is drawn here through masks of coverage.

use embedded_graphics::{
    draw_target::DrawTarget,
    geometry::{Point, Size},
    pixelcolor::Rgb888,
    primitives::Rectangle,
};
use zeno::{Cap, Command, Join, Mask, PathBuilder, Stroke};

use crate::{frame::Frame, glass::Side, theme::Colour};

/// Corners of a rectangle, as whether they lie at the right and at the bottom.
const CORNERS: [(bool, bool); 4] = [(false, false), (true, false), (false, true), (true, true)];

/// Fills a rectangle with round corners. Only the corners go through a mask; the rest is row copies.
pub(crate) fn rounded(frame: &mut Frame, area: Rectangle, radius: u32, colour: Colour) {
    let radius = radius.min(area.size.width / 2).min(area.size.height / 2);
    let across = Point::new(0, radius.cast_signed());
    fill(frame, Rectangle::new(area.top_left + across, area.size - Size::new(0, 2 * radius)), colour);
    let cap = Size::new(area.size.width - 2 * radius, radius);
    let right = Point::new(radius.cast_signed(), 0);
    fill(frame, Rectangle::new(area.top_left + right, cap), colour);
    let lowest = Point::new(0, (area.size.height - radius).cast_signed());
    fill(frame, Rectangle::new(area.top_left + right + lowest, cap), colour);
    round_corners(frame, area, radius, |coverage| coverage, colour);
}

/// Paints over the corners of a rectangle, as if it had been drawn with round ones on `ground`.
pub(crate) fn round_off(frame: &mut Frame, area: Rectangle, radius: u32, ground: Colour) {
    let radius = radius.min(area.size.width / 2).min(area.size.height / 2);
    round_corners(frame, area, radius, |coverage| 255 - coverage, ground);
}

/// A ring of `width` pixels within a rectangle with round corners, filled with `inside`.
pub(crate) fn outlined(frame: &mut Frame, area: Rectangle, radius: u32, width: u32, line: Colour, inside: Colour) {
    rounded(frame, area, radius, line);
    rounded(frame, area.offset(-width.cast_signed()), radius.saturating_sub(width), inside);
}

/// A disc.
pub(crate) fn disc(frame: &mut Frame, centre: Point, radius: u32, colour: Colour) {
    let area = Rectangle::new(centre - Point::new_equal(radius.cast_signed()), Size::new_equal(2 * radius));
    rounded(frame, area, radius, colour);
}

/// The soft shadow of a rectangle that floats above a plain `ground`. To be drawn before the rectangle itself.
pub(crate) fn shadow(frame: &mut Frame, area: Rectangle, radius: u32, reach: u32, ground: Colour) {
    /// Percent of black right beside the edge: just enough to lift a white card off a light ground.
    const DARKEST: u32 = 9;
    // From the outside inwards: each smaller shape covers all of the larger one but its rim.
    for out in (0..reach).rev() {
        // Falls with the square of the distance, as the edge of a soft shadow about does.
        let near = reach - out;
        let percent = DARKEST * near * near / (reach * reach);
        let colour = ground.mix(Colour::BLACK, percent as u8);
        let outer = area.offset(out.cast_signed());
        match (percent, out) {
            (0, _) => {}
            (_, 0) => rounded(frame, outer, radius, colour),
            _ => rim(frame, outer, radius + out, colour),
        }
    }
}

/// A tick mark in the middle of a square.
pub(crate) fn tick(frame: &mut Frame, area: Rectangle, colour: Colour) {
    let side = area.size.width.min(area.size.height);
    let at = |x: f32, y: f32| [x * side as f32, y * side as f32];
    let mut path: Vec<Command> = Vec::new();
    path.move_to(at(0.29, 0.52)).line_to(at(0.44, 0.67)).line_to(at(0.72, 0.36));
    let mut stroke = Stroke::new(side as f32 * 0.085);
    stroke.cap(Cap::Round).join(Join::Round);
    let (mask, _) = Mask::new(&path).style(stroke).size(side, side).render();
    frame.blend_mask(area.top_left, Size::new_equal(side), &mask, colour);
}

/// A triangle that fills a rectangle and points to a side.
pub(crate) fn arrow(frame: &mut Frame, area: Rectangle, side: Side, colour: Colour) {
    let (wide, high) = (area.size.width as f32, area.size.height as f32);
    let (base, tip) = match side {
        Side::Right => (0.0, wide),
        Side::Left => (wide, 0.0),
    };
    let mut path: Vec<Command> = Vec::new();
    path.move_to([base, 0.0]).line_to([tip, high / 2.0]).line_to([base, high]).close();
    let mask = Mask::new(&path).size(area.size.width, area.size.height).render().0;
    frame.blend_mask(area.top_left, area.size, &mask, colour);
}

/// Fills a rectangle.
pub(crate) fn fill(frame: &mut Frame, area: Rectangle, colour: Colour) {
    let Ok(()) = frame.fill_solid(&area, Rgb888::from(colour));
}

/// The outermost pixels of a rectangle with round corners, of which the rest is about to be covered.
fn rim(frame: &mut Frame, area: Rectangle, radius: u32, colour: Colour) {
    let radius = radius.min(area.size.width / 2).min(area.size.height / 2);
    let (wide, high) = (area.size.width - 2 * radius, area.size.height - 2 * radius);
    let far = area.size.saturating_sub(Size::new_equal(1));
    for (offset, size) in [
        (Size::new(radius, 0), Size::new(wide, 1)),
        (Size::new(radius, far.height), Size::new(wide, 1)),
        (Size::new(0, radius), Size::new(1, high)),
        (Size::new(far.width, radius), Size::new(1, high)),
    ] {
        fill(frame, Rectangle::new(area.top_left + offset, size), colour);
    }
    round_corners(frame, area, radius, |coverage| coverage, colour);
}

/// Coverage of the upper left quarter of a disc.
fn corner(radius: u32) -> Vec<u8> {
    if radius == 0 {
        return Vec::new();
    }
    let mut path: Vec<Command> = Vec::new();
    path.add_circle([radius as f32, radius as f32], radius as f32);
    Mask::new(&path).size(radius, radius).render().0
}

/// Blends the mask of a corner over all four, turned the right way; `share` says how much of the colour a coverage is.
fn round_corners(frame: &mut Frame, area: Rectangle, radius: u32, share: fn(u8) -> u8, colour: Colour) {
    let far = area.size.saturating_sub(Size::new_equal(radius));
    let places = CORNERS.map(|(right, bottom)| {
        let offset = Size::new(if right { far.width } else { 0 }, if bottom { far.height } else { 0 });
        ((right, bottom), Rectangle::new(area.top_left + offset, Size::new_equal(radius)))
    });
    let seen = |frame: &Frame, place: &Rectangle| !frame.visible(place).is_zero_sized();
    // A mask costs more than what is drawn through it, and of a bar that moves on no corner may be seen.
    if !places.iter().any(|(_, place)| seen(frame, place)) {
        return;
    }
    let side = radius.max(1) as usize;
    let corner: Vec<u8> = corner(radius).into_iter().map(share).collect();
    for ((right, bottom), place) in places {
        if !seen(frame, &place) {
            continue;
        }
        let mut mask = corner.clone();
        if right {
            mask.chunks_exact_mut(side).for_each(<[u8]>::reverse);
        }
        if bottom {
            mask = mask.chunks_exact(side).rev().flatten().copied().collect();
        }
        frame.blend_mask(place.top_left, place.size, &mask, colour);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const INK: Colour = Colour::WHITE;
    const GROUND: Colour = Colour([0, 0, 1]);

    fn canvas() -> Frame {
        let mut frame = Frame::new(Size::new(60, 40));
        fill(&mut frame, Rectangle::new(Point::zero(), Size::new(60, 40)), GROUND);
        assert_eq!(frame.take_damage().len(), 1);
        frame
    }

    #[test]
    fn a_rounded_rectangle_is_symmetrical_smooth_at_its_corners_and_within_its_area() {
        let mut frame = canvas();
        let area = Rectangle::new(Point::new(5, 4), Size::new(50, 32));
        rounded(&mut frame, area, 9, INK);
        let rows: Vec<Vec<u32>> = frame.rows(area).map(<[u32]>::to_vec).collect();
        for row in &rows {
            assert!(row.iter().eq(row.iter().rev()));
        }
        assert!(rows.iter().eq(rows.iter().rev()));
        assert_eq!((rows[0][0], rows[16][0], rows[0][25]), (GROUND.pixel(), INK.pixel(), INK.pixel()));
        assert!(rows[0..9].iter().flatten().any(|pixel| *pixel != GROUND.pixel() && *pixel != INK.pixel()));
        assert_eq!(frame.take_damage(), [area]);
    }

    #[test]
    fn shapes_larger_than_the_frame_or_without_size_draw_what_there_is_of_them() {
        let mut frame = canvas();
        disc(&mut frame, Point::new(30, 20), 500, INK);
        assert!(frame.pixels().iter().all(|pixel| *pixel == INK.pixel()));
        let mut frame = canvas();
        for size in [Size::zero(), Size::new(0, 9), Size::new(9, 0), Size::new(1, 1)] {
            let area = Rectangle::new(Point::new(58, 39), size);
            rounded(&mut frame, area, 7, INK);
            outlined(&mut frame, area, 7, 3, INK, GROUND);
            shadow(&mut frame, area, 7, 4, GROUND);
            round_off(&mut frame, area, 7, INK);
            tick(&mut frame, area, INK);
        }
        disc(&mut frame, Point::new(-900, 20), 30, INK);
        assert_eq!(frame.pixels()[0], GROUND.pixel());
    }
}
