//! Visits over the API: who is there, what they answer, when they leave.

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::{Duration, Instant};
use tokio::{sync::oneshot, time::timeout};
use touchpoint_protocol::{campaign::AnswerKind, card::Card};
use zeroize::{Zeroize, Zeroizing};

use super::{Api, Problem};
use crate::{
    config::VISIT_SECONDS,
    identify::{Arrival, Busy, Event, track},
    status::VisitStatus,
};

/// How long a caller waits for a decision: a hundred times what it takes, and far less than a customer waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// A customer, by exactly one of five numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arriving {
    track1: Option<Zeroizing<String>>,
    track2: Option<Zeroizing<String>>,
    card_number: Option<Zeroizing<String>>,
    loyalty_number: Option<Zeroizing<String>>,
    token: Option<Zeroizing<String>>,
    seconds_left: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answering {
    answer: AnswerKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinEntry {
    active: bool,
}

/// `POST /v1/visits`
pub(super) async fn arrive(
    State(api): State<Api>,
    body: Bytes,
) -> Result<(StatusCode, Json<Box<VisitStatus>>), Problem> {
    let received = Instant::now();
    let arriving: Arriving = parse(body)?;
    let seconds = arriving.seconds_left;
    if seconds.is_some_and(|seconds| seconds > VISIT_SECONDS) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("seconds_left: over {VISIT_SECONDS}")));
    }
    let card = card(arriving).map_err(|detail| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail))?;
    let (decided, decision) = oneshot::channel();
    send(&api, Event::Arrived(Arrival { card, seconds, received, decided }))?;
    match timeout(PATIENCE, decision).await {
        Ok(Ok(Ok(visit))) => Ok((StatusCode::CREATED, Json(visit))),
        Ok(Ok(Err(Busy))) => Err(Problem::new(StatusCode::CONFLICT, "another visit is going on: end it first")),
        Ok(Err(_)) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the visit was not served: see the log")),
        Err(_) => Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "no decision in time: go on without")),
    }
}

/// `GET /v1/visit`
pub(super) async fn show(State(api): State<Api>) -> Result<Json<VisitStatus>, Problem> {
    let visit = api.visits.borrow().visit.clone();
    visit.map(Json).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "there was no visit yet"))
}

/// `POST /v1/visit/answer`
pub(super) async fn answer(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Problem> {
    let Answering { answer } = parse(body)?;
    send(&api, Event::Answered(answer))
}

/// `PUT /v1/visit/pin-entry`
pub(super) async fn pin_entry(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Problem> {
    let PinEntry { active } = parse(body)?;
    send(&api, Event::PinEntry(active))
}

/// `DELETE /v1/visit`
pub(super) async fn leave(State(api): State<Api>) -> Result<StatusCode, Problem> {
    send(&api, Event::Left)
}

/// Says what happened. It has happened, whatever the visit loop makes of it; a loop that is 16 events behind is stuck.
pub(super) fn send(api: &Api, event: Event) -> Result<StatusCode, Problem> {
    match api.events.try_send(event) {
        Ok(()) => Ok(StatusCode::ACCEPTED),
        Err(_) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the agent is stopping, or does not keep up")),
    }
}

/// Reads a body, and wipes it where nobody else holds it.
fn parse<T: DeserializeOwned>(body: Bytes) -> Result<T, Problem> {
    let parsed = serde_json::from_slice(&body).map_err(|error| Problem::json(&error));
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
    parsed
}

/// The one card of a request.
fn card(arriving: Arriving) -> Result<Card, String> {
    let Arriving { track1, track2, card_number, loyalty_number, token, .. } = arriving;
    let track = |text: &str| track::card(text).map_err(|error| crate::chain(&error));
    let number = |card: Result<Card, touchpoint_protocol::card::CardError>| card.map_err(|error| error.to_string());
    let given = [
        track1.map(|text| ("track1", track(&text))),
        track2.map(|text| ("track2", track(&text))),
        card_number.map(|text| ("card_number", number(Card::payment(&text)))),
        loyalty_number.map(|text| ("loyalty_number", number(Card::loyalty(&text)))),
        token.map(|text| ("token", number(Card::surrogate(&text)))),
    ];
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some((field, card)), None) => card.map_err(|error| format!("{field}: {error}")),
        _ => Err("give exactly one of track1, track2, card_number, loyalty_number and token".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    fn refused(body: &'static str) -> String {
        let parsed: Result<Arriving, Problem> = parse(Bytes::from_static(body.as_bytes()));
        match parsed.map(card) {
            Err(problem) => format!("{problem:?}"),
            Ok(Err(detail)) => detail,
            Ok(Ok(_)) => panic!("{body} was taken"),
        }
    }

    #[test]
    fn a_card_is_one_of_five_numbers() {
        for body in [
            r#"{"track2":";4111111111111111=2912?","seconds_left":20}"#,
            r#"{"card_number":"4111 1111 1111 1111"}"#,
            r#"{"loyalty_number":"L-1"}"#,
            r#"{"token":"tok_1"}"#,
        ] {
            let arriving: Arriving = parse(Bytes::from(body)).map_err(IntoResponse::into_response).unwrap();
            assert!(card(arriving).is_ok(), "{body}");
        }
    }

    #[test]
    fn a_refusal_names_the_field_and_repeats_nothing() {
        for body in [
            r#"{"track2":";4111111111111112=2912?"}"#,
            r#"{"card_number":"4111111111111111","loyalty_number":"L-1"}"#,
            r#"{"card_number":4111111111111111}"#,
            r#"{"4111111111111111":""}"#,
            r#"{"seconds_left":"4111111111111111"}"#,
            r#"["4111111111111111"]"#,
            r#"4111111111111111"#,
            "{}",
        ] {
            let refused = refused(body);
            assert!(!refused.contains("4111"), "{refused}");
        }
        assert!(refused(r#"{"track2":"x"}"#).starts_with("track2: neither track"));
        assert!(refused(r#"{"track2":3}"#).contains("line 1, column 11"), "{}", refused(r#"{"track2":3}"#));
    }
}
