//! What travels: a topic, a payload, and the few MQTT 5 properties the documents use.

use std::fmt;

use bytes::Bytes;

/// Longest text or binary field of MQTT 5, in bytes: its length is written in 16 bits (MQTT 5.0, section 1.5.4).
/// The client would write a longer one with a wrong length, so it is refused before.
const LONGEST_FIELD: usize = u16::MAX as usize;

/// One application message, sent and received at QoS 1. `Debug` shows the size of the payload, never its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it is published. No wildcards, not empty, at most 65,535 bytes.
    pub topic: String,
    /// The content, whose form is the business of both ends.
    pub payload: Bytes,
    /// To send: the broker keeps it for later subscribers. Received: it was kept before we subscribed.
    pub retain: bool,
    /// MIME type of the payload (MQTT 5.0, section 3.3.2.3.9).
    pub content_type: Option<String>,
    /// Where the sender wants its answer (section 3.3.2.3.5).
    pub response_topic: Option<String>,
    /// What the answer must carry for its asker to recognise it (section 3.3.2.3.6).
    pub correlation: Option<Bytes>,
}

impl Message {
    /// A message that the broker passes on and forgets.
    #[must_use]
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            retain: false,
            content_type: None,
            response_topic: None,
            correlation: None,
        }
    }

    /// The answer to `self`, or `None` if its sender did not say where it wants one.
    #[must_use]
    pub fn answer(&self, payload: impl Into<Bytes>) -> Option<Self> {
        let mut answer = Self::new(self.response_topic.clone()?, payload);
        answer.correlation.clone_from(&self.correlation);
        Some(answer)
    }

    /// The same message, kept by the broker for later subscribers.
    #[must_use]
    pub fn retained(mut self) -> Self {
        self.retain = true;
        self
    }

    /// The same message, with the MIME type of its payload.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// The same message, asking for an answer on `topic`.
    #[must_use]
    pub fn with_response_topic(mut self, topic: impl Into<String>) -> Self {
        self.response_topic = Some(topic.into());
        self
    }

    /// Whether MQTT can carry it; otherwise the name of the part that is malformed. Brokers close the connection on
    /// a malformed packet, and everybody else's publishes with it.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if !is_topic(&self.topic) {
            return Err("topic");
        }
        if !self.response_topic.as_deref().is_none_or(is_topic) {
            return Err("response topic");
        }
        if self.content_type.as_ref().is_some_and(|text| text.len() > LONGEST_FIELD || text.contains('\0')) {
            return Err("content type");
        }
        if self.correlation.as_ref().is_some_and(|data| data.len() > LONGEST_FIELD) {
            return Err("correlation data");
        }
        Ok(())
    }

    /// Like [`Message::check`], for a last will, whose payload is a field of the CONNECT packet.
    pub(crate) fn check_will(&self) -> Result<(), &'static str> {
        self.check()?;
        if self.payload.len() > LONGEST_FIELD { Err("payload") } else { Ok(()) }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("topic", &self.topic)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("retain", &self.retain)
            .finish_non_exhaustive()
    }
}

/// Whether `topic` names one topic (MQTT 5.0, section 4.7).
fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= LONGEST_FIELD && !topic.contains(['+', '#', '\0'])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_where_the_question_wants_it_and_carries_its_correlation() {
        let mut question = Message::new("devices/7/requests", "block 3").with_response_topic("devices/7/inbox");
        question.correlation = Some(Bytes::from_static(b"42"));
        let answer = question.answer("bytes").unwrap();
        assert_eq!((answer.topic.as_str(), answer.correlation), ("devices/7/inbox", question.correlation));
        assert_eq!(Message::new("a", "b").answer("c"), None);
    }

    #[test]
    fn what_mqtt_cannot_carry_is_named() {
        let long = "x".repeat(LONGEST_FIELD + 1);
        for topic in ["", "a/+", "a/#", "a\0b", long.as_str()] {
            assert_eq!(Message::new(topic, "").check(), Err("topic"));
        }
        assert_eq!(Message::new("a", "").with_response_topic("#").check(), Err("response topic"));
        assert_eq!(Message::new("a", "").with_content_type(long.as_str()).check(), Err("content type"));
        assert_eq!(Message::new("a", long.clone()).check(), Ok(()));
        assert_eq!(Message::new("a", long).check_will(), Err("payload"));
    }

    #[test]
    fn debug_output_has_no_payload() {
        let shown = format!("{:?}", Message::new("a", "secret"));
        assert!(shown.contains("6 bytes") && !shown.contains("secret"), "{shown}");
    }
}
