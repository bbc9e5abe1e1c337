//! A clock that is set ten years forward or back in the midst of a visit changes what is written down, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;
use touchpoint_agent::{identify::Event, status::Phase};
use touchpoint_protocol::campaign::AnswerKind::Decline;
use touchpoint_tests::{
    head_office::{ANNA, BEN},
    machine::Machine,
};

const TEN_YEARS: i64 = 10 * 365 * 86_400_000;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_visit_lasts_as_long_as_it_lasts_and_its_records_keep_their_order_whatever_the_clock_says() {
    for jump in [TEN_YEARS, -TEN_YEARS] {
        Machine::try_out(async |machine| {
            machine.arrives(ANNA, 25).await.unwrap();
            machine.passes(5 * SECOND).await;
            machine.clock.set(jump);
            machine.passes(19 * SECOND).await;
            assert_eq!(machine.visits.borrow().phase, Phase::Showing);
            machine.passes(SECOND).await;
            assert_eq!(machine.visits.borrow().phase, Phase::Attract);

            // The campaigns may be out of season by the new clock; the visit is served and recorded all the same.
            machine.arrives(BEN, 25).await.unwrap();
            machine.clock.set(-jump);
            machine.happens(Event::Left).await;

            // Back in the present, what was agreed counts as before.
            assert!(machine.arrives(BEN, 25).await.unwrap().shown);
            machine.clock.set(jump);
            machine.passes(2 * SECOND).await;
            machine.happens(Event::Answered(Decline)).await;
            machine.clock.set(-jump);

            let recorded = machine.recorded().await;
            assert_eq!(recorded[..2], ["shown: savings in de", "ended: savings, time_up after 25000 ms"]);
            assert_eq!(recorded.last().unwrap(), "ended: family-insurance, decline after 2000 ms");
        });
    }
}
