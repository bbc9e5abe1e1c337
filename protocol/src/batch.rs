//! Interactions on their way up: a batch of CloudEvents.
//!
//! CloudEvents 1.0 in JSON batch format, content type [`Batch::CONTENT_TYPE`], so that whatever a bank has behind head office can
//! read them as they are. `id` is journal and sequence, so that anyone can tell a repeat.

use crate::{
    interaction::{Fact, Interaction},
    limits,
    name::{DeviceId, JournalId, Tenant},
    utc::Utc,
};
use serde::{Deserialize, Serialize};

/// Some of a journal's interactions, in the order of their sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Whose journal.
    pub journal: JournalId,
    /// At most [`limits::BATCH`], with rising sequence numbers, none within a run that another says was discarded.
    pub interactions: Vec<Interaction>,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Larger than any batch.
    #[error("a batch of {size} bytes, over {}", limits::PACKET_OUT, size = .0)]
    TooLarge(usize),
    /// Not the JSON it should be.
    #[error("a batch is not the json it should be")]
    Json(#[source] serde_json::Error),
    /// None, or too many.
    #[error("a batch of {size} interactions, not 1 to {}", limits::BATCH, size = .0)]
    Count(usize),
    /// An event whose envelope disagrees with what it holds.
    #[error("event {at}: {attribute} is not what it should be")]
    Envelope {
        /// Which event, from 0.
        at: usize,
        /// Which attribute.
        attribute: &'static str,
    },
}

/// A CloudEvent (CloudEvents 1.0.2, JSON format 1.0.2), with its one extension attribute `journal`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    specversion: String,
    id: String,
    source: String,
    r#type: String,
    time: Utc,
    datacontenttype: String,
    journal: JournalId,
    data: Interaction,
}

impl Batch {
    /// The MQTT content type (CloudEvents JSON format, section 4.3).
    pub const CONTENT_TYPE: &'static str = "application/cloudevents-batch+json";

    /// As it travels from this device.
    #[expect(clippy::expect_used, reason = "structs of plain fields are always written")]
    pub fn encode(&self, tenant: &Tenant, device: &DeviceId) -> Vec<u8> {
        let source = source(tenant, device);
        let event = |interaction: &Interaction| Event {
            specversion: "1.0".to_owned(),
            id: id(&self.journal, interaction.sequence),
            source: source.clone(),
            r#type: kind(&interaction.fact).to_owned(),
            time: interaction.at.utc,
            datacontenttype: "application/json".to_owned(),
            journal: self.journal.clone(),
            data: interaction.clone(),
        };
        let events: Vec<Event> = self.interactions.iter().map(event).collect();
        serde_json::to_vec(&events).expect("events as json")
    }

    /// Reads a batch that came from this device.
    ///
    /// # Errors
    /// The first thing wrong with it; nothing of such a batch is taken.
    pub fn decode(payload: &[u8], tenant: &Tenant, device: &DeviceId) -> Result<Batch, BatchError> {
        if payload.len() > limits::PACKET_OUT {
            return Err(BatchError::TooLarge(payload.len()));
        }
        let events: Vec<Event> = serde_json::from_slice(payload).map_err(BatchError::Json)?;
        let (Some(first), 1..=limits::BATCH) = (events.first(), events.len()) else {
            return Err(BatchError::Count(events.len()));
        };
        let (journal, source) = (first.journal.clone(), source(tenant, device));
        let mut last = 0;
        for (at, event) in events.iter().enumerate() {
            let (sequence, through) = (event.data.sequence, event.data.through());
            let wrong = [
                ("specversion", event.specversion != "1.0"),
                ("source", event.source != source),
                ("journal", event.journal != journal),
                ("id", event.id != id(&journal, sequence)),
                ("type", event.r#type != kind(&event.data.fact)),
                ("time", event.time != event.data.at.utc),
                ("sequence", sequence <= last),
                ("through", through < sequence || i64::try_from(through).is_err()),
            ];
            if let Some((attribute, _)) = wrong.into_iter().find(|(_, wrong)| *wrong) {
                return Err(BatchError::Envelope { at, attribute });
            }
            last = through;
        }
        Ok(Batch { journal, interactions: events.into_iter().map(|event| event.data).collect() })
    }
}

fn source(tenant: &Tenant, device: &DeviceId) -> String {
    format!("touchpoint/{tenant}/devices/{device}")
}

fn id(journal: &JournalId, sequence: u64) -> String {
    format!("{journal}/{sequence}")
}

fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::NotShown { .. } => "touchpoint.not_shown.v1",
        Fact::HeldOut { .. } => "touchpoint.held_out.v1",
        Fact::Shown { .. } => "touchpoint.shown.v1",
        Fact::Ended { .. } => "touchpoint.ended.v1",
        Fact::Discarded { .. } => "touchpoint.discarded.v1",
        Fact::Erased { .. } => "touchpoint.erased.v1",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        campaign::AnswerKind,
        interaction::{ClockQuality, Ending, Moment, Reason, Trigger},
    };

    fn interaction(sequence: u64, fact: Fact) -> Interaction {
        let utc = Utc::from_millis(1_795_253_400_250);
        let at = Moment { utc, boot: "b0".parse().unwrap(), since_boot_ms: 9, clock: ClockQuality::Synchronised };
        Interaction { sequence, visit: "v1".parse().unwrap(), at, customer: None, backfill: false, fact }
    }

    fn batch() -> Batch {
        let campaign = "savings".parse().unwrap();
        let facts = [
            Fact::NotShown {
                reason: Reason::HeldOut,
                campaign: Some("savings".parse().unwrap()),
                trigger: Trigger::Arrival,
            },
            Fact::Ended { campaign, variant: None, ending: Ending::Answered(AnswerKind::Accept), dwell_ms: 4_000 },
        ];
        let interactions = facts.into_iter().zip([4, 5]).map(|(fact, sequence)| interaction(sequence, fact));
        Batch { journal: "j1".parse().unwrap(), interactions: interactions.collect() }
    }

    #[test]
    fn a_batch_is_read_back_from_the_device_that_sent_it_and_from_no_other() {
        let (tenant, device) = ("acme".parse().unwrap(), "kiosk-1".parse().unwrap());
        let payload = batch().encode(&tenant, &device);
        assert_eq!(Batch::decode(&payload, &tenant, &device).unwrap(), batch());
        let error = Batch::decode(&payload, &tenant, &"kiosk-2".parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "event 0: source is not what it should be");
    }

    #[test]
    fn an_event_carries_what_cloudevents_asks_for() {
        let payload = batch().encode(&"acme".parse().unwrap(), &"kiosk-1".parse().unwrap());
        let events: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        let event = &events[1];
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["id"], "j1/5");
        assert_eq!(event["source"], "touchpoint/acme/devices/kiosk-1");
        assert_eq!(event["type"], "touchpoint.ended.v1");
        assert_eq!(event["time"], "2026-11-21T09:30:00.250Z");
        assert_eq!(event["data"]["fact"]["ended"]["ending"]["answered"], "accept");
    }

    #[test]
    fn a_discarded_run_ends_where_it_says_and_nothing_else_stands_in_it() {
        let (tenant, device) = ("acme".parse().unwrap(), "kiosk-1".parse().unwrap());
        let decode = |facts: [(u64, Fact); 2]| {
            let interactions = facts.into_iter().map(|(sequence, fact)| interaction(sequence, fact)).collect();
            let batch = Batch { interactions, ..batch() };
            Batch::decode(&batch.encode(&tenant, &device), &tenant, &device)
        };
        let discarded = |through| Fact::Discarded { through };
        let taken = decode([(4, discarded(9)), (10, discarded(10))]).unwrap();
        assert_eq!(taken.interactions.iter().map(Interaction::through).collect::<Vec<_>>(), [9, 10]);
        for (facts, wrong) in [
            ([(4, discarded(9)), (9, discarded(10))], "event 1: sequence is not what it should be"),
            ([(4, discarded(3)), (9, discarded(10))], "event 0: through is not what it should be"),
            ([(4, discarded(4)), (9, discarded(u64::MAX))], "event 1: through is not what it should be"),
        ] {
            assert_eq!(decode(facts).unwrap_err().to_string(), wrong);
        }
    }

    #[test]
    fn a_batch_that_contradicts_itself_is_refused() {
        let (tenant, device) = ("acme".parse().unwrap(), "kiosk-1".parse().unwrap());
        let decode = |batch: &Batch| Batch::decode(&batch.encode(&tenant, &device), &tenant, &device);
        assert!(matches!(decode(&Batch { interactions: vec![], ..batch() }), Err(BatchError::Count(0))));
        let again = batch().interactions.into_iter().rev().collect();
        assert!(matches!(
            decode(&Batch { interactions: again, ..batch() }),
            Err(BatchError::Envelope { attribute: "sequence", .. })
        ));
        let many = vec![batch().interactions[0].clone(); 101];
        assert!(matches!(decode(&Batch { interactions: many, ..batch() }), Err(BatchError::Count(101))));
        assert!(Batch::decode(b"[[[[", &tenant, &device).is_err());
    }
}
