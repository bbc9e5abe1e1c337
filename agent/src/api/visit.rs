//! Visits over the API: who is there, what they answer, when they leave.

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use std::{
    str::FromStr,
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::timeout};
use touchpoint_protocol::{campaign::AnswerKind, card::Card, interaction::Trigger, name::NameError, utc::Utc};
use zeroize::{Zeroize, Zeroizing};

use super::{Api, Problem};
use crate::{
    config::VISIT_SECONDS,
    domain::moment::VisitAttributes,
    explain::MadeUpProfile,
    identify::{Arrival, Busy, Event, Turn, track},
    status::{Phase, VisitStatus},
};

/// How long a caller waits for a decision: a hundred times what it takes, and far less than a customer waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why no amount is taken.
const NO_AMOUNT: &str = "no amounts here: a device that shows messages has no need to know one, and what it is told could be \
                         found in it; name the band it lies in as amount_band, such as large";

/// What a name is.
const NO_NAME: &str = "a name is 1 to 64 of a-z, 0-9 and -, with a letter, and no - first";

/// A customer, by exactly one of five numbers; and what is known of their visit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arriving {
    track1: Option<Zeroizing<String>>,
    track2: Option<Zeroizing<String>>,
    card_number: Option<Zeroizing<String>>,
    loyalty_number: Option<Zeroizing<String>>,
    token: Option<Zeroizing<String>>,
    pub(super) seconds_left: Option<u32>,
    kind: Option<Said>,
    amount_band: Option<Said>,
    amount: Option<IgnoredAny>,
    language: Option<Said>,
    large_text: Option<bool>,
    high_contrast: Option<bool>,
    // Only of a decision that is explained.
    pub(super) profile: Option<Box<MadeUpProfile>>,
    pub(super) at: Option<Utc>,
    pub(super) trigger: Option<Trigger>,
}

impl Arriving {
    /// Whether no number is given.
    pub(super) fn is_nobody(&self) -> bool {
        let Arriving { track1, track2, card_number, loyalty_number, token, .. } = self;
        [track1, track2, card_number, loyalty_number, token].iter().all(|number| number.is_none())
    }
}

/// What should be a name, and may be something that nobody should say here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Name(Zeroizing<String>),
    Else(IgnoredAny),
}

/// What happened, and the language if that was chosen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Happening {
    event: Occasion,
    language: Option<Said>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Occasion {
    BalanceEnquiry,
    LanguageChange,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answering {
    answer: AnswerKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Active {
    active: bool,
}

/// `POST /v1/visits`
pub(super) async fn arrive(
    State(api): State<Api>,
    body: Bytes,
) -> Result<(StatusCode, Json<Box<VisitStatus>>), Problem> {
    let received = Instant::now();
    let mut arriving: Arriving = parse(body)?;
    if arriving.profile.is_some() || arriving.at.is_some() || arriving.trigger.is_some() {
        return Err(refused("profile, at and trigger: belong to /v1/explain".to_owned()));
    }
    let seconds = seconds(arriving.seconds_left)?;
    let attributes = attributes(&mut arriving).map_err(refused)?;
    let card = card(arriving).map_err(refused)?;
    if api.visits.borrow().phase == Phase::OutOfOrder {
        return Err(Problem::new(StatusCode::CONFLICT, "the machine is out of order: PUT /v1/out-of-order first"));
    }
    let (decided, decision) = oneshot::channel();
    send(&api, Event::Arrived(Arrival { card, seconds, attributes, received, decided }))?;
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

/// `POST /v1/visit/event`
pub(super) async fn event(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Problem> {
    let Happening { event, language } = parse(body)?;
    let turn = match (event, name("language", language).map_err(refused)?) {
        (Occasion::BalanceEnquiry, None) => Turn::BalanceEnquiry,
        (Occasion::LanguageChange, Some(language)) => Turn::Language(language),
        (Occasion::BalanceEnquiry, Some(_)) => return Err(refused("language: belongs to language_change".to_owned())),
        (Occasion::LanguageChange, None) => return Err(refused("language: which was chosen?".to_owned())),
    };
    send(&api, Event::Turned(turn))
}

/// `PUT /v1/visit/pin-entry`
pub(super) async fn pin_entry(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Problem> {
    let Active { active } = parse(body)?;
    send(&api, Event::PinEntry(active))
}

/// `PUT /v1/out-of-order`
pub(super) async fn out_of_order(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Problem> {
    let Active { active } = parse(body)?;
    send(&api, Event::OutOfOrder(active))
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
pub(super) fn parse<T: DeserializeOwned>(body: Bytes) -> Result<T, Problem> {
    let parsed = serde_json::from_slice(&body).map_err(|error| Problem::json(&error));
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
    parsed
}

pub(super) fn refused(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

pub(super) fn seconds(left: Option<u32>) -> Result<Option<u32>, Problem> {
    match left {
        Some(seconds) if seconds > VISIT_SECONDS => Err(refused(format!("seconds_left: over {VISIT_SECONDS}"))),
        left => Ok(left),
    }
}

/// What is said of a visit. Only names: what somebody withdraws is not for a device that shows messages.
pub(super) fn attributes(arriving: &mut Arriving) -> Result<VisitAttributes, String> {
    if arriving.amount.is_some() {
        return Err(format!("amount: {NO_AMOUNT}"));
    }
    Ok(VisitAttributes {
        kind: name("kind", arriving.kind.take())?,
        amount: name("amount_band", arriving.amount_band.take())?,
        language: name("language", arriving.language.take())?,
        large_text: arriving.large_text,
        high_contrast: arriving.high_contrast,
    })
}

/// A name in a field. Digits alone are an amount or an account, and no name; nothing is repeated.
fn name<N: FromStr<Err = NameError>>(field: &'static str, said: Option<Said>) -> Result<Option<N>, String> {
    let text = match said {
        None => return Ok(None),
        Some(Said::Name(text)) => text,
        Some(Said::Else(IgnoredAny)) if field == "amount_band" => return Err(format!("{field}: {NO_AMOUNT}")),
        Some(Said::Else(IgnoredAny)) => return Err(format!("{field}: {NO_NAME}")),
    };
    match text.parse() {
        Ok(name) if text.contains(|c: char| c.is_ascii_lowercase()) => Ok(Some(name)),
        _ if field == "amount_band" && !text.contains(char::is_alphabetic) => Err(format!("{field}: {NO_AMOUNT}")),
        _ => Err(format!("{field}: {NO_NAME}")),
    }
}

/// The one card of a request.
pub(super) fn card(arriving: Arriving) -> Result<Card, String> {
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
    fn what_is_said_of_a_visit_are_names_and_an_amount_is_refused_with_the_reason() {
        let said = |body: &'static str| {
            let mut arriving: Arriving = parse(Bytes::from(body)).map_err(IntoResponse::into_response).unwrap();
            attributes(&mut arriving)
        };
        let known = said(r#"{"kind":"withdrawal","amount_band":"100-to-500","language":"fr"}"#).unwrap();
        assert_eq!(known.amount.unwrap().as_str(), "100-to-500");
        for body in
            [r#"{"amount":250}"#, r#"{"amount_band":250}"#, r#"{"amount_band":"250"}"#, r#"{"amount_band":"2.50"}"#]
        {
            let refused = said(body).unwrap_err();
            assert!(refused.contains("no amounts here") && !refused.contains("25"), "{refused}");
        }
        for body in [r#"{"kind":"4111111111111111"}"#, r#"{"kind":["4111"]}"#, r#"{"language":"Français"}"#] {
            let refused = said(body).unwrap_err();
            assert!(refused.contains("a name is 1 to 64") && !refused.contains("4111"), "{refused}");
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
