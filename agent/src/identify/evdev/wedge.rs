//! From the keys that a card reader types to a card.
//!
//! A keyboard wedge types what it reads as if on an American keyboard, whatever the machine's own layout is. What it types is a card
//! number, so it is kept for no longer than the reading takes, in memory that is wiped, and no error says anything of it.

use std::time::Duration;
use touchpoint_protocol::card::{Card, CardError};
use zeroize::{Zeroize, Zeroizing};

use super::event::{DOWN, KEY, RawEvent, SYN, SYN_DROPPED};
use crate::{
    identify::track::{self, TrackError},
    input::Reads,
};

/// Longest reading, in characters: three tracks with their sentinels and check characters (ISO/IEC 7811) have 80, 41 and 108.
const LONGEST: usize = 256;

/// Longest pause within a reading. Readers type a key every few milliseconds; what comes after a pause is another reading.
const PAUSE: Duration = Duration::from_millis(500);

/// Longest time a reading takes, however steadily it goes on.
const SLOWEST: Duration = Duration::from_secs(5);

/// Keys that are no characters.
const SHIFTS: [u16; 2] = [42, 54];
const ENTERS: [u16; 2] = [28, 96];

/// Why a reading is no card. No variant holds any of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum WedgeError {
    #[error("more than {LONGEST} characters")]
    Long,
    #[error("no end within {} s", SLOWEST.as_secs())]
    Slow,
    #[error("a track")]
    Track(#[source] TrackError),
    #[error("a number")]
    Number(#[source] CardError),
}

/// A card reader that types.
pub(super) struct Wedge {
    reads: Reads,
    text: Zeroizing<String>,
    shift: bool,
    /// The card is known, or lost: what follows before a pause is not looked at.
    over: bool,
    began: Duration,
    last: Duration,
}

impl Wedge {
    /// A reader that has read nothing.
    pub(super) fn new(reads: Reads) -> Wedge {
        // As long as it will ever be: a growing text would leave its digits behind in freed memory.
        let text = Zeroizing::new(String::with_capacity(LONGEST));
        Wedge { reads, text, shift: false, over: false, began: Duration::ZERO, last: Duration::ZERO }
    }

    /// Takes note of an event, at a time after boot. What was read, once it is known.
    pub(super) fn event(&mut self, event: RawEvent, now: Duration) -> Option<Result<Card, WedgeError>> {
        match (event.kind, event.code) {
            (SYN, SYN_DROPPED) => {
                self.forget();
                (self.over, self.shift, self.last) = (true, false, now);
                None
            }
            (KEY, code) if SHIFTS.contains(&code) => {
                self.shift = event.value != 0;
                None
            }
            (KEY, code) if event.value == DOWN => self.key(code, now),
            _ => None,
        }
    }

    fn key(&mut self, code: u16, now: Duration) -> Option<Result<Card, WedgeError>> {
        if now.saturating_sub(self.last) > PAUSE {
            self.forget();
            (self.over, self.began) = (false, now);
        }
        self.last = now;
        if self.over {
            return None;
        }
        let read = if now.saturating_sub(self.began) > SLOWEST {
            Err(WedgeError::Slow)
        } else if ENTERS.contains(&code) {
            self.line()?
        } else {
            let character = character(code, self.shift)?;
            if self.text.len() == LONGEST {
                Err(WedgeError::Long)
            } else {
                self.text.push(character);
                self.track(character)?
            }
        };
        self.forget();
        self.over = true;
        Some(read)
    }

    /// What was read when Enter ends it, if it was anything.
    fn line(&self) -> Option<Result<Card, WedgeError>> {
        match self.text.as_str() {
            "" => None,
            // The tracks before it were no card, or it has no end.
            text if text.starts_with(['%', ';']) => Some(self.card(text)),
            text => Some(
                match self.reads {
                    Reads::Payment => Card::payment(text),
                    Reads::Loyalty => Card::loyalty(text),
                }
                .map_err(WedgeError::Number),
            ),
        }
    }

    /// What was read when a track ends with this character. A first track that is no card may be followed by a second that is one.
    fn track(&self, last: char) -> Option<Result<Card, WedgeError>> {
        let start = self.text.rfind(['%', ';']).filter(|_| last == '?')?;
        let track = &self.text[start..];
        let card = self.card(track);
        (card.is_ok() || track.starts_with(';')).then_some(card)
    }

    /// The card of one track.
    fn card(&self, track: &str) -> Result<Card, WedgeError> {
        match self.reads {
            Reads::Payment => track::card(track).map_err(WedgeError::Track),
            Reads::Loyalty => {
                let number = track.trim_start_matches(['%', ';']);
                let number = number.split(['=', '^', '?']).next().unwrap_or(number);
                Card::loyalty(number).map_err(WedgeError::Number)
            }
        }
    }

    fn forget(&mut self) {
        // Wipes the whole of it and keeps the memory, which is as large as it will ever be.
        self.text.zeroize();
    }
}

/// The character of a key on an American keyboard, letters as capitals: a reader may hold Shift or not, and Caps Lock may be on.
fn character(code: u16, shift: bool) -> Option<char> {
    /// Where the rows of keys begin, what they type, and what with Shift.
    const ROWS: [(u16, &str, &str); 6] = [
        (2, "1234567890-=", "!@#$%^&*()_+"),
        (16, "QWERTYUIOP[]", "QWERTYUIOP{}"),
        (30, "ASDFGHJKL;'`", "ASDFGHJKL:\"~"),
        (44, "ZXCVBNM,./", "ZXCVBNM<>?"),
        (57, " ", " "),
        (71, "789-456+1230.", "789-456+1230."),
    ];
    let typed = |(first, plain, shifted): &(u16, &'static str, &'static str)| {
        let at = usize::from(code.checked_sub(*first)?);
        let row = if shift { shifted } else { plain };
        row.as_bytes().get(at).map(|byte| char::from(*byte))
    };
    ROWS.iter().find_map(typed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRACK_1: &str = "%B4111111111111111^MUSTER/ANNA^29121011000012345678?";
    const TRACK_2: &str = ";4111111111111111=29121011000012345678?";

    /// What a reader says that types a text.
    pub(in super::super) fn typed(text: &str) -> Vec<RawEvent> {
        let key = |code, value| RawEvent { kind: KEY, code, value };
        let press = |c: char| {
            if c == '\n' {
                return vec![key(28, 1), key(28, 0)];
            }
            let of = |shift| (1..90).find(|code| character(*code, shift) == Some(c)).map(|code| (code, shift));
            let (code, shift) = of(false).or_else(|| of(true)).unwrap_or_else(|| panic!("{c:?} is on no key"));
            let stroke = vec![key(code, 1), key(code, 0)];
            if shift { [vec![key(42, 1)], stroke, vec![key(42, 0)]].concat() } else { stroke }
        };
        text.chars().flat_map(press).collect()
    }

    /// What is read when a reader types, a millisecond between two keys.
    fn read(reads: Reads, text: &str) -> Vec<Result<(), WedgeError>> {
        let mut wedge = Wedge::new(reads);
        let events = typed(text).into_iter().zip(1_000_u64..);
        events
            .filter_map(|(event, at)| wedge.event(event, Duration::from_millis(at)))
            .map(|read| read.map(drop))
            .collect()
    }

    #[test]
    fn whatever_a_reader_makes_of_a_card_it_is_one_card() {
        for text in [
            TRACK_2.to_owned(),
            format!("{TRACK_2}\n"),
            format!("{TRACK_2}7\n"),
            format!("{TRACK_1}{TRACK_2}\n"),
            format!("{TRACK_1}\n{TRACK_2}\n"),
            format!("%E?{TRACK_2}\n"),
            format!("{TRACK_1}\n"),
            "4111111111111111\n".to_owned(),
        ] {
            assert_eq!(read(Reads::Payment, &text), [Ok(())], "{text}");
        }
        for text in ["L-12345\n", ";12345?", ";12345=99?\n", "%L12345^X?\n"] {
            assert_eq!(read(Reads::Loyalty, text), [Ok(())], "{text}");
        }
    }

    #[test]
    fn a_reading_that_is_no_card_is_told_once_and_nothing_of_it() {
        for text in ["4111111111111112\n", ";E?\n", "%E?\n", ";4111111111111112=2912?\n", "%B4111\n"] {
            let read = read(Reads::Payment, text);
            let [Err(error)] = &read[..] else { panic!("{text}: {read:?}") };
            assert!(!format!("{error:?} {}", crate::chain(error)).contains("4111"), "{error:?}");
        }
        assert_eq!(read(Reads::Payment, "\n\n\n"), []);
        assert_eq!(read(Reads::Payment, &"1".repeat(1000)), [Err(WedgeError::Long)]);
    }

    #[test]
    fn a_reading_that_was_broken_off_is_forgotten_after_a_pause() {
        let mut wedge = Wedge::new(Reads::Payment);
        let mut type_at = |text: &str, at: u64| {
            let at = Duration::from_millis(at);
            typed(text).into_iter().filter_map(|event| wedge.event(event, at)).count()
        };
        assert_eq!(type_at(";411111", 1_000), 0);
        assert_eq!(type_at(TRACK_2, 1_501), 1);
        // The same card again at once is the same reading; after a pause it is another.
        assert_eq!(type_at(TRACK_2, 2_001), 0);
        assert_eq!(type_at(TRACK_2, 2_502), 1);
    }

    #[test]
    fn a_reading_has_an_end_and_what_was_lost_is_no_card() {
        let mut wedge = Wedge::new(Reads::Payment);
        let one = typed("1")[0];
        let read = (0..20_u64).filter_map(|beat| wedge.event(one, Duration::from_millis(10_000 + beat * 400)));
        assert_eq!(read.map(|read| read.map(drop)).collect::<Vec<_>>(), [Err(WedgeError::Slow)]);
        let mut wedge = Wedge::new(Reads::Payment);
        let (half, rest) = TRACK_2.split_at(10);
        let events =
            [typed(half), vec![RawEvent { kind: SYN, code: SYN_DROPPED, value: 0 }], typed(rest), typed(TRACK_2)]
                .concat();
        assert_eq!(events.into_iter().filter_map(|event| wedge.event(event, PAUSE * 9)).count(), 0);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_the_text_stays_where_it_is_wiped(
            events in proptest::collection::vec((0..2_u16, 0..120_u16, 0..3_i32, 0..700_u64), 0..600),
        ) {
            let mut wedge = Wedge::new(Reads::Payment);
            let (place, mut now) = (wedge.text.as_ptr(), Duration::from_secs(9));
            for (kind, code, value, passed) in events {
                now += Duration::from_millis(passed);
                let read = wedge.event(RawEvent { kind, code, value }, now);
                prop_assert!(wedge.text.len() <= LONGEST && wedge.text.as_ptr() == place);
                prop_assert!(read.is_none() || wedge.text.is_empty());
            }
        }

        #[test]
        fn every_number_that_is_typed_is_read(digits in "[0-9]{15}") {
            let number = (0..10).map(|last| format!("{digits}{last}")).find(|number| Card::payment(number).is_ok()).unwrap();
            prop_assert_eq!(read(Reads::Payment, &format!("{number}\n")), [Ok(())]);
            prop_assert_eq!(read(Reads::Payment, &format!(";{number}=2912101?")), [Ok(())]);
        }
    }
}
