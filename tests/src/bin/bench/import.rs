//! Customers on their way into head office.

use crate::{
    bench::{Bench, Reach, Reading},
    lab::Lab,
    population,
    premises::{PATIENCE, Premises},
    samples::Samples,
};
use serde_json::Value;
use std::{fs, time::Instant};
use touchpoint_tests::{
    head_office::{HEADER, HeadOffice},
    process::Service,
};

/// The family.
pub(crate) const BENCHES: [Bench; 1] = [Bench {
    name: "import.rows_per_s",
    what: "rows of CSV, each with a number to be made a token (HMAC-SHA256), into a head office that has nobody yet",
    unit: "/s",
    reach: Reach::Least(100_000.0),
    run: rows,
}];

/// How often the table is imported, each time into a new head office.
const ROUNDS: usize = 3;

fn rows(lab: &Lab) -> Reading {
    lab.says(format!("a table of {} customers", lab.customers));
    let premises = Premises::new();
    let file = premises.path("customers.csv");
    fs::write(&file, format!("{HEADER}{}", population::table(lab.customers))).expect("a file");
    let mut rates = Samples::default();
    for round in 1..=ROUNDS {
        lab.says(format!("import {round} of {ROUNDS}"));
        let folder = premises.path(&format!("office-{round}"));
        let office = HeadOffice::found(&folder, premises.broker.endpoint());
        let began = Instant::now();
        let finished = Service::start(office.command("import").arg("--json").arg(&file)).ended(PATIENCE);
        let took = began.elapsed().as_secs_f64();
        assert!(finished.status.success(), "{}", finished.stderr);
        let imported: Value = serde_json::from_str(&finished.stdout).expect("json");
        assert_eq!(imported["customers"], lab.customers, "{imported}");
        rates.push(f64::from(lab.customers) / took);
        fs::remove_dir_all(folder).expect("its folder");
    }
    Reading::of(&rates)
}
