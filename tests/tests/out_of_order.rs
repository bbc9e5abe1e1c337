//! A machine that serves nobody: what it says, and what becomes of who stands there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;
use touchpoint_agent::{identify::Event, status::Phase};
use touchpoint_tests::{head_office::ANNA, machine::Machine};

const WAIT: u32 = 25;

const SECOND: Duration = Duration::from_secs(1);

fn phase(machine: &Machine) -> Phase {
    machine.visits.borrow().phase
}

#[test]
fn a_machine_out_of_order_says_so_until_it_serves_again() {
    Machine::try_out(async |machine| {
        let views = machine.glass.views();
        machine.happens(Event::OutOfOrder(true)).await;
        assert_eq!((phase(machine), machine.glass.views()), (Phase::OutOfOrder, views + 1));
        assert!(!machine.is_blank());
        machine.passes(1_000 * SECOND).await;
        assert_eq!(phase(machine), Phase::OutOfOrder);
        machine.happens(Event::OutOfOrder(false)).await;
        assert_eq!(phase(machine), Phase::Attract);
        assert!(machine.arrives(ANNA, WAIT).await.unwrap().shown);
    });
}

#[test]
fn a_visit_that_is_going_on_ends_and_its_message_counts_as_interrupted() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(3 * SECOND).await;
        machine.happens(Event::OutOfOrder(true)).await;
        assert_eq!(phase(machine), Phase::OutOfOrder);
        assert_eq!(machine.recorded().await, ["shown: savings in de", "ended: savings, interrupted after 3000 ms"]);
    });
}

#[test]
fn whoever_comes_meanwhile_is_not_served_and_nothing_is_recorded_of_them() {
    Machine::try_out(async |machine| {
        machine.happens(Event::OutOfOrder(true)).await;
        assert!(machine.is_turned_away(ANNA).await);
        assert_eq!((phase(machine), machine.visits.borrow().visits), (Phase::OutOfOrder, 0));
        assert_eq!(machine.recorded().await, [""; 0]);
    });
}

#[test]
fn pin_entry_keeps_the_glass_dark_even_then() {
    Machine::try_out(async |machine| {
        machine.happens(Event::PinEntry(true)).await;
        machine.happens(Event::OutOfOrder(true)).await;
        assert!(machine.is_blank());
        machine.happens(Event::PinEntry(false)).await;
        assert_eq!(phase(machine), Phase::OutOfOrder);
        assert!(!machine.is_blank());
    });
}

#[test]
fn a_machine_says_again_that_it_is_in_order_and_no_visit_notices() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.happens(Event::OutOfOrder(false)).await;
        assert_eq!(phase(machine), Phase::Showing);
    });
}
