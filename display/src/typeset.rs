//! Title and body in a given room, as large as they fit: one rule for the painter and for the content check.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::{
    frame::Frame,
    scale::Scale,
    script::Writing,
    text::{Paragraph, Role, Style, TextEngine},
    theme::Colour,
};

/// Most lines of a title: a longer one is read as text, not as a title.
const TITLE_LINES: usize = 3;
/// Most lines of a button's label.
const LABEL_LINES: usize = 2;
/// Wanted size of a button's label in pixels of the reference panel.
const LABEL: u32 = 28;
/// Distance of a label from the sides of its button.
const LABEL_SIDES: u32 = 10;
/// Percent of the height that a title may take from the body.
const TITLE_SHARE: u32 = 65;
/// Sizes that are tried, in percent of the wanted one, before a text counts as too long.
const LADDER: [u32; 7] = [100, 93, 87, 81, 75, 70, 65];
/// Wanted sizes of a title, in percent, that are tried when the body finds no place beside the first.
const SMALLER_TITLES: [u32; 3] = [80, 65, 50];
/// Smallest title in percent of the smallest body: still clearly larger.
const SMALLEST_TITLE: u32 = 128;

/// How words are set that stand in one view: how large things are, and how it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) scale: Scale,
    pub(crate) writing: Writing,
}

/// Wanted sizes of title and body in pixels of the reference panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) title: u32,
    pub(crate) body: u32,
    pub(crate) centred: bool,
}

/// A title and a body that fit their room.
pub(crate) struct Words {
    title: Title,
    /// Whether it was set before.
    pub(crate) same_title: bool,
    /// Missing if there is no body, or no room for one line of it.
    body: Option<Paragraph>,
    gap: u32,
    /// Whether the body had to be cut to fit.
    pub(crate) body_cut: bool,
}

/// A title as it was set, with all that it depends on besides its words, room and manner.
pub(crate) struct Title {
    paragraph: Paragraph,
    cut: bool,
    /// In pixels of the reference panel.
    wanted: u32,
    /// Whether a body was to have room, too.
    leaves_room: bool,
}

/// A button's words.
pub(crate) struct Label {
    paragraph: Paragraph,
    /// Whether the words had to be cut to fit.
    pub(crate) cut: bool,
}

impl Words {
    /// Sets both texts as large as they fit a room, the title first; a body that finds no place then makes the title
    /// smaller. What does not fit in the smallest size is cut.
    pub(crate) fn set(text: &mut TextEngine, words: (&str, &str), room: Size, sizes: Sizes, manner: Manner) -> Self {
        Self::set_below(text, None, words, room, sizes, manner)
    }

    /// The same below a title that was set before, of the same words in the same room and manner.
    pub(crate) fn set_below(
        text: &mut TextEngine,
        mut known: Option<Title>,
        words: (&str, &str),
        room: Size,
        sizes: Sizes,
        manner: Manner,
    ) -> Self {
        let mut set = Self::with_title(text, &mut known, words, room, sizes, manner);
        for percent in SMALLER_TITLES {
            if !set.body_cut || set.title_cut() {
                break;
            }
            let smaller = Sizes { title: sizes.title * percent / 100, ..sizes };
            set = Self::with_title(text, &mut known, words, room, smaller, manner);
        }
        set
    }

    fn with_title(
        text: &mut TextEngine,
        known: &mut Option<Title>,
        (title, body): (&str, &str),
        room: Size,
        sizes: Sizes,
        Manner { scale, writing }: Manner,
    ) -> Self {
        // A body leaves the title the greater part: who reads only one of them reads the title.
        let share = if body.is_empty() { 100 } else { TITLE_SHARE };
        let title_room = Size::new(room.width, room.height * share / 100);
        let centred = sizes.centred;
        let title_style = Style { size: 0, line_percent: 116, role: Role::Title, centred, writing };
        let smallest = scale.smallest_text();
        let title_sizes = ladder(scale.px(sizes.title), smallest * SMALLEST_TITLE / 100);
        let (wanted, leaves_room) = (sizes.title, !body.is_empty());
        let known = known.take_if(|known| (known.wanted, known.leaves_room) == (wanted, leaves_room));
        let same_title = known.is_some();
        let title = known.unwrap_or_else(|| {
            let (paragraph, cut) = largest(text, title, title_style, title_sizes, (title_room, TITLE_LINES));
            Title { paragraph, cut, wanted, leaves_room }
        });

        // Beside a title that had to shrink, the body stays clearly smaller.
        let wanted_body = scale.px(sizes.body).min(title.paragraph.font_size() * 7 / 10);
        let gap = scale.px(sizes.title * 4 / 10);
        let body_room = Size::new(room.width, room.height.saturating_sub(title.paragraph.height + gap));
        let body_style = Style { size: 0, line_percent: 145, role: Role::Body, centred, writing };
        let body_sizes = ladder(wanted_body, smallest);
        let set = (!body.is_empty()).then(|| largest(text, body, body_style, body_sizes, (body_room, usize::MAX)));
        let body_cut = set.as_ref().is_some_and(|(_, cut)| *cut);
        let body = set.map(|(body, _)| body).filter(|body| body.height <= body_room.height);
        Self { title, same_title, body, gap, body_cut }
    }

    /// Height of everything in pixels.
    pub(crate) fn height(&self) -> u32 {
        self.title.paragraph.height + self.body.as_ref().map_or(0, |body| self.gap + body.height)
    }

    /// Draws both, the title's top left at `at`.
    pub(crate) fn draw(&self, text: &mut TextEngine, frame: &mut Frame, at: Point, colours: (Colour, Colour)) {
        self.draw_title(text, frame, at, colours.0);
        self.draw_body(text, frame, at, colours.1);
    }

    /// Draws the title, its top left at `at`.
    pub(crate) fn draw_title(&self, text: &mut TextEngine, frame: &mut Frame, at: Point, colour: Colour) {
        text.draw(frame, &self.title.paragraph, at, colour);
    }

    /// Draws the body below a title whose top left is at `at`.
    pub(crate) fn draw_body(&self, text: &mut TextEngine, frame: &mut Frame, at: Point, colour: Colour) {
        if let Some(body) = &self.body {
            text.draw(frame, body, at + Size::new(0, self.title.paragraph.height + self.gap), colour);
        }
    }

    /// Whether the title had to be cut to fit.
    pub(crate) const fn title_cut(&self) -> bool {
        self.title.cut
    }

    /// The title, for another body.
    pub(crate) fn into_title(self) -> Title {
        self.title
    }
}

impl Label {
    /// Sets the words of a button as large as they fit on it.
    pub(crate) fn set(text: &mut TextEngine, label: &str, button: Size, manner: Manner) -> Self {
        let Manner { scale, writing } = manner;
        let room = button.saturating_sub(Size::new(scale.px(LABEL_SIDES), scale.px(4)) * 2);
        let style = Style { size: 0, line_percent: 120, role: Role::Label, centred: true, writing };
        let sizes = ladder(scale.px(LABEL), scale.smallest_text());
        let (paragraph, cut) = largest(text, label, style, sizes, (room, LABEL_LINES));
        Self { paragraph, cut }
    }

    /// Draws the words in the middle of the button.
    pub(crate) fn draw(
        &self,
        text: &mut TextEngine,
        frame: &mut Frame,
        button: Rectangle,
        scale: Scale,
        colour: Colour,
    ) {
        let above = button.size.height.saturating_sub(self.paragraph.height) / 2;
        text.draw(frame, &self.paragraph, button.top_left + Size::new(scale.px(LABEL_SIDES), above), colour);
    }
}

/// Font sizes to try, in pixels: from the wanted one down to the smallest allowed.
fn ladder(wanted: u32, smallest: u32) -> impl Iterator<Item = u32> {
    LADDER.into_iter().map(move |percent| (wanted * percent / 100).max(smallest))
}

/// The text in the first size with which it fits the room and the number of lines; or, with the last, cut to fit.
fn largest(
    text: &mut TextEngine,
    words: &str,
    style: Style,
    sizes: impl Iterator<Item = u32>,
    (room, most_lines): (Size, usize),
) -> (Paragraph, bool) {
    let mut smallest = style;
    for size in sizes {
        smallest = Style { size, ..style };
        let mut paragraph = text.set(words, smallest, room.width);
        if paragraph.within_width && paragraph.lines <= most_lines && paragraph.height <= room.height {
            text.balance(&mut paragraph);
            return (paragraph, false);
        }
    }
    let lines = lines_in(room.height, smallest).clamp(1, most_lines);
    (text.set_cut(words, smallest, room.width, lines), true)
}

fn lines_in(height: u32, style: Style) -> usize {
    (height / (style.size * style.lines()).div_ceil(100).max(1)) as usize
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::glass::{Glass, Mode};

    const INK: Colour = Colour::BLACK;
    const SIZES: Sizes = Sizes { title: 50, body: 30, centred: false };

    /// Letters of every script, words long and short, and what nobody should write: controls and lone marks.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-ZäöüßéА-яα-ω ,.!?%0-9]{0,160}",
            "[\u{5d0}-\u{5ea}\u{620}-\u{64a} ()0-9.]{0,120}",
            "[\u{904}-\u{939}\u{93e}-\u{94d}\u{e01}-\u{e3a}\u{e40}-\u{e4e}\u{200b} ]{0,120}",
            "[\u{3041}-\u{3096}\u{4e00}-\u{4fff}\u{ac00}-\u{ad00}、。]{0,80}",
            any::<String>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn no_words_panic_or_leave_their_room(
            (title, body) in (texts(), texts()),
            (width, height) in (40_u32..1000, 40_u32..700),
            large_text in any::<bool>(),
        ) {
            let glass = Glass::of(Size::new(1024, 768));
            let mode = Mode { large_text, high_contrast: false };
            let writing = Writing::of([title.as_str(), &body].into_iter());
            let manner = Manner { scale: Scale::of(&glass, mode), writing };
            let mut text = TextEngine::new(&[]);
            let room = Size::new(width, height);
            let words = Words::set(&mut text, (&title, &body), room, SIZES, manner);
            if words.title_cut() || words.body_cut {
                return Ok(());
            }
            prop_assert!(words.height() <= height);
            // What is drawn may lean out of its line by as much as letters lean, and no more.
            let lean = manner.scale.px(SIZES.title);
            let mut frame = Frame::new(room + Size::new_equal(2 * lean));
            let top_left = Point::new_equal(lean.cast_signed());
            words.draw(&mut text, &mut frame, top_left, (INK, INK));
            let slack = Rectangle::new(top_left, room).offset(lean.cast_signed() / 3);
            for area in frame.take_damage() {
                prop_assert!(area.intersection(&slack) == area, "{area:?} beyond {slack:?}");
            }
        }
    }

    #[test]
    fn a_body_without_a_place_makes_the_title_smaller() {
        let glass = Glass::of(Size::new(1024, 768));
        let manner = Manner { scale: Scale::of(&glass, Mode::default()), writing: Writing::default() };
        let mut text = TextEngine::new(&[]);
        let (title, body) = ("Your savings can earn 3.1 %", "Anna, move them to Gold Savings today, and earn.");
        let high = Words::set(&mut text, (title, body), Size::new(420, 400), SIZES, manner);
        let low = Words::set(&mut text, (title, body), Size::new(420, 175), SIZES, manner);
        assert!(!low.title_cut() && !low.body_cut);
        assert!(low.title.paragraph.font_size() < high.title.paragraph.font_size());
    }

    #[test]
    fn a_title_is_known_again_in_the_size_to_which_a_body_made_it_shrink() {
        let glass = Glass::of(Size::new(1024, 768));
        let manner = Manner { scale: Scale::of(&glass, Mode::default()), writing: Writing::default() };
        let mut text = TextEngine::new(&[]);
        let (title, room) = ("Your savings can earn 3.1 %", Size::new(420, 175));
        let first =
            Words::set(&mut text, (title, "Anna, move them to Gold Savings today, and earn."), room, SIZES, manner);
        let size = first.title.paragraph.font_size();
        let words = (title, "Emil, move them to Gold Savings today, and earn.");
        let second = Words::set_below(&mut text, Some(first.into_title()), words, room, SIZES, manner);
        assert_eq!((second.same_title, second.title.paragraph.font_size()), (true, size));
        let short = Words::set_below(&mut text, Some(second.into_title()), (title, "Move them."), room, SIZES, manner);
        assert!(!short.same_title && short.title.paragraph.font_size() > size);
    }
}
