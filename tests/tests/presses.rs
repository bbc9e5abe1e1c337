//! What becomes of fingers and keys: the real agent, its real files, a clock that obeys, and no line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;
use touchpoint_agent::{
    domain::moment::VisitAttributes,
    identify::{
        Event::{self, Cancelled, Pressed, Touched},
        Turn,
    },
    status::Phase,
};
use touchpoint_display::{Answering, Keys, Point, Side};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::{
        AnswerKind::{Accept, More, OptOut},
        Campaign,
    },
    sequence::Next,
};
use touchpoint_tests::{
    head_office::{ANNA, STRANGER},
    machine::Machine,
};

/// How long customers wait here unless it matters.
const WAIT: u32 = 25;

const SECOND: Duration = Duration::from_secs(1);

/// Where the first of three buttons is on the glass of these tests, and where none is.
const BUTTON: Point = Point::new(200, 640);
const NOWHERE: Point = Point::new(5, 5);

fn phase(machine: &Machine) -> Phase {
    machine.visits.borrow().phase
}

/// Function keys at the right of the glass, as on most ATMs.
fn keys() -> Answering {
    Answering::Keys(Keys { left: vec![], right: vec![330, 500, 670, 840] })
}

#[test]
fn the_button_that_is_touched_is_the_answer() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(2 * SECOND).await;
        machine.happens(Touched(BUTTON)).await;
        assert_eq!(phase(machine), Phase::Thanks);
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, accept after 2000 ms"]);
    });
}

#[test]
fn the_key_beside_an_answer_gives_it() {
    Machine::try_out_answering(keys(), async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(2 * SECOND).await;
        // Three answers stand beside the three lowest keys.
        machine.happens(Pressed(Side::Right, 0)).await;
        machine.happens(Pressed(Side::Left, 2)).await;
        machine.happens(Pressed(Side::Right, 99)).await;
        assert_eq!(phase(machine), Phase::Showing);
        machine.happens(Pressed(Side::Right, 2)).await;
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, decline after 2000 ms"]);
    });
}

#[test]
fn a_finger_is_no_answer_where_there_are_keys_and_a_key_none_where_there_are_buttons() {
    Machine::try_out_answering(keys(), async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(2 * SECOND).await;
        machine.happens(Touched(BUTTON)).await;
        assert_eq!(phase(machine), Phase::Showing);
    });
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(2 * SECOND).await;
        machine.happens(Pressed(Side::Right, 2)).await;
        assert_eq!(phase(machine), Phase::Showing);
    });
}

#[test]
fn a_press_beside_the_buttons_answers_nothing_and_renews_the_time() {
    Machine::try_out(async |machine| {
        machine.arrives_unhurried(ANNA).await.unwrap();
        machine.passes(20 * SECOND).await;
        machine.happens(Touched(NOWHERE)).await;
        machine.passes(24 * SECOND).await;
        assert_eq!(phase(machine), Phase::Showing);
        assert_eq!(machine.recorded().await, ["shown: savings in de"]);
        machine.passes(SECOND).await;
        assert_eq!(machine.recorded().await[1..], ["ended: savings, time_up after 45000 ms"]);
    });
}

#[test]
fn whoever_keeps_pressing_has_two_minutes_all_the_same() {
    Machine::try_out(async |machine| {
        machine.arrives_unhurried(ANNA).await.unwrap();
        for _ in 0..11 {
            machine.passes(10 * SECOND).await;
            machine.happens(Touched(NOWHERE)).await;
        }
        machine.passes(Duration::from_millis(9_999)).await;
        assert_eq!(phase(machine), Phase::Showing);
        machine.passes(Duration::from_millis(1)).await;
        assert_eq!(machine.recorded().await[1..], ["ended: savings, time_up after 120000 ms"]);
    });
}

#[test]
fn a_press_takes_no_time_from_a_transaction() {
    Machine::try_out(async |machine| {
        // The transaction application said how long the customer waits: then it needs the screen back.
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(20 * SECOND).await;
        machine.happens(Touched(NOWHERE)).await;
        machine.passes(5 * SECOND).await;
        assert_eq!(machine.recorded().await[1..], ["ended: savings, time_up after 25000 ms"]);
    });
}

#[test]
fn a_press_that_was_on_its_way_to_the_screen_before_is_none() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.happens(Touched(BUTTON)).await;
        machine.passes(Duration::from_millis(349)).await;
        machine.happens(Touched(BUTTON)).await;
        assert_eq!(phase(machine), Phase::Showing);
        machine.passes(Duration::from_millis(301)).await;
        machine.happens(Touched(BUTTON)).await;
        assert_eq!(machine.recorded().await[1..], ["ended: savings, accept after 650 ms"]);
    });
}

#[test]
fn a_button_touched_twice_does_not_answer_the_message_that_follows() {
    let confirmed = |bundle: &mut Bundle| {
        let savings = bundle.campaigns.iter_mut().find(|campaign| campaign.id.as_str() == "savings").unwrap();
        savings.next = vec![Next { after: Accept, times: 1, campaign: "confirmed".parse().unwrap() }];
        let id = "confirmed".parse().unwrap();
        let confirmed = Campaign { id, priority: 90, next: vec![], ..savings.clone() };
        bundle.campaigns.push(confirmed);
    };
    Machine::try_out_with(confirmed, async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(2 * SECOND).await;
        for _ in 0..4 {
            machine.happens(Touched(BUTTON)).await;
            machine.passes(Duration::from_millis(100)).await;
        }
        let expected =
            ["shown: savings in de", "ended: savings, accept after 2000 ms", "shown: confirmed in de (Answer)"];
        assert_eq!(machine.recorded().await, expected);
    });
}

#[test]
fn whoever_presses_cancel_has_left_at_any_time() {
    Machine::try_out(async |machine| {
        machine.happens(Cancelled).await;
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(Duration::from_millis(100)).await;
        machine.happens(Cancelled).await;
        assert_eq!(phase(machine), Phase::Attract);
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, customer_left after 100 ms"]);
        // Nobody is there who could ask for anything more.
        machine.happens(Event::Turned(Turn::BalanceEnquiry)).await;
        assert_eq!(phase(machine), Phase::Attract);
    });
}

#[test]
fn during_pin_entry_nothing_that_is_pressed_does_anything() {
    Machine::try_out(async |machine| {
        machine.arrives_unhurried(ANNA).await.unwrap();
        machine.passes(3 * SECOND).await;
        machine.happens(Event::PinEntry(true)).await;
        for _ in 0..20 {
            machine.passes(SECOND).await;
            machine.happens(Touched(BUTTON)).await;
            machine.happens(Pressed(Side::Right, 0)).await;
        }
        assert!(machine.is_blank());
        machine.happens(Event::PinEntry(false)).await;
        assert_eq!(phase(machine), Phase::Attract, "the presses left no time for the message");
        assert_eq!(machine.recorded().await[1..], ["ended: savings, interrupted after 3000 ms"]);
    });
}

#[test]
fn presses_while_nobody_is_there_change_nothing() {
    Machine::try_out(async |machine| {
        let views = machine.glass.views();
        for event in [Touched(BUTTON), Pressed(Side::Left, 0), Cancelled] {
            machine.passes(SECOND).await;
            machine.happens(event).await;
        }
        assert_eq!((machine.glass.views(), machine.visits.borrow().visits), (views, 0));
        assert_eq!(machine.recorded().await, [""; 0]);
    });
}

#[test]
fn who_asks_for_more_has_time_to_read_it() {
    let wordy = |bundle: &mut Bundle| {
        let savings = bundle.campaigns.iter_mut().find(|campaign| campaign.id.as_str() == "savings").unwrap();
        savings.answers = vec![More, Accept, OptOut];
        savings.texts.values_mut().for_each(|text| text.more = Some("Alles, was es dazu zu sagen gibt.".to_owned()));
    };
    Machine::try_out_with(wordy, async |machine| {
        machine.arrives_unhurried(ANNA).await.unwrap();
        machine.passes(20 * SECOND).await;
        machine.happens(Touched(BUTTON)).await;
        assert_eq!(machine.visits.borrow().visit.as_ref().unwrap().answers, [Accept, OptOut]);
        machine.passes(24 * SECOND).await;
        assert_eq!(phase(machine), Phase::Showing);
        machine.happens(Event::Chosen(Accept)).await;
        let expected = [
            "shown: savings in de",
            "ended: savings, more after 20000 ms",
            "shown: savings in de (Answer)",
            "ended: savings, accept after 24000 ms",
        ];
        assert_eq!(machine.recorded().await, expected);
    });
}

#[test]
fn a_key_that_stands_for_an_answer_gives_it_wherever_that_is_and_once() {
    Machine::try_out_answering(keys(), async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.happens(Event::Chosen(Accept)).await;
        machine.passes(2 * SECOND).await;
        // Not on the glass.
        machine.happens(Event::Chosen(More)).await;
        assert_eq!(phase(machine), Phase::Showing);
        machine.happens(Event::Chosen(Accept)).await;
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, accept after 2000 ms"]);
    });
}

#[test]
fn one_customer_reads_otherwise_and_the_next_as_everybody() {
    Machine::try_out(async |machine| {
        let mut seen = Vec::new();
        for (large_text, high_contrast) in [(None, None), (Some(true), None), (None, Some(true)), (None, None)] {
            let attributes = VisitAttributes { large_text, high_contrast, ..VisitAttributes::default() };
            machine.arrives_for(STRANGER, WAIT, attributes).await.unwrap();
            seen.push(machine.visits.borrow().painted.as_ref().unwrap().checksum);
            machine.happens(Event::Left).await;
        }
        assert_eq!(seen[0], seen[3], "what one customer needs is over with their visit");
        assert!(seen[0] != seen[1] && seen[1] != seen[2] && seen[2] != seen[0], "{seen:?}");
    });
}
