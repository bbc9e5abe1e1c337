//! What the programs at the desk say while they run, kept for whoever looks: the last lines, and no more.

use serde::Serialize;
use std::{
    collections::VecDeque,
    fmt::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// How many lines are kept: a page of them.
const LINES: usize = 200;

/// Longest line, in bytes; what is longer is cut.
const LONGEST: usize = 400;

/// The end of the log. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    lines: Arc<Mutex<VecDeque<Line>>>,
    count: watch::Sender<u64>,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which, from 1.
    pub number: u64,
    /// How much it matters: `ERROR`, `WARN`, `INFO`.
    pub level: &'static str,
    /// Who says it: `agent`, `hub`, `sim`.
    pub who: String,
    /// What.
    pub text: String,
}

/// A line as it is put together.
#[derive(Default)]
struct Text(String);

impl Tail {
    /// The last lines, the latest last.
    pub fn last(&self, count: usize) -> Vec<Line> {
        let lines = self.lock();
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }

    /// How many lines there were, for whoever waits for more.
    pub fn count(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Line>> {
        // A line is added whole or not at all.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Tail {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        // What is of no interest to an operator is of none here.
        if *about.level() > Level::INFO {
            return;
        }
        let Some(module) = about.target().strip_prefix("touchpoint_") else { return };
        let mut text = Text::default();
        event.record(&mut text);
        let mut lines = self.lock();
        let number = lines.back().map_or(1, |line| line.number + 1);
        let who = module.split("::").next().unwrap_or(module).to_owned();
        lines.push_back(Line { number, level: about.level().as_str(), who, text: shortened(text.0) });
        if lines.len() > LINES {
            lines.pop_front();
        }
        drop(lines);
        self.count.send_replace(number);
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // The message comes first, whenever it is recorded.
        let Ok(()) = (match field.name() {
            "message" => {
                let said = std::mem::take(&mut self.0);
                write!(self.0, "{value:?}{said}")
            }
            name => write!(self.0, ", {name}: {value:?}"),
        }) else {
            return;
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn the_last_lines_are_kept_and_foreign_ones_are_not() {
        let tail = Tail::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(tail.clone()), || {
            tracing::info!(target: "somebody", "else");
            tracing::debug!(target: "touchpoint_agent::device", "a detail");
            (0..300).for_each(|n| tracing::warn!(target: "touchpoint_agent::device", n, why = "so", "offline"));
            tracing::info!(target: "touchpoint_hub", "{}", "x".repeat(1000));
        });
        let lines = tail.last(1000);
        assert_eq!((lines.len(), *tail.count().borrow()), (LINES, 301));
        let first = Line { number: 102, level: "WARN", who: "agent".into(), text: "offline, n: 101, why: so".into() };
        assert_eq!(lines[0], first);
        assert!(lines[199].text.len() < 500 && lines[199].text.ends_with('…'));
        assert_eq!(tail.last(2).len(), 2);
    }
}
