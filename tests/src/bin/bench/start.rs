//! Switching a device on.

use crate::{
    bench::{Bench, Reach, Reading},
    lab::Lab,
    population,
    premises::{Premises, Stocked},
    samples::Samples,
};
use serde_json::json;
use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};
use touchpoint_tests::{api::Api, mosquitto::free_port, process::Service};

/// The family.
pub(crate) const BENCHES: [Bench; 1] = [Bench {
    name: "start.full_vs_empty_ms",
    what: "start of the agent to its first visit decided: with every customer and a long journal, more than with nothing",
    unit: "ms",
    reach: Reach::Most(150.0),
    run: full_vs_empty,
}];

/// How often each is switched on.
const ROUNDS: usize = 7;

/// Between two attempts to be served: small beside what is measured.
const PAUSE: Duration = Duration::from_micros(500);

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn full_vs_empty(lab: &Lab) -> Reading {
    let (stocked, fresh) = (lab.once(Stocked::new), Premises::new());
    // Keys and files are made once in the life of a device, and so is neither start.
    fresh.keys();
    start(&fresh);
    let (mut full, mut empty) = (Samples::default(), Samples::default());
    for round in 1..=ROUNDS {
        lab.says(format!("starts, round {round} of {ROUNDS}"));
        full.push(start(&stocked.premises));
        empty.push(start(&fresh));
    }
    let more = full.each(&empty, |full, empty| full - empty);
    // A difference may be nothing, so its spread is told as a part of an empty start.
    let spread = more.range() / empty.median();
    Reading { value: more.median(), spread, ..Reading::beside(&full, &empty) }
}

/// Milliseconds from the start of the agent to its first visit decided. Knocks at a known port, because the log would say where it
/// listens some milliseconds later.
fn start(premises: &Premises) -> f64 {
    let (kiosk, place) = (&premises.kiosk, format!("127.0.0.1:{}", free_port()));
    kiosk.edit("127.0.0.1:0", &place);
    let token = fs::read_to_string(kiosk.folder.join("keys/api.token")).ok().map(|token| token.trim().to_owned());
    let api = Api::new(&format!("http://{place}"), token);
    let arrives = json!({ "loyalty_number": population::loyalty_number(1), "seconds_left": 25 }).to_string();
    let began = Instant::now();
    let agent = Service::start(&mut kiosk.command());
    let answer = loop {
        match api.try_post("/v1/visits", arrives.clone()) {
            Some(answer) => break answer,
            None => sleep(PAUSE),
        }
        assert!(began.elapsed() < PATIENCE, "the agent does not start:\n{}", agent.stderr());
    };
    let took = began.elapsed().as_secs_f64() * 1e3;
    assert_eq!(answer.status, 201, "{answer:?}");
    agent.terminate();
    kiosk.edit(&place, "127.0.0.1:0");
    took
}
