//! What was measured, for people as a table and for programs as JSON.

use crate::bench::{Bench, Reading};
use serde_json::json;
use std::io::{Write, stdout};

/// The table, line by line.
pub(crate) struct Report {
    json: bool,
    quick: bool,
    lines: Vec<[String; 7]>,
    whole: bool,
}

impl Report {
    /// An empty one.
    pub(crate) fn new(json: bool, quick: bool) -> Report {
        Report { json, quick, lines: Vec::new(), whole: true }
    }

    /// One more figure; `None` if it could not be measured.
    pub(crate) fn add(&mut self, bench: &Bench, reading: Option<Reading>) {
        self.whole &= reading.is_some();
        let met = reading.map(|reading| bench.reach.is_met(&reading));
        if self.json {
            let line = json!({
                "name": bench.name,
                "value": reading.map(|reading| reading.value),
                "unit": bench.unit,
                "reference": reading.and_then(|reading| reading.reference),
                "ratio": reading.and_then(|reading| reading.ratio),
                "reach": bench.reach.to_string(),
                "met": met,
                "spread": reading.map(|reading| reading.spread),
            });
            print([line.to_string()]);
            return;
        }
        let said = |number: Option<f64>| number.map(short).unwrap_or_default();
        self.lines.push([
            bench.name.to_owned(),
            reading.map_or("not measured".to_owned(), |reading| format!("{} {}", short(reading.value), bench.unit)),
            said(reading.and_then(|reading| reading.reference)),
            said(reading.and_then(|reading| reading.ratio)),
            bench.reach.to_string(),
            met.map_or("", |met| if met { "yes" } else { "no" }).to_owned(),
            reading.map(|reading| format!("{:.0} %", 100.0 * reading.spread)).unwrap_or_default(),
        ]);
    }

    /// Prints the table; true if everything could be measured.
    pub(crate) fn end(self) -> bool {
        if !self.json {
            let heads = ["figure", "value", "reference", "ratio", "reach", "met", "spread"].map(str::to_owned);
            print(aligned([vec![heads], self.lines].concat()));
            if self.quick {
                print(["a quick try: 50,000 customers and 5,000 waiting interactions; the reaches are for 20 times as many".into()]);
            }
            if cfg!(debug_assertions) {
                print(["a debug build: these figures say nothing".to_owned()]);
            }
        }
        self.whole
    }
}

/// Prints what figures there are.
pub(crate) fn list<'a>(benches: impl Iterator<Item = &'a Bench>) {
    let line = |bench: &Bench| [bench.name, bench.unit, &bench.reach.to_string(), bench.what].map(str::to_owned);
    print(aligned(benches.map(line).collect()));
}

/// Columns as wide as what is in them.
fn aligned<const N: usize>(lines: Vec<[String; N]>) -> Vec<String> {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let text = |line: &[String; N]| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  "));
        cells.collect::<String>().trim_end().to_owned()
    };
    lines.iter().map(text).collect()
}

/// Three digits that count.
fn short(number: f64) -> String {
    match number.abs() {
        ..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// Line by line, at once. A reader who has seen enough is no error.
fn print(lines: impl IntoIterator<Item = String>) {
    let mut out = stdout().lock();
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    let _ = out.flush();
}
