//! What a customer sees and what is recorded of it, visit by visit: the real agent, its real files, a clock that obeys, and no line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;
use touchpoint_agent::{
    identify::{Busy, Event},
    status::Phase,
};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::AnswerKind::{Accept, Decline, More, OptOut},
    interaction::{Ending, Reason},
};
use touchpoint_tests::{
    head_office::{ANNA, BEN, CHLOE, STRANGER},
    machine::Machine,
};

/// How long customers wait here unless it matters.
const WAIT: u32 = 25;

const SECOND: Duration = Duration::from_secs(1);

fn phase(machine: &Machine) -> Phase {
    machine.visits.borrow().phase
}

#[test]
fn an_answer_ends_the_showing_and_is_thanked_for() {
    Machine::try_out(async |machine| {
        let decided = machine.arrives(ANNA, WAIT).await.unwrap();
        assert!(decided.known && decided.shown);
        assert_eq!(decided.answers, [Accept, Decline, OptOut]);
        assert_eq!(phase(machine), Phase::Showing);
        machine.passes(4 * SECOND).await;
        machine.happens(Event::Answered(Accept)).await;
        assert_eq!(phase(machine), Phase::Thanks);
        machine.passes(4 * SECOND).await;
        assert_eq!(phase(machine), Phase::Attract);
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, accept after 4000 ms"]);
    });
}

#[test]
fn what_was_declined_is_not_shown_again_and_what_was_accepted_neither() {
    Machine::try_out(async |machine| {
        for (number, answer) in [(BEN, Decline), (ANNA, Accept)] {
            machine.arrives(number, WAIT).await.unwrap();
            machine.happens(Event::Answered(answer)).await;
            machine.happens(Event::Left).await;
            let again = machine.arrives(number, WAIT).await.unwrap();
            assert!(!again.shown);
            assert_eq!(phase(machine), Phase::Attract);
        }
        let expected = [
            "shown: family-insurance in en",
            "ended: family-insurance, decline after 0 ms",
            "not shown: family-insurance, declined",
            "shown: savings in de",
            "ended: savings, accept after 0 ms",
            "not shown: savings, accepted",
        ];
        assert_eq!(machine.recorded().await, expected);
    });
}

#[test]
fn time_is_up_after_exactly_the_seconds_and_that_is_no_decline() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        for _ in 0..24 {
            machine.passes(SECOND).await;
        }
        machine.passes(Duration::from_millis(999)).await;
        assert_eq!(phase(machine), Phase::Showing);
        assert_eq!(machine.recorded().await, ["shown: savings in de"]);
        machine.passes(Duration::from_millis(1)).await;
        assert_eq!(phase(machine), Phase::Attract);
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, time_up after 25000 ms"]);
        // Nobody said no: the next visit shows it again.
        assert!(machine.arrives(ANNA, WAIT).await.unwrap().shown);
    });
}

#[test]
fn the_countdown_is_drawn_each_second_and_the_message_only_once() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        let (views, presents) = (machine.glass.views(), machine.glass.presents());
        for _ in 0..10 {
            machine.passes(SECOND).await;
        }
        assert_eq!((machine.glass.views(), machine.glass.presents()), (views, presents + 10));
    });
}

#[test]
fn a_customer_who_leaves_has_not_answered() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(Duration::from_millis(2_500)).await;
        machine.happens(Event::Left).await;
        assert_eq!(phase(machine), Phase::Attract);
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, customer_left after 2500 ms"]);
    });
}

#[test]
fn while_pin_entry_may_be_active_nothing_is_drawn_and_afterwards_the_rest_of_the_time_is_used() {
    Machine::try_out(async |machine| {
        machine.happens(Event::PinEntry(true)).await;
        assert!(machine.is_blank());
        // Whoever asks is answered at once, and the glass stays dark.
        let decided = machine.arrives(ANNA, WAIT).await.unwrap();
        assert!(!decided.shown);
        assert!(machine.is_blank());
        let presents = machine.glass.presents();
        machine.passes(5 * SECOND).await;
        assert_eq!(machine.glass.presents(), presents, "something was drawn");
        assert_eq!(machine.recorded().await, [""; 0]);
        machine.happens(Event::PinEntry(false)).await;
        assert!(!machine.is_blank());
        assert_eq!(phase(machine), Phase::Showing);
        machine.passes(20 * SECOND).await;
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, time_up after 20000 ms"]);
    });
}

#[test]
fn pin_entry_interrupts_a_showing_which_goes_on_afterwards_if_there_is_time() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(3 * SECOND).await;
        machine.happens(Event::PinEntry(true)).await;
        assert_eq!(phase(machine), Phase::PinEntry);
        assert!(machine.is_blank());
        machine.happens(Event::Answered(Accept)).await;
        machine.passes(4 * SECOND).await;
        assert!(machine.is_blank());
        machine.happens(Event::PinEntry(false)).await;
        assert_eq!(phase(machine), Phase::Showing);
        machine.passes(2 * SECOND).await;
        machine.happens(Event::Answered(Accept)).await;
        let expected = [
            "shown: savings in de",
            "ended: savings, interrupted after 3000 ms",
            "shown: savings in de",
            "ended: savings, accept after 2000 ms",
        ];
        assert_eq!(machine.recorded().await, expected);
    });
}

#[test]
fn what_pin_entry_interrupted_late_is_not_shown_again() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(3 * SECOND).await;
        machine.happens(Event::PinEntry(true)).await;
        machine.passes(20 * SECOND).await;
        machine.happens(Event::PinEntry(false)).await;
        assert_eq!(phase(machine), Phase::Attract);
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, interrupted after 3000 ms"]);
    });
}

#[test]
fn a_visit_that_pin_entry_used_up_is_recorded_as_not_shown() {
    Machine::try_out(async |machine| {
        machine.happens(Event::PinEntry(true)).await;
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(20 * SECOND).await;
        machine.happens(Event::PinEntry(false)).await;
        assert_eq!(phase(machine), Phase::Attract);
        assert_eq!(machine.recorded().await, ["not shown: savings, no_time"]);
    });
}

#[test]
fn a_visit_that_ends_during_pin_entry_is_recorded_as_not_shown() {
    Machine::try_out(async |machine| {
        machine.happens(Event::PinEntry(true)).await;
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(25 * SECOND).await;
        machine.happens(Event::PinEntry(false)).await;
        assert_eq!(machine.recorded().await, ["not shown: savings, no_time"]);
    });
}

#[test]
fn one_customer_at_a_time() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        assert_eq!(machine.arrives(BEN, WAIT).await.unwrap_err(), Busy);
        machine.passes(SECOND).await;
        machine.happens(Event::Answered(Decline)).await;
        assert_eq!(machine.arrives(BEN, WAIT).await.unwrap_err(), Busy, "thanks are part of the visit");
        machine.happens(Event::Left).await;
        assert!(machine.arrives(BEN, WAIT).await.unwrap().shown);
        let expected =
            ["shown: savings in de", "ended: savings, decline after 1000 ms", "shown: family-insurance in en"];
        assert_eq!(machine.recorded().await, expected);
    });
}

#[test]
fn an_answer_that_is_not_on_the_glass_is_none() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.happens(Event::Answered(More)).await;
        assert_eq!(phase(machine), Phase::Showing);
        machine.passes(SECOND).await;
        machine.happens(Event::Answered(OptOut)).await;
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, opt_out after 1000 ms"]);
    });
}

#[test]
fn a_message_that_could_not_be_read_in_time_is_not_shown() {
    Machine::try_out(async |machine| {
        let decided = machine.arrives(ANNA, 3).await.unwrap();
        assert_eq!((decided.shown, decided.reason), (false, Some(Reason::NoTime)));
        assert_eq!(phase(machine), Phase::Attract);
        assert_eq!(machine.recorded().await, ["not shown: savings, no_time"]);
    });
}

#[test]
fn a_panel_that_fails_costs_one_message_and_no_visit() {
    Machine::try_out(async |machine| {
        machine.panel_fails(true);
        let decided = machine.arrives(ANNA, WAIT).await.unwrap();
        assert_eq!((decided.shown, decided.reason), (false, Some(Reason::PanelFailed)));
        assert!(machine.visits.borrow().unpresented > 0);
        machine.panel_fails(false);
        assert!(machine.arrives(ANNA, WAIT).await.unwrap().shown);
        machine.passes(25 * SECOND).await;
        let expected =
            ["not shown: savings, panel_failed", "shown: savings in de", "ended: savings, time_up after 25000 ms"];
        assert_eq!(machine.recorded().await, expected);
    });
}

#[test]
fn no_visit_lasts_longer_than_two_minutes() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, u32::MAX).await.unwrap();
        machine.passes(Duration::from_millis(119_999)).await;
        assert_eq!(phase(machine), Phase::Showing);
        machine.passes(Duration::from_millis(1)).await;
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, time_up after 120000 ms"]);
    });
}

#[test]
fn an_unknown_customer_sees_what_is_for_everybody() {
    Machine::try_out(async |machine| {
        let decided = machine.arrives(STRANGER, WAIT).await.unwrap();
        assert!(!decided.known && decided.shown && decided.answers.is_empty());
        machine.passes(2 * SECOND).await;
        machine.happens(Event::Left).await;
        assert_eq!(machine.visits.borrow().visit.as_ref().unwrap().ending, Some(Ending::CustomerLeft));
        assert_eq!(machine.recorded().await, ["shown: welcome in en", "ended: welcome, customer_left after 2000 ms"]);
    });
}

#[test]
fn whoever_objected_to_marketing_sees_none() {
    Machine::try_out(async |machine| {
        let decided = machine.arrives(CHLOE, WAIT).await.unwrap();
        assert_eq!((decided.known, decided.shown, decided.reason), (true, false, Some(Reason::OptedOut)));
        let recorded = machine.recorded().await;
        assert_eq!(recorded.len(), 1, "{recorded:?}");
        assert!(recorded[0].ends_with("opted_out"), "{recorded:?}");
    });
}

#[test]
fn an_objection_at_the_screen_counts_from_the_next_visit_on() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.happens(Event::Answered(OptOut)).await;
        machine.happens(Event::Left).await;
        let again = machine.arrives(ANNA, WAIT).await.unwrap();
        assert_eq!((again.shown, again.reason), (false, Some(Reason::OptedOut)));
    });
}

#[test]
fn what_happens_while_nobody_is_there_changes_nothing() {
    Machine::try_out(async |machine| {
        for event in [Event::Answered(Accept), Event::Left, Event::PinEntry(false)] {
            machine.happens(event).await;
            assert_eq!(phase(machine), Phase::Attract);
        }
        machine.happens(Event::PinEntry(true)).await;
        assert!(machine.is_blank());
        machine.happens(Event::PinEntry(false)).await;
        assert!(!machine.is_blank());
        machine.passes(1_000 * SECOND).await;
        assert_eq!(machine.visits.borrow().visits, 0);
        assert_eq!(machine.recorded().await, [""; 0]);
    });
}

#[test]
fn the_invitation_is_in_each_of_its_languages_in_turn_and_in_the_first_again_after_a_visit() {
    /// Longer than anybody reads it.
    const LONG: Duration = Duration::from_secs(20);
    Machine::try_out(async |machine| {
        let mut said = Vec::new();
        for _ in 0..4 {
            said.push(machine.glass.frame().checksum());
            machine.passes(LONG).await;
        }
        let [english, german, french, again] = said[..] else { panic!("{said:?}") };
        assert!(english == again && english != german && english != french && german != french, "{said:?}");
        machine.arrives(STRANGER, WAIT).await.unwrap();
        machine.happens(Event::Left).await;
        assert_eq!(machine.glass.frame().checksum(), english);
        machine.happens(Event::PinEntry(true)).await;
        machine.passes(LONG).await;
        assert!(machine.is_blank(), "while PIN entry may be active");
        machine.happens(Event::PinEntry(false)).await;
        assert_eq!(machine.glass.frame().checksum(), english);
    });
}

#[test]
fn a_panel_that_refuses_the_invitation_is_not_asked_again_for_each_language() {
    Machine::try_out(async |machine| {
        machine.panel_fails(true);
        machine.happens(Event::PinEntry(false)).await;
        let refused = machine.visits.borrow().unpresented;
        assert_eq!(refused, 1);
        for _ in 0..4 {
            machine.passes(20 * SECOND).await;
        }
        assert_eq!(machine.visits.borrow().unpresented, refused);
    });
}

#[test]
fn an_invitation_in_one_language_is_painted_once() {
    let one = |bundle: &mut Bundle| bundle.attract.retain(|language, _| language.as_str() == "en");
    Machine::try_out_with(one, async |machine| {
        let views = machine.glass.views();
        machine.passes(1_000 * SECOND).await;
        assert_eq!(machine.glass.views(), views);
    });
}

#[test]
fn what_a_device_may_show_in_a_day_is_not_more_because_it_was_started_again() {
    let once_a_day = |bundle: &mut Bundle| bundle.policy.device_showings_a_day = Some(1);
    Machine::try_out_with(once_a_day, async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.happens(Event::Left).await;
        machine.restarts().await;
        assert_eq!(machine.arrives(BEN, WAIT).await.unwrap().reason, Some(Reason::DeviceBudget));
        machine.passes(24 * 3_600 * SECOND).await;
        machine.restarts().await;
        assert!(machine.arrives(BEN, WAIT).await.unwrap().shown, "the day after");
    });
}
