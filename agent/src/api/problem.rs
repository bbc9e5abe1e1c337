//! What a caller is told when a request cannot be done: RFC 9457, `application/problem+json`.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A refusal that says what to do about it, and repeats nothing of the request.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem { status, detail: detail.into() }
    }

    /// A body that is not the JSON it should be. serde's own words are left out: they may quote the value.
    pub(super) fn json(error: &serde_json::Error) -> Problem {
        let (line, column) = (error.line(), error.column());
        let what = match error.classify() {
            serde_json::error::Category::Data => "a field is missing, unknown, or of the wrong type",
            _ => "not json",
        };
        Problem::new(StatusCode::BAD_REQUEST, format!("body: {what} (line {line}, column {column})"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = json!({ "title": title, "status": self.status.as_u16(), "detail": self.detail });
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}
