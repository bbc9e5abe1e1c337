//! What a program says while it runs, to stderr: people read text, machines read JSON.

use std::io::{self, IsTerminal};
use tracing::{Level, Subscriber};
use tracing_subscriber::{
    filter::Targets,
    layer::{Layer, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// Sends the log of this process to stderr: up to this level, unless `RUST_LOG` says otherwise.
pub fn to_stderr(usual: Level) {
    tracing_subscriber::registry().with(stderr(usual)).init();
}

/// The same, for a program that sends its log elsewhere, too.
pub fn stderr<S: Subscriber + for<'a> LookupSpan<'a>>(usual: Level) -> impl Layer<S> {
    let filter = std::env::var("RUST_LOG").ok().and_then(|levels| levels.parse().ok());
    let filter: Targets = filter.unwrap_or_else(|| Targets::new().with_default(usual));
    let log = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match io::stderr().is_terminal() {
        true => log.boxed().with_filter(filter),
        false => log.json().boxed().with_filter(filter),
    }
}
