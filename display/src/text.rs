//! Words into pixels: shaping, line breaking and anti-aliased glyphs.

use std::path::PathBuf;

use cosmic_text::{
    Align, Attrs, Buffer, CacheKeyFlags, Family, FontSystem, Metrics, Shaping, SwashCache, SwashContent, Weight, Wrap,
    fontdb,
};
use embedded_graphics::geometry::{Point, Size};

use crate::{
    fonts::FontList,
    frame::Frame,
    script::{Writing, pieces},
    theme::{Colour, Fonts},
};

/// Most glyphs kept drawn. A screen has about 200 different ones (letters in four sub-pixel positions), at 1 to 4 KB
/// each; so this is the last screen and a few more, within 2 MB.
const MAX_CACHED_GLYPHS: usize = 512;

/// Most characters of a text that must be cut: no screen has room for more, and cutting tries word by word.
const MAX_CUT_TEXT: usize = 400;

/// Numbers of lines that are balanced: one has nothing to balance, and more have no lonely word that would be noticed.
const BALANCED_LINES: std::ops::RangeInclusive<usize> = 2..=4;

/// Percent of the font size that scripts with tall letters need more between lines.
const TALL: u32 = 16;

/// Begins a text whose first letters are not of its direction: a right-to-left mark (Unicode annex 9).
const RIGHT_TO_LEFT_MARK: char = '\u{200f}';

/// Shapes and draws text. Warm after first use; holds a bounded number of drawn glyphs.
pub(crate) struct TextEngine {
    fonts: FontSystem,
    list: FontList,
    families: Fonts,
    glyphs: SwashCache,
}

/// How a paragraph looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    /// Font size in pixels: the em, of which a capital letter is about 0.73.
    pub(crate) size: u32,
    /// Line height in percent of the font size.
    pub(crate) line_percent: u32,
    /// What it is for: decides font and weight.
    pub(crate) role: Role,
    /// Centred; otherwise at the side where the writing begins.
    pub(crate) centred: bool,
    /// How the view it belongs to is written.
    pub(crate) writing: Writing,
}

/// What words are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Title,
    Body,
    Label,
}

/// A text broken into lines for a certain width.
pub(crate) struct Paragraph {
    buffer: Buffer,
    style: Style,
    /// Width it was set for, in pixels.
    width: u32,
    /// How far the lines begin from the left of that width.
    indent: u32,
    /// Height of all lines in pixels.
    pub(crate) height: u32,
    /// Number of lines.
    pub(crate) lines: usize,
    /// Whether no line is wider than was asked for.
    pub(crate) within_width: bool,
}

impl TextEngine {
    /// Opens the built-in fonts; others will be looked for in these folders.
    pub(crate) fn new(folders: &[PathBuf]) -> Self {
        let (list, fonts) = FontList::open(folders);
        Self { fonts, list, families: Fonts::default(), glyphs: SwashCache::new() }
    }

    /// Changes the families of European scripts.
    pub(crate) fn set_families(&mut self, families: Fonts) {
        self.families = families;
    }

    /// Breaks `text` into lines of at most `width` pixels, between words only; a word too wide for a line sticks out.
    pub(crate) fn set(&mut self, text: &str, style: Style, width: u32) -> Paragraph {
        self.shape(text, style, width, Wrap::Word)
    }

    /// Breaks `text` into at most `lines` lines of at most `width` pixels, within words if need be. Words at the end
    /// that find no place are replaced by an ellipsis.
    pub(crate) fn set_cut(&mut self, text: &str, style: Style, width: u32, lines: usize) -> Paragraph {
        let mut kept = text.char_indices().nth(MAX_CUT_TEXT).map_or(text, |(end, _)| &text[..end]);
        let mut paragraph = self.shape(kept, style, width, Wrap::WordOrGlyph);
        while paragraph.lines > lines.max(1) && !kept.is_empty() {
            let end = kept.rfind(char::is_whitespace).or_else(|| kept.char_indices().next_back().map(|(end, _)| end));
            kept = kept[..end.unwrap_or(0)].trim_end();
            paragraph = self.shape(&format!("{kept}…"), style, width, Wrap::WordOrGlyph);
        }
        paragraph
    }

    /// The first character for which the fonts have no picture, in regular or in bold.
    pub(crate) fn missing_glyph(&mut self, text: &str, writing: Writing) -> Option<char> {
        [Role::Body, Role::Title].into_iter().find_map(|role| {
            let style = Style { size: 16, line_percent: 100, role, centred: false, writing };
            self.set(text, style, u32::from(u16::MAX)).first_missing()
        })
    }

    /// Draws a paragraph, its top left at `at`. Characters without a glyph are left out, never shown as boxes.
    pub(crate) fn draw(&mut self, frame: &mut Frame, paragraph: &Paragraph, at: Point, colour: Colour) {
        for run in paragraph.buffer.layout_runs() {
            for glyph in run.glyphs.iter().filter(|glyph| glyph.glyph_id != 0) {
                // Whole pixels downwards, so that all lines of a paragraph look alike; quarters of a pixel sideways.
                let left = at.x as f32 + paragraph.indent as f32;
                let place = glyph.physical((left, at.y as f32 + run.line_y.round()), 1.0);
                let image = self.glyphs.get_image(&mut self.fonts, place.cache_key);
                if let Some(image) = image.as_ref().filter(|image| image.content == SwashContent::Mask) {
                    let offset = Point::new(image.placement.left, -image.placement.top);
                    let size = Size::new(image.placement.width, image.placement.height);
                    frame.blend_mask(Point::new(place.x, place.y) + offset, size, &image.data, colour);
                }
            }
        }
        if self.glyphs.image_cache.len() > MAX_CACHED_GLYPHS {
            self.glyphs.image_cache.clear();
        }
    }

    /// Narrows a text of a few lines as far as their number allows, so that no line is left with a single word.
    pub(crate) fn balance(&mut self, paragraph: &mut Paragraph) {
        let (width, lines) = (paragraph.width, paragraph.lines);
        if !BALANCED_LINES.contains(&lines) || !paragraph.within_width {
            return;
        }
        let (mut too_narrow, mut wide) = (width / 2, width);
        while wide - too_narrow > width / 64 + 1 {
            let middle = u32::midpoint(too_narrow, wide);
            paragraph.lay_out(&mut self.fonts, middle);
            if paragraph.lines == lines && paragraph.within_width {
                wide = middle;
            } else {
                too_narrow = middle;
            }
        }
        paragraph.lay_out(&mut self.fonts, wide);
        paragraph.width = width;
        paragraph.indent = match (paragraph.style.centred, paragraph.style.writing.right_to_left) {
            (true, _) => (width - wide) / 2,
            (false, true) => width - wide,
            (false, false) => 0,
        };
    }

    fn shape(&mut self, text: &str, style: Style, width: u32, wrap: Wrap) -> Paragraph {
        let size = style.size.max(1) as f32;
        let line_height = (size * style.lines() as f32 / 100.0).round().max(1.0);
        let mut buffer = Buffer::new_empty(Metrics::new(size, line_height));
        buffer.set_wrap(wrap);
        let mut words = keep_together(text);
        if style.writing.right_to_left {
            words.insert(0, RIGHT_TO_LEFT_MARK);
        }
        let attrs = Attrs::new()
            .stretch(fontdb::Stretch::SemiCondensed)
            .weight(if style.role == Role::Body { Weight::NORMAL } else { Weight::BOLD })
            // Grid-fitting at these sizes only makes stems uneven.
            .cache_key_flags(CacheKeyFlags::DISABLE_HINTING);
        let wanted = match style.role {
            Role::Title => &self.families.title,
            Role::Body => &self.families.body,
            Role::Label => &self.families.label,
        };
        let spans = pieces(&words).into_iter().map(|(piece, script)| {
            let family = self.list.family(&mut self.fonts, script, style.writing, wanted.as_deref());
            (piece, attrs.clone().family(Family::Name(family)))
        });
        let align = match (style.centred, style.writing.right_to_left) {
            (true, _) => Align::Center,
            (false, true) => Align::Right,
            (false, false) => Align::Left,
        };
        buffer.set_rich_text(spans, &attrs, Shaping::Advanced, Some(align));
        let mut paragraph = Paragraph { buffer, style, width, indent: 0, height: 0, lines: 0, within_width: true };
        paragraph.lay_out(&mut self.fonts, width);
        paragraph
    }
}

impl Style {
    /// Line height in percent of the font size, for the letters it is written in.
    pub(crate) const fn lines(self) -> u32 {
        self.line_percent + if self.writing.tall { TALL } else { 0 }
    }
}

impl Paragraph {
    /// Size of its font in pixels.
    pub(crate) const fn font_size(&self) -> u32 {
        self.style.size
    }

    /// Breaks the lines anew for another width, and measures them.
    fn lay_out(&mut self, fonts: &mut FontSystem, width: u32) {
        self.buffer.set_size(Some(width as f32), None);
        self.buffer.shape_until_scroll(fonts, false);
        let (mut height, mut widest) = (0.0_f32, 0.0_f32);
        self.lines = 0;
        for run in self.buffer.layout_runs() {
            height = height.max(run.line_top + run.line_height);
            widest = widest.max(run.line_w);
            self.lines += 1;
        }
        self.height = height.ceil() as u32;
        // Half a pixel is rounding.
        self.within_width = widest <= width as f32 + 0.5;
        self.width = width;
    }

    fn first_missing(&self) -> Option<char> {
        self.buffer.layout_runs().find_map(|run| {
            let glyph = run.glyphs.iter().find(|glyph| glyph.glyph_id == 0)?;
            run.text.get(glyph.start..glyph.end)?.chars().next()
        })
    }
}

/// Puts a no-break space before the signs that would look lost at the beginning of a line, and after an opening guillemet:
/// French sets a space there, and so does a German percentage.
fn keep_together(text: &str) -> String {
    let mut kept = String::with_capacity(text.len() + 8);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let lost = characters.peek().is_some_and(|next| "%‰€:;!?»".contains(*next)) || kept.ends_with('«');
        kept.push(if character == ' ' && lost { '\u{a0}' } else { character });
    }
    kept
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const LATIN: Writing = Writing { right_to_left: false, han: crate::script::Han::Simplified, tall: false };
    const BODY: Style = Style { size: 26, line_percent: 140, role: Role::Body, centred: false, writing: LATIN };

    /// The built-in fonts alone.
    fn engine() -> TextEngine {
        TextEngine::new(&[])
    }

    #[test]
    fn european_languages_have_all_their_letters_and_others_name_the_missing_one() {
        let mut text = engine();
        for words in [
            "Größe, Übermaß, ähnlich, „Zitat“",
            "Œuvre, garçon, naïf, à bientôt, l’été « ici »",
            "Zażółć gęślą jaźń, Žluťoučký kůň, Αθήνα, Москва, 1 234,50 €",
        ] {
            assert_eq!(text.missing_glyph(words, LATIN), None, "{words}");
        }
        assert_eq!(text.missing_glyph("Guten Tag 口座", LATIN), Some('口'));
    }

    #[test]
    fn lines_break_between_words_and_a_word_too_long_is_noticed() {
        let mut text = engine();
        let paragraph = text.set("Wir prüfen die Finanzierung kostenlos für Sie", BODY, 300);
        assert!(paragraph.within_width && paragraph.lines == 3, "{} lines", paragraph.lines);
        assert!(!text.set("Vorfälligkeitsentschädigungsberechnung", BODY, 300).within_width);
    }

    #[test]
    fn no_word_is_left_alone_on_the_last_line() {
        let mut text = engine();
        let style = Style { size: 50, role: Role::Title, ..BODY };
        let mut paragraph = text.set("Your new home, sooner than you think", style, 466);
        let last = |paragraph: &Paragraph| paragraph.buffer.layout_runs().last().unwrap().glyphs.len();
        assert_eq!((paragraph.lines, last(&paragraph)), (3, "think".len()));
        text.balance(&mut paragraph);
        assert!(paragraph.lines == 3 && paragraph.within_width && last(&paragraph) > "think".len());
    }

    #[test]
    fn a_sign_stays_with_its_number_and_french_punctuation_with_its_word() {
        assert_eq!(keep_together("à 3,1 % net : oui !"), "à 3,1\u{a0}% net\u{a0}: oui\u{a0}!");
        assert_eq!(keep_together("« ici » là"), "«\u{a0}ici\u{a0}» là");
    }

    #[test]
    fn a_text_that_is_cut_keeps_its_lines_and_its_width() {
        let mut text = engine();
        for words in ["one two three four five six seven eight nine ten eleven", &"x".repeat(9000), "…", ""] {
            let paragraph = text.set_cut(words, BODY, 150, 2);
            assert!(paragraph.lines <= 2 && paragraph.within_width, "{} lines", paragraph.lines);
        }
    }

    #[test]
    fn the_glyphs_kept_are_bounded() {
        let mut text = engine();
        let mut frame = Frame::new(Size::new(400, 40));
        for size in 12..60 {
            let paragraph = text.set("The quick brown fox jumps over the lazy dog", Style { size, ..BODY }, 2000);
            text.draw(&mut frame, &paragraph, Point::zero(), Colour::BLACK);
            assert!(text.glyphs.image_cache.len() <= MAX_CACHED_GLYPHS);
        }
    }

    #[test]
    fn a_missing_glyph_is_left_out_and_never_drawn_as_a_box() {
        let mut text = engine();
        let mut frame = Frame::new(Size::new(100, 40));
        let paragraph = text.set("口座", BODY, 100);
        text.draw(&mut frame, &paragraph, Point::zero(), Colour::WHITE);
        assert!(frame.pixels().iter().all(|pixel| *pixel == 0));
    }
}
