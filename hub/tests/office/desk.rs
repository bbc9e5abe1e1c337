//! What every test needs: a head office in a folder of its own, a campaign folder, and a device that speaks the wire's language.

use std::{future::Future, io::Cursor, path::Path, time::Duration};
use tempfile::TempDir;
use touchpoint_hub::{ImportError, Imported, Office, OnBadRows, init};
use touchpoint_link::{Connection, Endpoint, Limits, Message, Options, connect};
use touchpoint_protocol::{
    batch::Batch,
    campaign::AnswerKind,
    interaction::{ClockQuality, Ending, Fact, Interaction, Moment, Trigger},
    name::{DeviceId, ShardId, Tenant},
    signed::{Document, TrustedKeys, open},
    topic::{DeviceChannel, Topic},
    utc::Utc,
};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const HEADER: &str = "customer,card_number,loyalty_number,segments,language,marketing_consent,first_name\n";

pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    pub(crate) office: Office,
}

impl Desk {
    /// A head office nobody can reach.
    pub(crate) fn new() -> Desk {
        Desk::at(&"mqtt://127.0.0.1:1".parse().unwrap())
    }

    pub(crate) fn at(broker: &Endpoint) -> Desk {
        let folder = TempDir::new().unwrap();
        let office = init(folder.path(), &tenant(), broker).unwrap();
        Desk { folder, office }
    }

    pub(crate) async fn enrol(&self, device: &str) {
        let (all, shard) = ("all".parse().unwrap(), shard());
        let folder = self.folder.path().join("devices").join(device);
        self.office.enrol(&device.parse().unwrap(), &all, &shard, &folder).await.unwrap();
    }

    pub(crate) async fn import(&self, rows: &str, on_bad_rows: OnBadRows) -> Result<Imported, ImportError> {
        let text = format!("{HEADER}{rows}");
        self.office.import(&shard(), Path::new("customers.csv"), Cursor::new(text), on_bad_rows).await
    }

    pub(crate) fn trusted(&self) -> TrustedKeys {
        TrustedKeys::new(vec![self.office.public_key()])
    }
}

/// A connection that plays a device.
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) connection: Connection,
}

impl Device {
    pub(crate) async fn connect(broker: &Endpoint, id: &str) -> Device {
        let id: DeviceId = id.parse().unwrap();
        let subscriptions = vec![
            Topic::device(&tenant(), &id, DeviceChannel::Inbox).to_string(),
            Topic::shard_head(&tenant(), &shard()).to_string(),
            Topic::shard_deltas(&tenant(), &shard()).to_string(),
            Topic::group_campaigns(&tenant(), &"all".parse().unwrap()).to_string(),
        ];
        let options = Options {
            endpoint: broker.clone(),
            tls: None,
            client_id: id.to_string(),
            keep_alive: Duration::from_secs(30),
            last_will: None,
            subscriptions,
            limits: Limits::default(),
        };
        Device { connection: within(connect(&options)).await.unwrap(), id }
    }

    pub(crate) fn topic(&self, channel: DeviceChannel) -> String {
        Topic::device(&tenant(), &self.id, channel).to_string()
    }

    pub(crate) async fn say(&self, channel: DeviceChannel, payload: Vec<u8>) {
        within(self.connection.outgoing.publish(Message::new(self.topic(channel), payload))).await.unwrap();
    }

    /// Asks again until there is an answer: head office may not have subscribed yet.
    pub(crate) async fn ask(&self, payload: Vec<u8>) -> Message {
        let inbox = self.topic(DeviceChannel::Inbox);
        let message = Message::new(self.topic(DeviceChannel::Requests), payload).with_response_topic(inbox);
        let asking = async {
            loop {
                let patience = Duration::from_secs(2);
                if let Ok(answer) = self.connection.outgoing.ask(message.clone(), patience).await {
                    return answer;
                }
            }
        };
        within(asking).await
    }

    /// The next signed document on this topic.
    pub(crate) async fn hear<D: Document>(&mut self, topic: &str, trusted: &TrustedKeys) -> D {
        loop {
            let message = within(self.connection.incoming.next()).await.unwrap();
            if message.topic == topic {
                assert_eq!(message.content_type.as_deref(), Some("application/jose"));
                return open(&message.payload, trusted).unwrap();
            }
        }
    }
}

pub(crate) fn tenant() -> Tenant {
    "acme".parse().unwrap()
}

pub(crate) fn shard() -> ShardId {
    "all".parse().unwrap()
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it took too long")
}

pub(crate) fn batch(journal: &str, sequences: impl IntoIterator<Item = u64>) -> Batch {
    let interactions = sequences.into_iter().map(interaction).collect();
    Batch { journal: journal.parse().unwrap(), interactions }
}

/// A fact that only its sequence distinguishes from the others; odd ones are showings, even ones answers.
pub(crate) fn interaction(sequence: u64) -> Interaction {
    let campaign = "savings".parse().unwrap();
    let fact = match sequence % 2 {
        1 => Fact::Shown {
            campaign,
            variant: None,
            language: "en".parse().unwrap(),
            segment: None,
            trigger: Trigger::Arrival,
        },
        _ => Fact::Ended { campaign, variant: None, ending: Ending::Answered(AnswerKind::Accept), dwell_ms: 900 },
    };
    let at = Moment {
        utc: Utc::from_millis(1_795_253_400_000),
        boot: "b0".parse().unwrap(),
        since_boot_ms: sequence,
        clock: ClockQuality::Synchronised,
    };
    Interaction { sequence, visit: "v1".parse().unwrap(), at, customer: None, backfill: false, fact }
}

/// A small campaign folder without a problem; has a picture.
pub(crate) fn write_campaigns(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("bundle.toml"), BUNDLE).unwrap();
    std::fs::write(folder.join("savings.toml"), SAVINGS).unwrap();
    std::fs::write(folder.join("savings.png"), png()).unwrap();
}

fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[9, 8, 7, 6, 5, 4]).unwrap();
    bytes
}

pub(crate) const BUNDLE: &str = r##"fallback_language = "en"
[theme]
background = "#eef2f8"
surface = "#ffffff"
text = "#101010"
muted = "#606060"
outline = "#606060"
accent = "#0b5fff"
on_accent = "#ffffff"
[attract.en]
title = "Welcome"
body = "Please insert your card."
[thanks.en]
title = "Thank you"
body = "Please take your card."
"##;

pub(crate) const SAVINGS: &str = r#"id = "savings"
kind = "offer"
priority = 60
picture = "savings.png"
answers = ["accept", "decline", "opt_out"]
[audience]
customers = ["gold", "student"]
[text.en]
title = "More for your savings"
body = "Good day, {first-name|dear customer}."
answers = ["Yes, please", "No, thank you", "No more offers"]
"#;
