//! One program that measures everything: what a figure is, what it should reach, and what it is on this machine now.
//!
//! ```text
//! bench        what a figure is, and what came of measuring it
//! tidy         nothing is left behind
//! lab          what figures are measured in: sizes, progress, what several of them share
//! samples      medians, spreads, percentiles
//! yardstick    plain SQLite and plain SQLCipher, to compare with
//! meter        a process's memory, and the bytes on its line
//! population   the customers
//! premises     head office, broker and device in a folder that goes with them
//! offer        one offer, as a campaign, as a view and as a page's data
//! showing      a device that shows it
//! chromium     the same offer as a page
//! sync, journal, start, decide, import, closed_loop, display    the families of figures, a file each
//! report       the table, and JSON
//! ```
//!
//! It reports and never judges: a figure missed is no failure, one that could not be measured is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use clap::Parser;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

mod bench;
mod lab;
mod samples;
mod tidy;

mod chromium;
mod meter;
mod offer;
mod population;
mod premises;
mod showing;
mod yardstick;

mod closed_loop;
mod decide;
mod display;
mod import;
mod journal;
mod start;
mod sync;

mod report;

use bench::Bench;
use lab::Lab;
use report::Report;

/// Every family, in the order in which they are measured.
const FAMILIES: [&[Bench]; 7] = [
    &sync::BENCHES,
    &journal::BENCHES,
    &start::BENCHES,
    &decide::BENCHES,
    &import::BENCHES,
    &closed_loop::BENCHES,
    &display::BENCHES,
];

/// Measures Touchpoint on this machine: real programs, a real Mosquitto, loopback alone.
#[derive(Debug, Parser)]
#[command(
    name = "bench",
    after_help = "Example: cargo run --release -p touchpoint-tests --bin bench -- sync journal.drain_per_s\n\n\
                  spread is (largest - smallest) / median over the rounds; two things compared take turns in each round.\n\
                  Exit codes: 0 measured, whatever the figures are; 1 something could not be measured; 2 wrong usage."
)]
struct Arguments {
    /// `all`, the names of figures, or how they begin.
    #[arg(required_unless_present = "list")]
    names: Vec<String>,
    /// Lists the figures and what they should reach, and measures nothing.
    #[arg(long)]
    list: bool,
    /// One JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
    /// 50,000 customers instead of 1,000,000, to try it out.
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let Arguments { names, list, json, quick } = Arguments::parse();
    let all = || FAMILIES.into_iter().flatten();
    if list {
        report::list(all());
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = names.iter().find(|name| !all().any(|bench| bench.is_called(name))) {
        eprintln!("{unknown}: no figure is called so; --list lists them");
        return ExitCode::from(2);
    }
    let wanted: Vec<&Bench> = all().filter(|bench| names.iter().any(|name| bench.is_called(name))).collect();
    let lab = match Lab::new(quick, wanted.len()) {
        Ok(lab) => lab,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut report = Report::new(json, quick);
    for bench in wanted {
        lab.begin(bench.name);
        // Whatever stands in the way of a measurement panics, like the tests whose parts it uses; the others go on.
        let reading = catch_unwind(AssertUnwindSafe(|| (bench.run)(&lab))).ok();
        report.add(bench, reading);
    }
    lab.finish();
    match report.end() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
