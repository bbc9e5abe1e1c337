//! The content check head office runs before publishing, with the same layout and fonts as the glass: what does not
//! fit is refused there, and never cut in front of a customer.

use embedded_graphics::geometry::Size;

pub use crate::qr::QrError;
use crate::{
    layout::{self, OfferLayout},
    paint,
    qr::Code,
    text::TextEngine,
    typeset::Label,
    view::{MAX_ANSWERS, Offer},
};

/// Least pixels a module of a QR code needs, on any panel: at two a phone's camera no longer tells them apart.
const LEAST_MODULE: u32 = 3;

/// A text of an offer.
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
    /// The QR code cannot be read by a phone.
    #[error(transparent)]
    Qr(#[from] QrError),
}

/// Everything that is wrong with an offer on a panel of this size; empty if it can be shown as it is.
///
/// Opens the fonts, which takes some milliseconds: for the desk, not for a visit.
#[must_use]
pub fn fits(view: &Offer, size: Size) -> Vec<LayoutProblem> {
    let mut text = TextEngine::new();
    let layout = layout::offer(view, size);
    let mut problems = Vec::new();
    if view.title.trim().is_empty() {
        problems.push(LayoutProblem::NoTitle);
    }
    if view.answers.len() > MAX_ANSWERS {
        problems.push(LayoutProblem::TooManyAnswers { found: view.answers.len() });
    }
    problems.extend(missing_glyphs(&mut text, view));
    let words = paint::offer_words(&mut text, view, &layout);
    let cut = [(words.title_cut, Part::Title), (words.body_cut, Part::Body)];
    problems.extend(cut.into_iter().filter(|(cut, _)| *cut).map(|(_, part)| LayoutProblem::Overflow { part }));
    problems.extend(labels(&mut text, view, &layout));
    if let (Some(qr), Some(area)) = (&view.qr, layout.qr) {
        problems.extend(Code::encode(qr, area.size.width, LEAST_MODULE).err().map(LayoutProblem::Qr));
    }
    problems
}

fn missing_glyphs(text: &mut TextEngine, view: &Offer) -> Vec<LayoutProblem> {
    let labels = view.answers.iter().enumerate().map(|(index, answer)| (Part::Answer(index), &answer.label));
    [(Part::Title, &view.title), (Part::Body, &view.body)]
        .into_iter()
        .chain(labels)
        .filter_map(|(part, words)| {
            let character = text.missing_glyph(words)?;
            Some(LayoutProblem::MissingGlyph { part, character })
        })
        .collect()
}

fn labels(text: &mut TextEngine, view: &Offer, layout: &OfferLayout) -> Vec<LayoutProblem> {
    let buttons = view.answers.iter().zip(&layout.answers).enumerate();
    buttons
        .filter_map(|(index, (answer, button))| {
            let part = Part::Answer(index);
            if answer.label.trim().is_empty() {
                return Some(LayoutProblem::EmptyLabel { part });
            }
            Label::set(text, &answer.label, button.size, layout.scale).cut.then_some(LayoutProblem::Overflow { part })
        })
        .collect()
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
    use super::*;
    use crate::view::{AnswerButton, Emphasis};

    const PANEL: Size = Size::new(1024, 768);

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
        assert_eq!(fits(&good(), PANEL), []);
    }

    #[test]
    fn a_title_or_body_that_is_too_long_is_named() {
        let long = Offer { title: "Everything you ever wanted to know about saving for later ".repeat(3), ..good() };
        assert_eq!(fits(&long, PANEL), [LayoutProblem::Overflow { part: Part::Title }]);
        let word = Offer { title: "Rindfleischetikettierungsüberwachungsaufgabe".to_owned(), ..good() };
        assert_eq!(fits(&word, PANEL), [LayoutProblem::Overflow { part: Part::Title }]);
        let body = Offer { body: "Und noch ein Satz mehr. ".repeat(30), ..good() };
        assert_eq!(fits(&body, PANEL), [LayoutProblem::Overflow { part: Part::Body }]);
    }

    #[test]
    fn a_label_that_is_too_long_is_named_by_its_number() {
        let mut offer = good();
        offer.answers[1].label = "I would like to know a great deal more about this offer, please".to_owned();
        let problems = fits(&offer, PANEL);
        assert_eq!(problems, [LayoutProblem::Overflow { part: Part::Answer(1) }]);
        assert_eq!(problems[0].to_string(), "label of answer 2 does not fit its place");
    }

    #[test]
    fn a_character_without_a_glyph_is_named() {
        let offer = Offer { body: "Willkommen 口座".to_owned(), ..good() };
        let problems = fits(&offer, PANEL);
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
        assert_eq!(fits(&offer, PANEL), expected);
    }

    #[test]
    fn a_code_too_fine_for_a_phone_is_refused() {
        let offer = Offer { qr: Some("x".repeat(2000)), ..good() };
        assert!(matches!(fits(&offer, PANEL)[..], [LayoutProblem::Qr(QrError::TooFine { bytes: 2000, .. })]));
    }
}
