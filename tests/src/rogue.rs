//! Whoever stands where head office should: on a broker that lets everybody do everything, with any key one likes.
//!
//! It takes head office's own documents for a pattern, changes what it wants, signs, publishes, and answers requests with whatever it
//! was given.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fmt, fs,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::runtime::Runtime;
use touchpoint_link::{Connection, Incoming, Limits, Message, Options, Publisher, connect};
use touchpoint_protocol::{
    digest::{ContentRef, Digest},
    limits,
    request::Reply,
    signed::SigningKey,
};

use crate::{head_office::HeadOffice, mosquitto::Mosquitto, patience::eventually};

/// Where head office announces customers and campaigns, and where the device listens.
pub const SHARD_HEAD: &str = "touchpoint/v1/acme/shards/all/head";
/// See [`SHARD_HEAD`].
pub const DELTAS: &str = "touchpoint/v1/acme/shards/all/deltas";
/// See [`SHARD_HEAD`].
pub const CONTACTS: &str = "touchpoint/v1/acme/shards/all/contacts";
/// See [`SHARD_HEAD`].
pub const CAMPAIGNS: &str = "touchpoint/v1/acme/groups/all/campaigns";
/// See [`SHARD_HEAD`].
pub const INBOX: &str = "touchpoint/v1/acme/devices/kiosk-1/inbox";

/// What devices ask for when they do not know somebody, and the key under which an answer is given.
const CUSTOMER: &str = "customer";

/// What devices ask.
const REQUESTS: &str = "touchpoint/v1/acme/devices/+/requests";

/// A key and its name.
pub struct Signer {
    /// The name documents give.
    pub id: String,
    pair: Ed25519KeyPair,
}

/// What is given for a request: content type and bytes.
type Given = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// A connection to the broker that tells lies.
pub struct Rogue {
    runtime: Runtime,
    publisher: Publisher,
    given: Given,
    endpoint: String,
    /// Head office's head of the shard, as it last announced it.
    pub shard_head: Value,
    /// Head office's head of the group.
    pub group_head: Value,
}

impl Signer {
    /// Head office's own key, stolen.
    pub fn stolen(office: &HeadOffice) -> Signer {
        let text = fs::read_to_string(office.folder.join("keys/signing.key")).unwrap();
        let (id, hex) = text.trim().split_once(':').unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(&HEXLOWER.decode(hex.as_bytes()).unwrap()).unwrap();
        Signer { id: id.to_owned(), pair }
    }

    /// A new key that calls itself so.
    pub fn invented(id: &str) -> Signer {
        let pair = Ed25519KeyPair::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
        Signer { id: id.to_owned(), pair }
    }

    /// A document of this type, as head office signs it.
    pub fn signs(&self, kind: &str, payload: &Value) -> Vec<u8> {
        self.signs_text(kind, &payload.to_string())
    }

    /// The same, of any text.
    pub fn signs_text(&self, kind: &str, payload: &str) -> Vec<u8> {
        self.signs_under(&json!({ "alg": "EdDSA", "kid": self.id, "typ": kind }), payload)
    }

    /// The same, under any header.
    pub fn signs_under(&self, header: &Value, payload: &str) -> Vec<u8> {
        let signed = signing_input(header, payload);
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref())).into_bytes()
    }

    /// The oldest trick: the public key, which everybody has, as the secret of a keyed hash.
    pub fn hashes_under(&self, header: &Value, payload: &str) -> Vec<u8> {
        let signed = signing_input(header, payload);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.pair.public_key().as_ref());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(hmac::sign(&key, signed.as_bytes()).as_ref())).into_bytes()
    }
}

/// Header and payload of a document without its signature.
pub fn signing_input(header: &Value, payload: &str) -> String {
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    format!("{}.{}", encode(&header.to_string()), encode(payload))
}

impl Rogue {
    /// Takes the place of a head office that has gone. Its heads are still with the broker.
    pub fn appears(broker: &Mosquitto) -> Rogue {
        let runtime = Runtime::new().unwrap();
        let options = options(broker.endpoint(), "rogue", &[REQUESTS, SHARD_HEAD, CAMPAIGNS]);
        let Connection { outgoing: publisher, incoming } = runtime.block_on(connect(&options)).unwrap();
        let (given, heads) = (Given::default(), Arc::<Mutex<HashMap<String, Value>>>::default());
        runtime.spawn(listen(incoming, publisher.clone(), Arc::clone(&given), Arc::clone(&heads)));
        let head = |topic: &str| eventually(topic, || heads.lock().unwrap().get(topic).cloned().ok_or(String::new()));
        let (shard_head, group_head) = (head(SHARD_HEAD), head(CAMPAIGNS));
        Rogue { runtime, publisher, given, endpoint: broker.endpoint().to_owned(), shard_head, group_head }
    }

    /// Says something.
    pub fn says(&self, message: Message) {
        self.runtime.block_on(self.publisher.publish(message)).unwrap();
    }

    /// Throws the device off the line by connecting under its name, and is gone again.
    pub fn takes_the_place_of(&self, device: &str) {
        self.runtime.block_on(async {
            let Connection { outgoing, incoming } = connect(&options(&self.endpoint, device, &[])).await.unwrap();
            outgoing.disconnect().await;
            drop(incoming);
        });
    }

    /// A head for an epoch of these blocks, which are given when they are asked for.
    pub fn snapshot(&self, epoch: u64, blocks: &[(Vec<u8>, u32)]) -> Value {
        for (number, (bytes, _)) in blocks.iter().enumerate() {
            self.gives_block(epoch, number, bytes.clone());
        }
        let listed =
            blocks.iter().map(|(bytes, rows)| json!({ "sha256": Digest::of(bytes).to_string(), "rows": rows }));
        let rows: u32 = blocks.iter().map(|(_, rows)| rows).sum();
        with(&self.shard_head, json!({ "epoch": epoch, "rows": rows, "blocks": listed.collect::<Vec<_>>() }))
    }

    /// A head for a revision of this bundle and these media, which are given when they are asked for.
    pub fn publication(&self, revision: u64, bundle: &[u8], media: &[Vec<u8>]) -> Value {
        let contents = media.iter().map(Vec::as_slice).chain([bundle]);
        let mut listed: Vec<Value> = contents.map(|bytes| self.gives_content(bytes)).collect();
        let bundle = listed.pop().expect("the bundle");
        with(&self.group_head, json!({ "revision": revision, "bundle": bundle, "media": listed }))
    }

    /// Gives this whenever that block is asked for.
    pub fn gives_block(&self, epoch: u64, number: usize, bytes: Vec<u8>) {
        self.given.lock().unwrap().insert(format!("{epoch}/{number}"), bytes);
    }

    /// Gives this whenever the delta that leads on from there is asked for.
    pub fn gives_delta(&self, epoch: u64, from: u64, bytes: Vec<u8>) {
        self.given.lock().unwrap().insert(format!("delta {epoch}/{from}"), bytes);
    }

    /// Gives this whenever one customer is asked for.
    pub fn gives_customer(&self, bytes: Vec<u8>) {
        self.given.lock().unwrap().insert(CUSTOMER.to_owned(), bytes);
    }

    /// Gives this whenever the contacts after this position are asked for.
    pub fn gives_contacts(&self, after: u64, bytes: Vec<u8>) {
        self.given.lock().unwrap().insert(format!("contacts {after}"), bytes);
    }

    /// Gives this under another content's digest.
    pub fn gives_instead(&self, content: &[u8], block: usize, bytes: Vec<u8>) {
        self.given.lock().unwrap().insert(format!("{}/{block}", Digest::of(content)), bytes);
    }

    fn gives_content(&self, bytes: &[u8]) -> Value {
        for (block, part) in bytes.chunks(limits::BLOCK).enumerate() {
            self.gives_instead(bytes, block, part.to_vec());
        }
        serde_json::to_value(ContentRef::of(bytes).unwrap()).unwrap()
    }
}

impl fmt::Debug for Rogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rogue({})", self.endpoint)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, ..)", self.id)
    }
}

/// The same document with other values.
pub fn with(document: &Value, changes: Value) -> Value {
    let mut changed = document.clone();
    changed.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    changed
}

/// A block that claims to be zstd (RFC 8878): a window of this power of two, and raw or repeated bytes.
pub fn frame(window_log: u8, raw: &[u8], repeated: u32) -> Vec<u8> {
    // Magic number, a descriptor that announces neither size nor checksum, the window.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (window_log - 10) << 3];
    let mut block = |kind: u32, size: u32, last: bool, content: &[u8]| {
        frame.extend_from_slice(&(size << 3 | kind << 1 | u32::from(last)).to_le_bytes()[..3]);
        frame.extend_from_slice(content);
    };
    const MOST: u32 = 128 * 1024;
    for _ in 0..repeated / MOST {
        block(1, MOST, false, &[0]);
    }
    block(0, u32::try_from(raw.len()).unwrap(), true, raw);
    frame
}

fn options(endpoint: &str, client_id: &str, subscriptions: &[&str]) -> Options {
    Options {
        endpoint: endpoint.parse().unwrap(),
        tls: None,
        client_id: client_id.to_owned(),
        keep_alive: Duration::from_secs(30),
        last_will: None,
        subscriptions: subscriptions.iter().map(|&filter| filter.to_owned()).collect(),
        limits: Limits { max_out: 4 * limits::PACKET_IN, ..Limits::default() },
    }
}

/// Keeps the heads that the broker had, and answers requests with what is given for them.
async fn listen(mut incoming: Incoming, publisher: Publisher, given: Given, heads: Arc<Mutex<HashMap<String, Value>>>) {
    while let Ok(message) = incoming.next().await {
        if message.topic == SHARD_HEAD || message.topic == CAMPAIGNS {
            // What it says itself comes back to it, and some of that is nothing.
            if let Some(head) = payload(&message.payload) {
                heads.lock().unwrap().entry(message.topic).or_insert(head);
            }
            continue;
        }
        let request: Value = serde_json::from_slice(&message.payload).unwrap();
        let [rows, delta, contacts, customer, content] =
            ["rows", "delta", "contacts", CUSTOMER, "content"].map(|kind| request.get(kind).unwrap_or(&Value::Null));
        let wanted = match (rows, delta, contacts, customer) {
            (Value::Object(_), ..) => format!("{}/{}", rows["epoch"], rows["block"]),
            (_, Value::Object(_), ..) => format!("delta {}/{}", delta["epoch"], delta["from"]),
            (_, _, Value::Object(_), _) => format!("contacts {}", contacts["from"]),
            (.., Value::Object(_)) => CUSTOMER.to_owned(),
            _ => format!("{}/{}", content["sha256"].as_str().unwrap(), content["block"]),
        };
        let found = given.lock().unwrap().get(&wanted).cloned();
        let answer = match found {
            Some(bytes) => message.answer(bytes).unwrap().with_content_type(Reply::DATA),
            None => message.answer("\"unknown\"").unwrap().with_content_type(Reply::REFUSED),
        };
        if publisher.publish(answer).await.is_err() {
            return;
        }
    }
}

/// What a signed document says.
fn payload(compact: &[u8]) -> Option<Value> {
    let payload = str::from_utf8(compact).ok()?.split('.').nth(1)?;
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
}
