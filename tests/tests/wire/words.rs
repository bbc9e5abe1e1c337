//! What stands outside the documents: topics, content types, tokens, and references in QR codes.

use crate::frozen::{Fixture, every};
use data_encoding::HEXLOWER;
use touchpoint_protocol::{
    batch::Batch,
    card::{Card, CardKind},
    qr::reference,
    request::Reply,
    token::TokenKey,
    topic::{Channel, DeviceChannel, Topic},
};

/// The bytes 0 to 31: a key for nothing else.
const TOKEN_KEY: &str = "t1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub(crate) fn fixtures() -> Vec<Fixture> {
    topics().chain(filters()).chain(tokens()).chain([content_types(), references()]).collect()
}

fn device_channels() -> Vec<DeviceChannel> {
    every![
        DeviceChannel::Presence,
        DeviceChannel::Hello,
        DeviceChannel::Interactions,
        DeviceChannel::Requests,
        DeviceChannel::Health,
        DeviceChannel::Inbox,
    ]
}

fn topics() -> impl Iterator<Item = Fixture> {
    let device = || "kiosk-1".parse().unwrap();
    let mut channels = every! {
        Channel::Device(..) => Channel::Device(device(), DeviceChannel::Presence),
        Channel::ShardHead(_) => Channel::ShardHead("north".parse().unwrap()),
        Channel::ShardDeltas(_) => Channel::ShardDeltas("north".parse().unwrap()),
        Channel::ShardContacts(_) => Channel::ShardContacts("north".parse().unwrap()),
        Channel::GroupCampaigns(_) => Channel::GroupCampaigns("branch".parse().unwrap()),
    };
    channels.extend(device_channels().into_iter().skip(1).map(|channel| Channel::Device(device(), channel)));
    channels.into_iter().map(|channel| {
        let topic = Topic { tenant: "acme".parse().unwrap(), channel };
        let write = |topic: &Topic| lines([topic.to_string()]);
        let read = |bytes: &[u8]| Topic::parse(std::str::from_utf8(bytes).unwrap().trim_end());
        Fixture::new(format!("topic/{}.txt", level(&topic.to_string())), topic, write, read)
    })
}

/// The last level of a topic: no two of ours have the same.
fn level(topic: &str) -> &str {
    topic.rsplit('/').next().unwrap()
}

/// By which head office hears every device; a broker's access rules name the same topics.
fn filters() -> impl Iterator<Item = Fixture> {
    device_channels().into_iter().map(|channel| {
        let filter = |share| Topic::every_device(&"acme".parse().unwrap(), channel, share);
        text(&format!("filter/{}.txt", level(&filter(None))), [filter(None), filter(Some("hub"))])
    })
}

fn content_types() -> Fixture {
    let types = [("batch", Batch::CONTENT_TYPE), ("data", Reply::DATA), ("refusal", Reply::REFUSED)];
    text("content_types.txt", types.map(|(name, kind)| format!("{name} {kind}")))
}

/// Cards as head office reads them from a file and devices from a reader. A change here would orphan every customer of every device.
fn tokens() -> impl Iterator<Item = Fixture> {
    let key = TokenKey::parse(TOKEN_KEY).unwrap();
    let kinds = every![CardKind::Payment, CardKind::Loyalty, CardKind::Surrogate];
    kinds.into_iter().map(move |kind| {
        let (name, make, numbers): (_, fn(&str) -> _, &[&str]) = match kind {
            CardKind::Payment => {
                ("payment", Card::payment, &["4111111111111111", "5555 5555 5555 4444", "4012-8888-8888-1881"])
            }
            CardKind::Loyalty => ("loyalty", Card::loyalty, &["AB-1", "ab-2", "4111111111111111"]),
            CardKind::Surrogate => ("surrogate", Card::surrogate, &["b2c4~1", "B2C4~1"]),
        };
        let token = |number: &str| HEXLOWER.encode(key.token(make(number).unwrap()).as_bytes());
        text(&format!("token/{name}.txt"), numbers.iter().map(|number| format!("{number}\t{}", token(number))))
    })
}

fn references() -> Fixture {
    let campaign = "savings".parse().unwrap();
    let variant = "warm".parse().unwrap();
    let of = |salt, variant| reference(salt, &campaign, variant);
    text("references.txt", [of("", None), of("2026", None), of("2026", Some(&variant))])
}

/// Lines that are only ever written, by both ends the same.
fn text(file: &str, all: impl IntoIterator<Item = String>) -> Fixture {
    let read = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
    Fixture::new(file, String::from_utf8(lines(all)).unwrap(), |text: &String| text.clone().into_bytes(), read)
}

fn lines(all: impl IntoIterator<Item = String>) -> Vec<u8> {
    all.into_iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
}
