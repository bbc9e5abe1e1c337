//! A transaction application: speaks to a kiosk's local API.

use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// How long the API may take: a picture of the screen takes the longest, some ten milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most of an answer that is read, in bytes: a picture of the screen has far less.
const LONGEST: u64 = 16 * 1024 * 1024;

/// A client with or without the right token.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    place: String,
    token: Option<String>,
}

/// An answer, good or bad.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Api {
    /// A client of the API at `place`, `http://address`.
    pub fn new(place: &str, token: Option<String>) -> Api {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            // Whatever the environment says: the agent is on this machine.
            .proxy(None)
            .build();
        Api { agent: config.into(), place: place.to_owned(), token }
    }

    /// The same client without a token.
    pub fn stranger(&self) -> Api {
        Api { token: None, ..self.clone() }
    }

    /// `GET`
    pub fn get(&self, path: &str) -> Answer {
        answer(self.authorised(self.agent.get(self.url(path))).call())
    }

    /// `DELETE`
    pub fn delete(&self, path: &str) -> Answer {
        answer(self.authorised(self.agent.delete(self.url(path))).call())
    }

    /// `POST`
    pub fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        answer(self.authorised(self.agent.post(self.url(path))).send(body.into()))
    }

    /// `POST` to an agent that may be killed at any moment: nothing, if there was no answer.
    pub fn try_post(&self, path: &str, body: impl Into<Vec<u8>>) -> Option<Answer> {
        self.authorised(self.agent.post(self.url(path))).send(body.into()).and_then(read).ok()
    }

    /// `GET` from an agent that may be killed at any moment: nothing, if there was no answer.
    pub fn try_get(&self, path: &str) -> Option<Answer> {
        self.authorised(self.agent.get(self.url(path))).call().and_then(read).ok()
    }

    /// `DELETE` at an agent that may be killed at any moment: nothing, if there was no answer.
    pub fn try_delete(&self, path: &str) -> Option<Answer> {
        self.authorised(self.agent.delete(self.url(path))).call().and_then(read).ok()
    }

    /// `PUT`
    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        answer(self.authorised(self.agent.put(self.url(path))).send(body.into()))
    }

    /// What the agent says of itself.
    pub fn status(&self) -> Value {
        self.get("/v1/status").json(200)
    }

    /// A customer comes with this card, as the reader gives it: what was decided.
    pub fn arrives(&self, card_number: &str) -> Value {
        let track2 = format!(";{card_number}=30122010000000000000?");
        self.post("/v1/visits", json!({ "track2": track2, "seconds_left": 25 }).to_string()).json(201)
    }

    /// The customer answers.
    pub fn answers(&self, kind: &str) {
        let answer = self.post("/v1/visit/answer", json!({ "answer": kind }).to_string());
        assert_eq!(answer.status, 202, "{answer:?}");
    }

    /// The customer leaves; returns once the screen invites the next one.
    pub fn leaves(&self) {
        assert_eq!(self.delete("/v1/visit").status, 202);
        crate::patience::eventually("the invitation", || {
            let phase = self.status()["visits"]["phase"].clone();
            if phase == "attract" { Ok(()) } else { Err(phase.to_string()) }
        });
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.place)
    }

    fn authorised<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Api({})", self.place)
    }
}

impl Answer {
    /// The body, of an answer with this status.
    ///
    /// # Panics
    /// The status is another, or the body no JSON.
    pub fn json(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    response.and_then(read).expect("the local api answers")
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: response.body_mut().with_config().limit(LONGEST).read_to_vec()?,
    })
}
