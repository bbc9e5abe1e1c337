//! The contact sheet itself: bands of small pictures on a light ground, a heading above each band and a label under each picture.

use embedded_graphics::{
    Drawable,
    draw_target::DrawTarget,
    mono_font::{
        MonoFont, MonoTextStyleBuilder,
        iso_8859_1::{FONT_7X13, FONT_7X13_BOLD, FONT_10X20},
    },
    pixelcolor::Rgb888,
    text::{Baseline, Text},
};
use touchpoint_display::{Frame, Picture, Point, Rectangle, Size};

/// Longest side of a small picture, in pixels: one of 1024x768 is as large as a playing card on a desk's screen, and its words are read.
const LONGEST: u32 = 384;
/// Least width of a picture's place: its label is as wide.
const NARROWEST: u32 = 300;
/// Most pictures beside each other.
const COLUMNS: usize = 8;
/// Between pictures, and around all of them.
const GAP: u32 = 28;
/// Height of a band's heading.
const HEADING: u32 = 52;
/// Height of a picture's label: two lines.
const LABEL: u32 = 36;

const GROUND: Rgb888 = Rgb888::new(0xf3, 0xf2, 0xef);
const LINE: Rgb888 = Rgb888::new(0xcb, 0xc9, 0xc4);
const INK: Rgb888 = Rgb888::new(0x22, 0x22, 0x22);
const PALE: Rgb888 = Rgb888::new(0x66, 0x64, 0x60);

/// A sheet that is filled from its top.
pub(super) struct Sheet {
    frame: Frame,
    /// The band that is being filled: its top, the place of a picture in it, and how many it has.
    top: u32,
    place: Size,
    filled: usize,
    /// Where the next band begins.
    next: u32,
}

impl Sheet {
    /// A sheet for these bands, each a panel's size and how many pictures of it.
    pub(super) fn new(bands: impl Iterator<Item = (Size, usize)>) -> Sheet {
        let (mut width, mut height) = (0, GAP);
        for (panel, count) in bands {
            let place = place(panel);
            width = width.max(count.min(COLUMNS) as u32 * (place.width + GAP) + GAP);
            height += band(place, count);
        }
        let mut frame = Frame::new(Size::new(width, height));
        let Ok(()) = frame.clear(GROUND);
        Sheet { frame, top: GAP, place: Size::zero(), filled: 0, next: GAP }
    }

    /// Begins a band of so many pictures of a panel.
    pub(super) fn head(&mut self, heading: &str, count: usize, panel: Size) {
        (self.place, self.filled) = (place(panel), 0);
        self.write(heading, Point::new(GAP as i32, self.next as i32), &FONT_10X20, INK);
        self.top = self.next + HEADING;
        self.next += band(self.place, count);
    }

    /// Adds a picture to the band, and says where it is.
    pub(super) fn add(&mut self, screen: &Frame, label: &[String; 2]) -> Rectangle {
        let (column, row) = (self.filled % COLUMNS, self.filled / COLUMNS);
        let x = GAP + column as u32 * (self.place.width + GAP);
        let y = self.top + row as u32 * (self.place.height + LABEL + GAP);
        let at = Point::new(x as i32, y as i32);
        let picture = Picture::from(screen);
        let picture = picture.scaled(small(picture.size()));
        let area = Rectangle::new(at, picture.size());
        let edge = area.offset(1);
        let Ok(()) = self.frame.fill_solid(&edge, LINE);
        self.frame.blit(at, &picture);
        let below = at + Point::new(0, self.place.height as i32 + 6);
        self.write(&label[0], below, &FONT_7X13_BOLD, INK);
        self.write(&label[1], below + Point::new(0, 15), &FONT_7X13, PALE);
        self.filled += 1;
        area
    }

    /// What was drawn.
    pub(super) fn frame(&self) -> &Frame {
        &self.frame
    }

    fn write(&mut self, text: &str, at: Point, font: &MonoFont<'_>, colour: Rgb888) {
        // With a ground, each letter is one block and not many dots.
        let style = MonoTextStyleBuilder::new().font(font).text_color(colour).background_color(GROUND).build();
        let Ok(_) = Text::with_baseline(text, at, style, Baseline::Top).draw(&mut self.frame);
    }
}

/// Height of a band with so many pictures in such places.
fn band(place: Size, count: usize) -> u32 {
    HEADING + count.div_ceil(COLUMNS) as u32 * (place.height + LABEL + GAP) + GAP
}

/// The place of a panel's picture.
fn place(panel: Size) -> Size {
    let small = small(panel);
    Size::new(small.width.max(NARROWEST), small.height)
}

/// A panel's size on the sheet.
fn small(panel: Size) -> Size {
    let longest = panel.width.max(panel.height).max(1);
    let side = |side: u32| (u64::from(side) * u64::from(LONGEST.min(longest)) / u64::from(longest)).max(1) as u32;
    Size::new(side(panel.width), side(panel.height))
}
