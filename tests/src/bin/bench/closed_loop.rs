//! What a customer says at one machine, on its way to all others.

use crate::{
    bench::{Bench, Reach, Reading},
    lab::Lab,
    population,
    premises::{PATIENCE, Premises, reaches},
    samples::Samples,
};
use serde_json::json;
use std::{
    thread::sleep,
    time::{Duration, Instant},
};
use touchpoint_tests::{
    books,
    kiosk::{Kiosk, RunningKiosk},
    process::done,
    workspace,
};

/// The family.
pub(crate) const BENCHES: [Bench; 1] = [Bench {
    name: "loop.answer_p95_ms",
    what: "95th percentile from a customer's answer at one machine until the next machine knows it; lines up, loopback",
    unit: "ms",
    reach: Reach::Most(1_000.0),
    run: answer,
}];

/// How often a percentile is taken.
const ROUNDS: u32 = 3;

/// Answers in each round, of a new customer each.
const ANSWERS: u32 = 40;

/// Between two looks: small beside what is measured, long beside what a look costs.
const PAUSE: Duration = Duration::from_millis(2);

fn answer(lab: &Lab) -> Reading {
    lab.says("two devices");
    let premises = Premises::new();
    let office = &premises.office;
    let gold = |number| format!("c-{number},,{},gold,en,yes,Anna\n", population::loyalty_number(number));
    office.import(&(1..=ROUNDS * ANSWERS).map(gold).collect::<String>());
    office.publish(&workspace::demo_campaigns());
    let folder = premises.path("kiosk-2");
    done(office.command("enrol").args(["--device", "kiosk-2", "--out"]).arg(&folder));
    let _hub = office.serve();
    let (one, other) = (premises.kiosk.start(), Kiosk::configured(folder).start());
    for agent in [&one, &other] {
        reaches(agent, "customers and campaigns", |status| {
            status["line"]["epoch"] == 1 && status["line"]["campaigns"] == 1
        });
    }
    let (mut percentiles, mut known) = (Samples::default(), 0);
    for round in 0..ROUNDS {
        lab.says(format!("answers, round {} of {ROUNDS}", round + 1));
        let mut times = Samples::default();
        for number in round * ANSWERS + 1..=(round + 1) * ANSWERS {
            let arrives = json!({ "loyalty_number": population::loyalty_number(number), "seconds_left": 25 });
            let decided = one.api.post("/v1/visits", arrives.to_string()).json(201);
            assert_eq!(decided["shown"], true, "{decided}");
            // Whoever asks is answered before the showing is written down.
            reaches(&other, "the showing", |status| status["line"]["contacts"].as_u64() > Some(known));
            let shown = settled(lab, &premises, [&one, &other]);
            let began = Instant::now();
            one.api.answers("opt_out");
            while position(&other) <= shown {
                assert!(began.elapsed() < PATIENCE, "an answer does not arrive");
                sleep(PAUSE);
            }
            times.push(began.elapsed().as_secs_f64() * 1e3);
            one.api.leaves();
            known = settled(lab, &premises, [&one, &other]);
        }
        percentiles.push(times.percentile(95));
    }
    Reading::of(&percentiles)
}

/// Waits until both know all there is to know; up to which position that is.
fn settled(lab: &Lab, premises: &Premises, agents: [&RunningKiosk; 2]) -> u64 {
    agents.iter().for_each(|agent| drop(agent.delivers()));
    let log = lab.runtime.block_on(books::log(&premises.office));
    let end = log.last().map_or(0, |(position, _)| *position);
    for agent in agents {
        reaches(agent, "all contacts", |status| status["line"]["contacts"] == end);
    }
    end
}

/// Up to where a device knows what was said anywhere.
fn position(agent: &RunningKiosk) -> u64 {
    agent.api.status()["line"]["contacts"].as_u64().expect("a position")
}
