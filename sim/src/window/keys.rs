//! What the keys of the keyboard do at the desk: what they do on the page.

use super::{
    View,
    typing::{Typed, Typing},
};
use crate::desk::{About, Command, State};
use touchpoint_display::Side;
use touchpoint_protocol::name::VisitKind;

/// What they do, for who looks for it.
pub(super) const HELP: [&str; 5] = [
    "1 2 3  answer          F1-F4  keys at the left of the glass",
    "L  customer leaves     F5-F8  keys at the right",
    "X  cancel              P      PIN entry begins, ends",
    "M  balance enquiry     V      what the next visit is for",
    "T  types a number      Esc    closes the desk",
];

/// What a visit may be for, as the page has it; or nothing is said.
const VISITS: [&str; 3] = ["withdrawal", "balance-enquiry", "deposit"];

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
        "V" => {
            view.saying.kind =
                next(view.saying.kind.as_ref().map(VisitKind::as_str)).and_then(|kind| kind.parse().ok());
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

/// What a visit may be for after this one.
fn next(kind: Option<&str>) -> Option<&'static str> {
    let after = VISITS.iter().position(|visit| Some(*visit) == kind).map_or(0, |at| at + 1);
    VISITS.get(after).copied()
}
