//! Whether to ask head office for a customer whom the cache does not know: seldom, soon or not at all, and nobody twice in vain.
//!
//! Times are those since any moment that stays the same.

use std::{collections::VecDeque, time::Duration};
use touchpoint_protocol::{allowance::Allowance, token::Token};

/// How old a wish may be: after that its visit is nearly over, and others are about to begin.
pub const FRESH: Duration = Duration::from_secs(5);

/// Questions in a row, and how long until there may be one more: with both, never more than ten within a minute. A machine has hardly
/// more visits than that, and most of them are of customers it knows.
const IN_A_ROW: u32 = 4;
const ONE_MORE: Duration = Duration::from_secs(10);

/// How long nobody is asked for whom head office does not know: they may be imported any day, and return within a minute.
const IN_VAIN: Duration = Duration::from_secs(10 * 60);

/// How many of those are remembered: more than there can be questions meanwhile.
const REMEMBERED: usize = 128;

/// What was asked of late.
#[derive(Debug)]
pub struct Asking {
    /// Questions that may be asked.
    allowed: Allowance,
    /// Whom head office does not know, and when it said so; the latest last.
    unknown: VecDeque<(Token, Duration)>,
}

impl Default for Asking {
    fn default() -> Self {
        Asking { allowed: Allowance::new(IN_A_ROW, ONE_MORE), unknown: VecDeque::new() }
    }
}

impl Asking {
    /// Whether to ask now for the owner of this token, as somebody wished then. If so, it counts as asked.
    pub fn may_ask(&mut self, token: &Token, wished: Duration, now: Duration) -> bool {
        let late = now.saturating_sub(wished) > FRESH;
        while self.unknown.front().is_some_and(|(_, at)| now.saturating_sub(*at) >= IN_VAIN) {
            self.unknown.pop_front();
        }
        if late || self.unknown.iter().any(|(unknown, _)| unknown == token) {
            return false;
        }
        self.allowed.take(now)
    }

    /// Head office does not know the owner of this token.
    pub fn in_vain(&mut self, token: Token, now: Duration) {
        if self.unknown.len() == REMEMBERED {
            self.unknown.pop_front();
        }
        self.unknown.push_back((token, now));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(number: u32) -> Token {
        let mut bytes = [7; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Token::from_bytes(bytes)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn who_is_unknown_is_asked_for_again_after_ten_minutes() {
        let mut asking = Asking::default();
        assert!(asking.may_ask(&token(1), seconds(0), seconds(0)));
        asking.in_vain(token(1), seconds(1));
        assert!(!asking.may_ask(&token(1), seconds(600), seconds(600)));
        assert!(asking.may_ask(&token(2), seconds(600), seconds(600)));
        assert!(asking.may_ask(&token(1), seconds(601), seconds(601)));
    }

    #[test]
    fn a_wish_that_waited_too_long_is_forgotten() {
        let mut asking = Asking::default();
        assert!(!asking.may_ask(&token(1), seconds(10), seconds(10) + FRESH + Duration::from_millis(1)));
        assert!(asking.may_ask(&token(1), seconds(10), seconds(10) + FRESH));
    }

    #[test]
    fn no_more_of_the_unknown_are_remembered_than_there_is_room_for() {
        let mut asking = Asking::default();
        for number in 0..1000 {
            asking.in_vain(token(number), seconds(0));
        }
        assert_eq!(asking.unknown.len(), REMEMBERED);
        assert!(!asking.may_ask(&token(999), seconds(9), seconds(9)));
    }

    proptest! {
        #[test]
        fn there_are_never_more_than_ten_questions_within_a_minute(pauses in prop::collection::vec(0_u64..20_000, 0..300)) {
            let (mut asking, mut now, mut asked) = (Asking::default(), Duration::ZERO, Vec::new());
            for (number, pause) in (0..).zip(pauses) {
                now += Duration::from_millis(pause);
                if asking.may_ask(&token(number), now, now) {
                    asked.push(now);
                }
            }
            for eleven in asked.windows(11) {
                prop_assert!(eleven[10] - eleven[0] >= seconds(60), "{eleven:?}");
            }
        }

        #[test]
        fn whoever_asks_seldom_may_always_ask(pauses in prop::collection::vec(10_000_u64..200_000, 0..100)) {
            let (mut asking, mut now) = (Asking::default(), Duration::ZERO);
            for (number, pause) in (0..).zip(pauses) {
                now += Duration::from_millis(pause);
                prop_assert!(asking.may_ask(&token(number), now, now));
            }
        }
    }
}
