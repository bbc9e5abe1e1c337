//! Why somebody would be shown what they would be shown.

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use touchpoint_protocol::interaction::Trigger;

use super::{
    Api, Problem,
    visit::{Arriving, attributes, card, parse, refused, seconds},
};
use crate::{
    chain,
    clock::utc_now,
    explain::{Circumstances, Explanation, Whose},
};

/// `POST /v1/explain`
pub(super) async fn explain(State(api): State<Api>, body: Bytes) -> Result<Json<Explanation>, Problem> {
    let mut asked: Arriving = parse(body)?;
    let circumstances = Circumstances {
        at: asked.at.unwrap_or_else(utc_now),
        trigger: asked.trigger.unwrap_or(Trigger::Arrival),
        seconds: seconds(asked.seconds_left)?,
        attributes: attributes(&mut asked).map_err(refused)?,
    };
    let whose = match asked.profile.take() {
        Some(profile) if asked.is_nobody() => Whose::Profile(profile),
        Some(_) => return Err(refused("profile: give it or a number, not both".to_owned())),
        None => Whose::Card(card(asked).map_err(refused)?),
    };
    api.explainer.explain(whose, circumstances).await.map(Json).map_err(|error| {
        tracing::error!(error = chain(&error), "a decision could not be explained");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the device cannot read what it decides with: see the log")
    })
}
