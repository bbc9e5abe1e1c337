//! What the keys of the keyboard do at the desk: what they do on the page.

use super::{
    View,
    typing::{Typed, Typing},
};
use crate::desk::{About, Command, State};
use touchpoint_display::Side;
use touchpoint_protocol::name::{AmountBand, Language, VisitKind};

/// What they do, for who looks for it.
pub(super) const HELP: [&str; 6] = [
    "1 2 3  answer          F1-F4  keys at the left of the glass",
    "L  customer leaves     F5-F8  keys at the right",
    "X  cancel              P      PIN entry begins, ends",
    "M  balance enquiry     N      another language",
    "T  types a number      Esc    closes the desk",
    "V W R  what the next visit is for, its amount, how they read",
];

/// What a visit may be for, as the page has it; or nothing is said.
const VISITS: [&str; 3] = ["withdrawal", "balance-enquiry", "deposit"];

/// The bands in which its amount may lie.
const AMOUNTS: [&str; 3] = ["small", "large", "huge"];

/// The languages that customers choose from, as the page has them.
const LANGUAGES: [&str; 3] = ["en", "de", "fr"];

/// How a customer may read: whether they need large text, and whether high contrast. Nothing is said before the first.
const READING: [(bool, bool); 3] = [(true, false), (false, true), (true, true)];

/// What a key does, by its name in SDL.
pub(super) fn command(name: &str, shift: bool, view: &mut View, state: &State) -> Option<Command> {
    if let Some(typing) = view.typing.take() {
        return match typing.key(name, shift) {
            Typed::Done(what, number) => Some(Command::Type { what, number, visit: view.saying.clone() }),
            Typed::Away => None,
            Typed::On(typing) => {
                view.typing = Some(typing);
                None
            }
        };
    }
    if let Some(number) = name.strip_prefix('F').and_then(|number| number.parse::<usize>().ok()) {
        return match number {
            1..=4 => Some(Command::Key { side: Side::Left, number: number - 1 }),
            5..=8 => Some(Command::Key { side: Side::Right, number: number - 5 }),
            _ => None,
        };
    }
    if let Some(at) = name.parse::<usize>().ok().and_then(|digit| digit.checked_sub(1)) {
        return match shift {
            true => state.faults.get(at).map(|line| Command::Fault { fault: line.fault, on: !line.on }),
            false => state.visit.as_ref()?.answers.get(at).map(|answer| Command::Answer { answer: *answer }),
        };
    }
    match name {
        "P" => Some(Command::PinEntry { active: !state.kiosk.pin_entry }),
        "M" => Some(Command::BalanceEnquiry),
        "L" => Some(Command::Leave),
        "X" => Some(Command::Cancel),
        "T" => {
            view.typing = Some(Typing::begin());
            None
        }
        "N" => {
            let spoken = state.visit.as_ref().and_then(|visit| visit.language.as_ref()).map(Language::as_str);
            // From the last to the first: there is no language that is none.
            let language = next(&LANGUAGES, spoken).unwrap_or(LANGUAGES[0]).parse().ok()?;
            Some(Command::Language { language })
        }
        "V" => {
            let kind = next(&VISITS, view.saying.kind.as_ref().map(VisitKind::as_str));
            view.saying.kind = kind.and_then(|kind| kind.parse().ok());
            None
        }
        "W" => {
            let amount = next(&AMOUNTS, view.saying.amount.as_ref().map(AmountBand::as_str));
            view.saying.amount = amount.and_then(|amount| amount.parse().ok());
            None
        }
        "R" => {
            let reading = next(&READING, view.saying.large_text.zip(view.saying.high_contrast));
            (view.saying.large_text, view.saying.high_contrast) = reading.unzip();
            None
        }
        _ => {
            let customer = state.customers.iter().find(|about| letter(about) == name)?;
            Some(Command::Insert { customer: customer.id.clone(), visit: view.saying.clone() })
        }
    }
}

/// The key that sends a customer: the first letter of their name, without accents.
pub(super) fn letter(about: &About) -> String {
    about.id.chars().take(1).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// What comes after this one: the first after nothing, and nothing after the last.
fn next<T: Copy + PartialEq>(all: &[T], now: Option<T>) -> Option<T> {
    let after = all.iter().position(|one| Some(*one) == now).map_or(0, |at| at + 1);
    all.get(after).copied()
}
