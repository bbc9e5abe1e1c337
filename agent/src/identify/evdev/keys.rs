//! From the keys that go down to what they stand for.

use std::collections::BTreeMap;

use super::event::{DOWN, KEY, RawEvent};
use crate::{identify::Event, input::Meaning};

/// What each key stands for; all others are not looked at.
#[derive(Debug)]
pub(super) struct Keyboard<'a>(pub(super) &'a BTreeMap<u16, Meaning>);

impl Keyboard<'_> {
    /// What happens when a key goes down. One that is held says nothing more.
    pub(super) fn event(&self, event: RawEvent) -> Option<Event> {
        let pressed = event.kind == KEY && event.value == DOWN;
        Some(match *self.0.get(&event.code).filter(|_| pressed)? {
            Meaning::Side(side, number) => Event::Pressed(side, number),
            Meaning::Answer(kind) => Event::Chosen(kind),
            Meaning::Cancel => Event::Cancelled,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchpoint_display::Side;
    use touchpoint_protocol::campaign::AnswerKind;

    #[test]
    fn a_key_stands_for_what_it_was_given_and_says_it_once() {
        let meanings = BTreeMap::from([
            (59, Meaning::Side(Side::Left, 0)),
            (28, Meaning::Answer(AnswerKind::Accept)),
            (1, Meaning::Cancel),
        ]);
        let press = |code, value| Keyboard(&meanings).event(RawEvent { kind: KEY, code, value });
        assert!(matches!(press(59, 1), Some(Event::Pressed(Side::Left, 0))));
        assert!(matches!(press(28, 1), Some(Event::Chosen(AnswerKind::Accept))));
        assert!(matches!(press(1, 1), Some(Event::Cancelled)));
        assert!(press(59, 2).is_none() && press(59, 0).is_none() && press(60, 1).is_none());
        assert!(Keyboard(&meanings).event(RawEvent { kind: 3, code: 59, value: 1 }).is_none());
    }
}
