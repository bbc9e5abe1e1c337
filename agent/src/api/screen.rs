//! What is on the glass, as a picture.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use tokio::sync::oneshot;
use touchpoint_display::encode_png;

use super::{Api, Problem, visit};
use crate::identify::Event;

/// `GET /v1/screen.png`
///
/// The visit loop only hands over a copy of its frame; compressing it takes longer than a customer should wait, and is done here.
pub(super) async fn png(State(api): State<Api>) -> Result<impl IntoResponse, Problem> {
    let failed = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the screen cannot be read just now");
    let (reply, frame) = oneshot::channel();
    visit::send(&api, Event::Picture(reply))?;
    let frame = frame.await.map_err(|_| failed())?;
    let png = tokio::task::spawn_blocking(move || encode_png(&frame)).await;
    let png = png.map_err(|_| failed())?.map_err(|_| failed())?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png))
}
