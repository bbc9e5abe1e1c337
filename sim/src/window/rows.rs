//! Rows of text beside the glass: how they look, and which of them is clicked.

use crate::desk::Command;
use embedded_graphics::{
    Drawable,
    draw_target::DrawTarget,
    mono_font::{
        MonoTextStyleBuilder,
        iso_8859_1::{FONT_7X13, FONT_7X13_BOLD},
    },
    pixelcolor::Rgb888,
    text::{Baseline, Text},
};
use std::convert::Infallible;
use touchpoint_display::{Point, Rectangle, Size};

/// Letters beside each other.
pub(super) const LETTERS: usize = 66;

/// How many pixels a letter takes, with what is below its row.
const LETTER: Size = Size::new(7, 14);

/// At the left and at the right of the letters, in pixels.
const MARGIN: u32 = 14;

/// How wide they are, in pixels.
pub(super) const WIDTH: u32 = LETTERS as u32 * LETTER.width + 2 * MARGIN;

/// Where the first row begins.
const FIRST: Point = Point::new(MARGIN as i32, LETTER.height as i32 / 2);

/// The colours of the page's head.
const GROUND: Rgb888 = Rgb888::new(0x13, 0x1a, 0x21);
const KEY: Rgb888 = Rgb888::new(0x21, 0x2c, 0x37);
const CHOSEN: Rgb888 = Rgb888::new(0x0d, 0x5c, 0x63);
const ALARM: Rgb888 = Rgb888::new(0x8f, 0x24, 0x1c);

/// A row: pieces that follow each other.
#[derive(Debug, Default)]
pub(super) struct Row(pub Vec<Piece>);

/// A piece of a row.
#[derive(Debug)]
pub(super) struct Piece {
    pub text: String,
    pub tone: Tone,
    /// What a click on it does.
    pub does: Option<Command>,
}

/// How something is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Heading,
    Plain,
    Strong,
    Pale,
    Good,
    Doubtful,
    Bad,
    /// A key of the keyboard.
    Key,
    /// Who stands there.
    Chosen,
    /// What is wrong on purpose.
    Alarm,
}

impl Row {
    /// A row that says one thing.
    pub(super) fn of(text: impl Into<String>, tone: Tone) -> Row {
        Row(vec![Piece::new(text, tone)])
    }

    /// What a click on its nth letter does.
    fn does(self, letter: usize) -> Option<Command> {
        let mut end = 0;
        let piece = self.0.into_iter().find(|piece| {
            end += piece.text.chars().count();
            letter < end
        });
        piece?.does
    }
}

impl Piece {
    /// A piece that does nothing.
    pub(super) fn new(text: impl Into<String>, tone: Tone) -> Piece {
        Piece { text: text.into(), tone, does: None }
    }

    /// A piece that can be clicked.
    pub(super) fn button(text: impl Into<String>, tone: Tone, does: Command) -> Piece {
        Piece { does: Some(does), ..Piece::new(text, tone) }
    }
}

/// How many rows a window of this height has.
pub(super) fn fit(height: u32) -> usize {
    ((height - LETTER.height) / LETTER.height) as usize
}

/// What a click on these rows does, at this point from where they begin.
pub(super) fn at(rows: Vec<Row>, point: Point) -> Option<Command> {
    let Point { x, y } = point - FIRST;
    let (x, y) = (u32::try_from(x).ok()?, u32::try_from(y).ok()?);
    rows.into_iter().nth((y / LETTER.height) as usize)?.does((x / LETTER.width) as usize)
}

/// Draws rows from this point to the lower edge.
pub(super) fn draw(rows: &[Row], at: Point, on: &mut impl DrawTarget<Color = Rgb888, Error = Infallible>) {
    let height = on.bounding_box().size.height;
    let Ok(()) = on.fill_solid(&Rectangle::new(at, Size::new(WIDTH, height)), GROUND);
    let mut line = at + FIRST;
    for row in rows {
        let (mut place, mut room) = (line, LETTERS);
        for piece in &row.0 {
            let text = shortened(&piece.text, room);
            let letters = text.chars().count();
            let size = Size::new(letters as u32 * LETTER.width, LETTER.height);
            let Ok(()) = on.fill_solid(&Rectangle::new(place, size), piece.tone.ground());
            let font = if piece.tone.is_bold() { &FONT_7X13_BOLD } else { &FONT_7X13 };
            let style = MonoTextStyleBuilder::new().font(font).text_color(piece.tone.colour()).build();
            let Ok(_) = Text::with_baseline(&text, place, style, Baseline::Top).draw(on);
            place.x += size.width as i32;
            room -= letters;
        }
        line.y += LETTER.height as i32;
    }
}

/// As much of a text as there is room for.
pub(super) fn shortened(text: &str, letters: usize) -> String {
    match text.chars().count() > letters {
        true => text.chars().take(letters.saturating_sub(2)).chain("..".chars().take(letters)).collect(),
        false => text.to_owned(),
    }
}

impl Tone {
    fn colour(self) -> Rgb888 {
        match self {
            Tone::Heading => Rgb888::new(0x35, 0xb6, 0xa8),
            Tone::Plain => Rgb888::new(0xd5, 0xde, 0xe5),
            Tone::Strong | Tone::Key | Tone::Chosen | Tone::Alarm => Rgb888::new(0xff, 0xff, 0xff),
            Tone::Pale => Rgb888::new(0x9f, 0xb0, 0xbd),
            Tone::Good => Rgb888::new(0x4a, 0xde, 0x80),
            Tone::Doubtful => Rgb888::new(0xff, 0xc2, 0x4b),
            Tone::Bad => Rgb888::new(0xff, 0x7a, 0x70),
        }
    }

    fn ground(self) -> Rgb888 {
        match self {
            Tone::Key => KEY,
            Tone::Chosen => CHOSEN,
            Tone::Alarm => ALARM,
            _ => GROUND,
        }
    }

    fn is_bold(self) -> bool {
        matches!(self, Tone::Heading | Tone::Strong | Tone::Key | Tone::Alarm)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    /// A heading, and a row whose second piece cancels.
    fn rows() -> Vec<Row> {
        let cancels = vec![Piece::new("No ", Tone::Plain), Piece::button("cancel", Tone::Key, Command::Cancel)];
        vec![Row::of("Doing", Tone::Heading), Row(cancels)]
    }

    #[test]
    fn a_click_does_what_the_letters_below_it_say_and_beside_them_nothing() {
        let clicked = |letter: i32, row: i32| {
            let place = FIRST + Point::new(letter * LETTER.width as i32, row * LETTER.height as i32);
            at(rows(), place + Point::new(3, 3))
        };
        assert!(matches!(clicked(3, 1), Some(Command::Cancel)) && matches!(clicked(8, 1), Some(Command::Cancel)));
        for (letter, row) in [(2, 1), (9, 1), (3, 0), (3, 2), (-1, 1), (3, -1)] {
            assert!(clicked(letter, row).is_none(), "letter {letter} of row {row}");
        }
    }

    #[test]
    fn what_is_too_long_ends_where_the_row_does() {
        assert_eq!(shortened("12345", 5), "12345");
        assert_eq!(shortened("123456", 5), "123..");
        assert_eq!(shortened("12", 1), ".");
        assert_eq!(shortened("12", 0), "");
    }
}
