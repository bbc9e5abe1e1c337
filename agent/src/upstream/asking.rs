//! A question to head office, asked again if it or its answer was lost.

use futures_util::{StreamExt, stream::FuturesUnordered};
use std::time::Duration;
use tokio::{
    select,
    time::{Instant, sleep_until},
};
use touchpoint_link::Message;
use touchpoint_protocol::{
    request::{Reply, Request},
    topic::DeviceChannel,
};

use super::{FetchError, Upstream};

/// How long to wait for a block: the 16 s it takes on the slowest line, four at a time, and some.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long no answer may come at all before a question is asked again: longer than the 16 s a block takes on the slowest line, where
/// asking sooner would only send it twice.
const SILENCE: Duration = Duration::from_secs(20);

/// How often a question is asked.
const TIMES: usize = 4;

impl Upstream {
    /// Asks head office, and again when it has been silent; takes whichever answer comes first.
    pub(crate) async fn ask(&self, request: Request, what: &str) -> Result<Vec<u8>, FetchError> {
        let message = Message::new(self.topic(DeviceChannel::Requests), request.encode())
            .with_response_topic(self.topic(DeviceChannel::Inbox));
        let asked = FuturesUnordered::new();
        asked.push(self.publisher.ask(message.clone(), PATIENCE));
        let (mut asked, mut since) = (asked, Instant::now());
        let answer = loop {
            let due = since.max(*self.heard.borrow()) + SILENCE;
            select! {
                Some(answer) = asked.next() => break answer,
                () = sleep_until(due), if asked.len() < TIMES => {
                    // Another question may have been answered meanwhile: the line is busy and not silent.
                    if *self.heard.borrow() + SILENCE <= Instant::now() {
                        tracing::debug!(what, "asking again");
                        asked.push(self.publisher.ask(message.clone(), PATIENCE));
                        since = Instant::now();
                    }
                }
            }
        };
        let answer = answer.map_err(|source| FetchError::Ask { what: what.to_owned(), source })?;
        self.heard.send_replace(Instant::now());
        match Reply::decode(answer.content_type.as_deref(), &answer.payload) {
            Ok(Reply::Data(bytes)) => Ok(bytes),
            Ok(Reply::Refused(refusal)) => Err(FetchError::Refused { what: what.to_owned(), refusal }),
            Err(source) => Err(FetchError::Reply { what: what.to_owned(), source }),
        }
    }
}
