//! A picture for a technician: whether all of the glass is lit, in the right colours, in the right proportions and in the right size.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::{
    area::{centred, inset, split_left, split_right, split_top, to_i32},
    frame::Frame,
    glass::Glass,
    mask::{disc, fill},
    script::Writing,
    text::{Role, Style, TextEngine},
    theme::Colour,
};

const GROUND: Colour = Colour([0x10, 0x14, 0x1a]);
const GRID: Colour = Colour([0x3a, 0x44, 0x50]);
const WHITE: Colour = Colour([0xff; 3]);

/// From bright to dark, as test cards have them: an exchange of two channels is seen at once.
const BARS: [Colour; 8] = [
    WHITE,
    Colour([0xff, 0xff, 0]),
    Colour([0, 0xff, 0xff]),
    Colour([0, 0xff, 0]),
    Colour([0xff, 0, 0xff]),
    Colour([0xff, 0, 0]),
    Colour([0, 0, 0xff]),
    Colour([0; 3]),
];

/// Steps of grey: as many as a channel of 5 bits has.
const GREYS: u32 = 32;

/// Cells of the grid on the short side.
const CELLS: u32 = 12;

/// Side of the square that is to be measured, in millimetres, and of a panel whose size is not known, in cells.
const SQUARE: u32 = 20;
const SQUARE_CELLS: u32 = 2;

/// Smallest text, in pixels.
const SMALLEST_TEXT: u32 = 11;

/// Draws a test pattern for a glass: a white line around the edge and a grid, bars of colour, steps of grey, a disc that is round if the
/// pixels are square, a square of 20 mm if the millimetres are known, and these lines of text.
#[must_use]
pub fn test_pattern(glass: &Glass, lines: &[String]) -> Frame {
    let mut frame = Frame::new(glass.size);
    let all = Rectangle::new(Point::zero(), glass.size);
    let cell = (all.size.width.min(all.size.height) / CELLS).max(1);
    fill(&mut frame, all, WHITE);
    fill(&mut frame, inset(all, 1), GROUND);
    grid(&mut frame, inset(all, 1), cell);

    let (bars, rest) = split_top(inset(all, cell), 2 * cell, 0);
    stripes(&mut frame, bars, BARS.len() as u32, |index| BARS[index as usize % BARS.len()]);
    let (greys, rest) = split_top(rest, cell, cell);
    stripes(&mut frame, greys, GREYS, |index| Colour([(index * 255 / (GREYS - 1)) as u8; 3]));

    let square = square(glass, cell);
    let (rest, right) = split_right(rest, square.width.max(3 * cell), cell);
    words(&mut frame, glass, lines, rest, cell);
    let (place, below) = split_top(right, square.height, cell);
    fill(&mut frame, centred(square, place), WHITE);
    let side = below.size.width.min(below.size.height).min(3 * cell);
    let (place, _) = split_top(below, side, 0);
    disc(&mut frame, place.center(), side / 2, WHITE);
    frame
}

/// Lines through the middle of the glass and at each cell from there.
fn grid(frame: &mut Frame, area: Rectangle, cell: u32) {
    let (middle, end) = (area.center(), area.top_left + area.size);
    let far = |from: i32| from - from / to_i32(cell) * to_i32(cell);
    for x in (far(middle.x)..end.x).step_by(cell as usize).filter(|x| *x >= area.top_left.x) {
        fill(frame, Rectangle::new(Point::new(x, area.top_left.y), Size::new(1, area.size.height)), GRID);
    }
    for y in (far(middle.y)..end.y).step_by(cell as usize).filter(|y| *y >= area.top_left.y) {
        fill(frame, Rectangle::new(Point::new(area.top_left.x, y), Size::new(area.size.width, 1)), GRID);
    }
}

fn stripes(frame: &mut Frame, area: Rectangle, count: u32, colour: impl Fn(u32) -> Colour) {
    let mut rest = area;
    for index in 0..count {
        // What remains, divided by those that remain: no gap at the end.
        let (stripe, more) = split_left(rest, rest.size.width / (count - index), 0);
        fill(frame, stripe, colour(index));
        rest = more;
    }
}

fn square(glass: &Glass, cell: u32) -> Size {
    let pixels = |pixels: u32, millimetres: u32| (pixels * SQUARE + millimetres / 2) / millimetres.max(1);
    glass.millimetres.map_or(Size::new_equal(SQUARE_CELLS * cell), |millimetres| {
        Size::new(pixels(glass.size.width, millimetres.width), pixels(glass.size.height, millimetres.height))
    })
}

fn words(frame: &mut Frame, glass: &Glass, lines: &[String], area: Rectangle, cell: u32) {
    let mut text = TextEngine::new(&glass.fonts);
    let size = (cell * 2 / 5).max(SMALLEST_TEXT);
    let style = Style { size, line_percent: 130, role: Role::Body, centred: false, writing: Writing::default() };
    let mut rest = area;
    for line in lines {
        let paragraph = text.set_cut(line, style, rest.size.width, 2);
        if paragraph.height > rest.size.height {
            return;
        }
        let (place, below) = split_top(rest, paragraph.height + size / 4, 0);
        // Without the grid, which would strike the words through.
        fill(frame, place, GROUND);
        text.draw(frame, &paragraph, place.top_left, WHITE);
        rest = below;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn pixel(frame: &Frame, x: u32, y: u32) -> u32 {
        frame.pixels()[(y * frame.size().width + x) as usize]
    }

    #[test]
    fn every_panel_has_a_pattern_with_a_line_all_around() {
        let lines = vec!["drm /dev/dri/card0 HDMI-A-1".to_owned(), "x".repeat(300)];
        for (width, height) in [(3, 3), (7, 5), (240, 135), (320, 240), (768, 1366), (1920, 1080)] {
            let glass = Glass { millimetres: Some(Size::new(1, 5000)), ..Glass::of(Size::new(width, height)) };
            for glass in [Glass::of(glass.size), glass] {
                let frame = test_pattern(&glass, &lines);
                assert!(frame.pixels().iter().all(|pixel| pixel >> 24 == 0xff));
                for (x, y) in [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1), (width / 2, 0)] {
                    assert_eq!(pixel(&frame, x, y), WHITE.pixel(), "{width}x{height} at {x},{y}");
                }
            }
        }
    }

    #[test]
    fn the_square_is_of_twenty_millimetres_in_both_directions() {
        let glass = Glass { millimetres: Some(Size::new(305, 229)), ..Glass::of(Size::new(1024, 768)) };
        assert_eq!(square(&glass, 64), Size::new(67, 67));
        let oblong = Glass { millimetres: Some(Size::new(320, 120)), ..Glass::of(Size::new(640, 480)) };
        assert_eq!(square(&oblong, 40), Size::new(40, 80));
    }
}
