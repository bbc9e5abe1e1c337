//! The agent at a glance.

use axum::{Json, extract::State};
use serde::Serialize;

use super::Api;
use crate::{
    journal::JournalState,
    status::{LineStatus, VisitLoop},
};

/// What `GET /v1/status` says.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    version: &'static str,
    visits: VisitLoop,
    line: LineStatus,
    journal: JournalStatus,
}

#[derive(Debug, Serialize)]
struct JournalStatus {
    recorded: u64,
    confirmed: u64,
    waiting: u64,
    discarded: u64,
    reserve: bool,
    alarm: Option<String>,
}

/// `GET /v1/status`
pub(super) async fn show(State(api): State<Api>) -> Json<Status> {
    let (visits, line) = (api.visits.borrow().clone(), api.line.borrow().clone());
    let JournalState { recorded, confirmed, discarded, reserve, alarm, .. } = api.journal.borrow().clone();
    let waiting = recorded.saturating_sub(confirmed);
    let journal = JournalStatus { recorded, confirmed, waiting, discarded, reserve, alarm };
    Json(Status { version: env!("CARGO_PKG_VERSION"), visits, line, journal })
}
