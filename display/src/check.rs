//! The content check head office runs before publishing, with the same layout and fonts as the glass: what does not
//! fit is refused there, and never cut in front of a customer.

pub use crate::qr::QrError;
use crate::{
    glass::{Answering, Glass, Mode},
    layout::{self, Canvas, OfferLayout, Purpose},
    paint,
    qr::Code,
    script::Writing,
    text::TextEngine,
    theme::Theme,
    typeset::{Label, Manner, Words},
    view::{MAX_ANSWERS, Offer, View},
};

/// Least pixels a module of a QR code needs, on any panel: at two a phone's camera no longer tells them apart.
const LEAST_MODULE: u32 = 3;

/// A text of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The headline.
    Title,
    /// The message itself.
    Body,
    /// The label of the answer with this index, from 0.
    Answer(usize),
}

/// Something a customer would see badly or not at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutProblem {
    /// Too many words, or a word too long, even in the smallest readable size.
    #[error("{part} does not fit its place")]
    Overflow {
        /// The text that does not fit.
        part: Part,
    },
    /// The fonts have no picture for a character.
    #[error("{part} has the character {character:?} (U+{:04X}), which no font can show", u32::from(*character))]
    MissingGlyph {
        /// The text with the character.
        part: Part,
        /// The first such character in it.
        character: char,
    },
    /// A title is needed: it is what a customer reads first, and often all.
    #[error("title is empty")]
    NoTitle,
    /// A button without words.
    #[error("{part} is empty")]
    EmptyLabel {
        /// The answer without a label.
        part: Part,
    },
    /// More answers than can be shown.
    #[error("there are {found} answers, at most {MAX_ANSWERS} are shown")]
    TooManyAnswers {
        /// Answers of the offer.
        found: usize,
    },
    /// More answers than function keys.
    #[error("there are {found} answers and {keys} function keys")]
    TooFewKeys {
        /// Answers of the offer.
        found: usize,
        /// Function keys of the glass.
        keys: usize,
    },
    /// It would be gone before it is read.
    #[error("reading it takes {needed} s, there are {available}")]
    TooLittleTime {
        /// [`Offer::reading_seconds`].
        needed: u32,
        /// Seconds it is shown.
        available: u32,
    },
    /// The QR code cannot be read by a phone.
    #[error(transparent)]
    Qr(#[from] QrError),
}

/// Everything that is wrong with a view on this glass, in this theme and mode; empty if it can be shown as it is. An
/// offer with `seconds_total` 0 is not asked whether it can be read in time.
///
/// Opens the fonts, which takes some milliseconds: for the desk, not for a visit.
#[must_use]
pub fn fits(view: &View, glass: &Glass, theme: &Theme, mode: Mode) -> Vec<LayoutProblem> {
    let writing = Writing::of(view.texts());
    let look = theme.in_mode(mode);
    let canvas = Canvas::new(glass, mode, &look, writing);
    let mut desk = Desk { text: TextEngine::new(&glass.fonts), manner: Manner { scale: canvas.scale, writing } };
    desk.text.set_families(look.fonts);
    match view {
        View::Attract { title, body } => desk.words(title, body, |text, manner| {
            paint::attract_words(text, (title, body), &layout::attract(&canvas), manner)
        }),
        View::Thanks { title, body } | View::OutOfOrder { title, body } => desk.words(title, body, |text, manner| {
            paint::notice_words(text, (title, body), &layout::notice(&canvas), manner)
        }),
        View::Offer(offer) => desk.offer(offer, &layout::offer(offer, Purpose::Invite, &canvas), &glass.answering),
        View::Detail(offer) => desk.offer(offer, &layout::offer(offer, Purpose::Explain, &canvas), &glass.answering),
        View::Blank => Vec::new(),
    }
}

/// What texts are tried with.
struct Desk {
    text: TextEngine,
    manner: Manner,
}

impl Desk {
    fn offer(&mut self, offer: &Offer, layout: &OfferLayout, answering: &Answering) -> Vec<LayoutProblem> {
        let (title, body) = (&offer.title, &offer.body);
        let mut problems =
            self.words(title, body, |text, manner| paint::offer_words(text, None, offer, layout, manner));
        let found = offer.answers.len();
        if found > MAX_ANSWERS {
            problems.push(LayoutProblem::TooManyAnswers { found });
        }
        if let Answering::Keys(keys) = answering {
            let keys = keys.left.len() + keys.right.len();
            if found > keys {
                problems.push(LayoutProblem::TooFewKeys { found, keys });
            }
        }
        for (index, answer) in offer.answers.iter().enumerate() {
            problems.extend(self.label(index, &answer.label, layout));
        }
        let (needed, available) = (offer.reading_seconds(), offer.seconds_total);
        if available > 0 && needed > available {
            problems.push(LayoutProblem::TooLittleTime { needed, available });
        }
        if let (Some(qr), Some(area)) = (&offer.qr, layout.qr) {
            problems.extend(Code::encode(qr, area.size.width, LEAST_MODULE).err().map(LayoutProblem::Qr));
        }
        problems
    }

    /// Title and body, set as the view sets them.
    fn words(
        &mut self,
        title: &str,
        body: &str,
        set: impl FnOnce(&mut TextEngine, Manner) -> Words,
    ) -> Vec<LayoutProblem> {
        let mut problems = Vec::new();
        if title.trim().is_empty() {
            problems.push(LayoutProblem::NoTitle);
        }
        problems.extend([(Part::Title, title), (Part::Body, body)].into_iter().filter_map(|(part, words)| {
            let character = self.text.missing_glyph(words, self.manner.writing)?;
            Some(LayoutProblem::MissingGlyph { part, character })
        }));
        let words = set(&mut self.text, self.manner);
        let cut = [(words.title_cut(), Part::Title), (words.body_cut, Part::Body)];
        problems.extend(cut.into_iter().filter(|(cut, _)| *cut).map(|(_, part)| LayoutProblem::Overflow { part }));
        problems
    }

    fn label(&mut self, index: usize, label: &str, layout: &OfferLayout) -> Option<LayoutProblem> {
        let part = Part::Answer(index);
        if label.trim().is_empty() {
            return Some(LayoutProblem::EmptyLabel { part });
        }
        if let Some(character) = self.text.missing_glyph(label, self.manner.writing) {
            return Some(LayoutProblem::MissingGlyph { part, character });
        }
        let key = layout.keys.get(index).map(|(side, _)| *side);
        let area = paint::label_area(*layout.answers.get(index)?, key, self.manner.scale);
        let cut = Label::set(&mut self.text, label, area.size, self.manner).cut;
        cut.then_some(LayoutProblem::Overflow { part })
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Title => f.write_str("title"),
            Self::Body => f.write_str("body"),
            Self::Answer(index) => write!(f, "label of answer {}", index + 1),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use embedded_graphics::geometry::Size;

    use super::*;
    use crate::view::{AnswerButton, Emphasis};

    fn fits(offer: &Offer) -> Vec<LayoutProblem> {
        let glass = Glass { fonts: Vec::new(), ..Glass::of(Size::new(1024, 768)) };
        super::fits(&View::Offer(offer.clone()), &glass, &Theme::default(), Mode::default())
    }

    fn good() -> Offer {
        let answer = |label: &str| AnswerButton { label: label.to_owned(), emphasis: Emphasis::Secondary };
        Offer {
            title: "Épargnez dès aujourd’hui à 3,1 %".to_owned(),
            body: "Ihre Vorfälligkeitsentschädigung entfällt: Wir prüfen das kostenlos für Sie.".to_owned(),
            qr: Some("https://www.example.com/leasing?c=4711".to_owned()),
            answers: vec![answer("Rückruf vereinbaren"), answer("More about it"), answer("Nein, danke")],
            ..Offer::default()
        }
    }

    #[test]
    fn a_good_offer_has_no_problem() {
        assert_eq!(fits(&good()), []);
    }

    #[test]
    fn a_title_or_body_that_is_too_long_is_named() {
        let long = Offer { title: "Everything you ever wanted to know about saving for later ".repeat(3), ..good() };
        assert_eq!(fits(&long), [LayoutProblem::Overflow { part: Part::Title }]);
        let word = Offer { title: "Rindfleischetikettierungsüberwachungsaufgabe".to_owned(), ..good() };
        assert_eq!(fits(&word), [LayoutProblem::Overflow { part: Part::Title }]);
        let body = Offer { body: "Und noch ein Satz mehr. ".repeat(30), ..good() };
        assert_eq!(fits(&body), [LayoutProblem::Overflow { part: Part::Body }]);
    }

    #[test]
    fn a_label_that_is_too_long_is_named_by_its_number() {
        let mut offer = good();
        offer.answers[1].label = "I would like to know a great deal more about this offer, please".to_owned();
        let problems = fits(&offer);
        assert_eq!(problems, [LayoutProblem::Overflow { part: Part::Answer(1) }]);
        assert_eq!(problems[0].to_string(), "label of answer 2 does not fit its place");
    }

    #[test]
    fn a_character_without_a_glyph_is_named() {
        let offer = Offer { body: "Willkommen 口座".to_owned(), ..good() };
        let problems = fits(&offer);
        assert_eq!(problems, [LayoutProblem::MissingGlyph { part: Part::Body, character: '口' }]);
        assert_eq!(problems[0].to_string(), "body has the character '口' (U+53E3), which no font can show");
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let mut offer = Offer { title: " ".to_owned(), ..good() };
        offer.answers[0].label.clear();
        offer.answers.push(offer.answers[2].clone());
        let expected = [
            LayoutProblem::NoTitle,
            LayoutProblem::TooManyAnswers { found: 4 },
            LayoutProblem::EmptyLabel { part: Part::Answer(0) },
        ];
        assert_eq!(fits(&offer), expected);
    }

    #[test]
    fn an_offer_that_cannot_be_read_in_its_time_says_how_long_it_takes() {
        let problems = fits(&Offer { seconds_total: 9, ..good() });
        assert_eq!(problems, [LayoutProblem::TooLittleTime { needed: 12, available: 9 }]);
        assert_eq!(problems[0].to_string(), "reading it takes 12 s, there are 9");
    }

    #[test]
    fn every_view_is_checked() {
        let glass = Glass { fonts: Vec::new(), ..Glass::of(Size::new(1024, 768)) };
        let check = |view: &View| super::fits(view, &glass, &Theme::default(), Mode::default());
        let (title, body) = ("ยินดีต้อนรับ".to_owned(), "A sentence that goes on. ".repeat(90));
        let expected = [
            LayoutProblem::MissingGlyph { part: Part::Title, character: 'ย' },
            LayoutProblem::Overflow { part: Part::Body },
        ];
        assert_eq!(check(&View::Attract { title: title.clone(), body: body.clone() }), expected);
        assert_eq!(check(&View::Thanks { title: title.clone(), body: body.clone() }), expected);
        assert_eq!(check(&View::OutOfOrder { title, body: body.clone() }), expected);
        assert_eq!(check(&View::Detail(Offer { body, ..good() })), [LayoutProblem::Overflow { part: Part::Body }]);
        assert_eq!(check(&View::Blank), []);
    }

    #[test]
    fn function_keys_must_be_as_many_as_answers() {
        let keys = Answering::Keys(crate::glass::Keys { left: vec![], right: vec![500, 700] });
        let glass = Glass { answering: keys, fonts: Vec::new(), ..Glass::of(Size::new(1024, 768)) };
        let problems = super::fits(&View::Offer(good()), &glass, &Theme::default(), Mode::default());
        assert!(problems.contains(&LayoutProblem::TooFewKeys { found: 3, keys: 2 }), "{problems:?}");
    }

    #[test]
    fn a_code_too_fine_for_a_phone_is_refused() {
        let offer = Offer { qr: Some("x".repeat(2000)), ..good() };
        assert!(matches!(fits(&offer)[..], [LayoutProblem::Qr(QrError::TooFine { bytes: 2000, .. })]));
    }
}
