//! What head office says of customers, and that something is safe with it.

use crate::{
    frozen::{Fixture, every, word},
    up::{MOMENT, answers},
};
use std::collections::BTreeMap;
use touchpoint_protocol::{
    block::{Packer, Row, Rows, UnpackError},
    campaign::AnswerKind,
    confirmation::Confirmation,
    consent::{Channel, Consent, Status},
    contact::{Contact, ContactKind, InteractionId},
    contacts::{ContactPage, Entry},
    customer::{CustomerId, Profile},
    delta::Delta,
    digest::{ContentRef, Digest},
    found::FoundCustomer,
    group::GroupHead,
    name::{DeviceId, JournalId, ShardId, Tenant},
    shard::{BlockRef, ShardHead},
    token::Token,
    utc::Utc,
};

pub(crate) fn fixtures() -> Vec<Fixture> {
    let profiles = profiles().map(|(name, profile)| (name.to_owned(), profile)).into_iter().chain(consents());
    let mut all: Vec<Fixture> = profiles.map(|(name, profile)| frozen_profile(&name, profile)).collect();
    all.extend(contacts());
    let (rows, entries) = (rows(), entries());
    all.extend(deltas(&rows));
    all.extend(pages(&entries));
    all.extend([rows, entries]);
    all.extend(heads());
    all.extend([found(), confirmation()]);
    all
}

fn tenant() -> Tenant {
    "acme".parse().unwrap()
}

fn shard() -> ShardId {
    "north".parse().unwrap()
}

fn device() -> DeviceId {
    "kiosk-1".parse().unwrap()
}

fn journal() -> JournalId {
    "3f2a".parse().unwrap()
}

/// Nothing is known of one customer, and everything of the other.
fn profiles() -> [(&'static str, Profile); 2] {
    let everything = Profile {
        segments: vec!["gold".parse().unwrap(), "student".parse().unwrap()],
        language: Some("pt-br".parse().unwrap()),
        marketing: consent(Status::Given, Channel::Screen),
        attributes: BTreeMap::from([("first-name".parse().unwrap(), "Zoë".to_owned())]),
        purposes: BTreeMap::from([("profiling".parse().unwrap(), Status::Refused.into())]),
        scores: BTreeMap::from([("churn".parse().unwrap(), 70), ("margin".parse().unwrap(), -250)]),
    };
    [("nothing", Profile::default()), ("everything", everything)]
}

fn consent(status: Status, channel: Channel) -> Consent {
    let at = Some(Utc::from_millis(MOMENT / 1000 * 1000));
    Consent { status, channel, source: Some("branch-12".parse().unwrap()), at }
}

/// Each status, bare and told, and each channel.
fn consents() -> impl Iterator<Item = (String, Profile)> {
    let statuses = every![Status::Unknown, Status::Given, Status::Refused].into_iter().flat_map(|status| {
        let name = word(&status);
        [(format!("consent_{name}"), status.into()), (format!("consent_{name}_told"), consent(status, Channel::All))]
    });
    let channels = every![Channel::All, Channel::Screen, Channel::Elsewhere].into_iter();
    let channels = channels.map(|channel| (format!("consent_at_{}", word(&channel)), consent(Status::Given, channel)));
    let marketing = |(name, marketing)| (name, Profile { marketing, ..Profile::default() });
    statuses.chain(channels).map(marketing)
}

fn frozen_profile(name: &str, profile: Profile) -> Fixture {
    Fixture::new(format!("profile/{name}.cbor"), profile, Profile::to_cbor, Profile::from_cbor)
}

/// A row as a block was read to hold it.
type Held = (Token, CustomerId, Profile);

/// A block of a snapshot.
fn rows() -> Fixture {
    let rows = profiles().into_iter().zip(0..);
    let rows = rows.map(|((_, profile), at)| {
        (Token::from_bytes([at; 16]), CustomerId::try_from(i64::from(at) * 1_000_000).unwrap(), profile)
    });
    let write = |rows: &Vec<Held>| {
        let mut packer = Packer::default();
        for (token, customer, profile) in rows {
            let profile = profile.to_cbor();
            packer.push(Row { token: *token, customer: *customer, profile: &profile }).unwrap();
        }
        packer.finish().unwrap().remove(0).bytes
    };
    let read = |bytes: &[u8]| {
        let rows = Rows::decompress(bytes)?;
        let rows = rows.iter().map(|row| (row.token, row.customer, Profile::from_cbor(row.profile).unwrap()));
        Ok::<_, UnpackError>(rows.collect())
    };
    Fixture::new("rows/block.cbor.zst", rows.collect::<Vec<Held>>(), write, read).compressed()
}

/// One with everything in it, and one that only leads on. The rows are the frozen ones, so that the bytes are always the same.
fn deltas(rows: &Fixture) -> [Fixture; 2] {
    let everything = Delta {
        tenant: tenant(),
        shard: shard(),
        epoch: 3,
        from: 16,
        to: 17,
        upserts: rows.frozen(),
        erased: vec![Token::from_bytes([0xf0; 16]), Token::from_bytes([0xff; 16])],
    };
    let least = Delta { upserts: Vec::new(), erased: Vec::new(), ..everything.clone() };
    [Fixture::signed("delta/everything.jws", everything), Fixture::signed("delta/least.jws", least)]
}

fn contact(what: ContactKind) -> Entry {
    Entry::Contact(Contact {
        id: InteractionId { journal: journal(), sequence: 4_711 },
        customer: 1_234_567.try_into().unwrap(),
        campaign: "savings".parse().unwrap(),
        at: Utc::from_millis(MOMENT),
        what,
    })
}

/// Every entry of a contact log, by itself.
fn contacts() -> impl Iterator<Item = Fixture> {
    let kinds = every! {
        ContactKind::Answered(_) => ContactKind::Answered(AnswerKind::Accept),
        ContactKind::Shown => ContactKind::Shown,
    };
    let shown = kinds.into_iter().skip(1).map(|what| ("shown".to_owned(), what));
    let answered = answers().into_iter().map(|answer| (word(&answer), ContactKind::Answered(answer)));
    let contacts = shown.chain(answered).map(|(name, what)| (name, contact(what)));
    let entries = contacts.chain([("erased".to_owned(), Entry::Erased(7_654_321.try_into().unwrap()))]);
    entries.map(|(name, entry)| {
        Fixture::new(format!("contacts/entry_{name}.cbor"), entry, Entry::to_cbor, Entry::from_cbor)
    })
}

/// Entries in the frame of a page.
fn entries() -> Fixture {
    let entries = every! {
        Entry::Contact(_) => contact(ContactKind::Shown),
        Entry::Erased(_) => Entry::Erased(7_654_321.try_into().unwrap()),
    };
    let write = |entries: &Vec<Entry>| {
        let placed: Vec<(u64, Entry)> = (1..).zip(entries.iter().cloned()).collect();
        ContactPage::pack(tenant(), shard(), 0, &placed, placed.len() as u64).unwrap().entries
    };
    let read = |bytes: &[u8]| page(0, 100, bytes.to_vec()).entries();
    Fixture::new("contacts/entries.cbor.zst", entries, write, read).compressed()
}

fn pages(entries: &Fixture) -> [Fixture; 2] {
    [
        Fixture::signed("contacts/everything.jws", page(39_000, 39_008, entries.frozen())),
        Fixture::signed("contacts/least.jws", page(39_008, 39_008, Vec::new())),
    ]
}

fn page(from: u64, to: u64, entries: Vec<u8>) -> ContactPage {
    ContactPage { tenant: tenant(), shard: shard(), from, to, entries }
}

fn heads() -> [Fixture; 4] {
    let block = |of: &[u8], rows| BlockRef { sha256: Digest::of(of), rows };
    let shard_head = ShardHead {
        tenant: tenant(),
        shard: shard(),
        epoch: 3,
        revision: 17,
        token_key: "t1".parse().unwrap(),
        rows: 1_500,
        blocks: vec![block(b"the first block", 1_000), block(b"the last block", 500)],
    };
    let no_rows = ShardHead { epoch: 1, revision: 0, rows: 0, blocks: Vec::new(), ..shard_head.clone() };
    let content = |bytes: &[u8]| ContentRef::of(bytes).unwrap();
    let group_head = GroupHead {
        tenant: tenant(),
        group: "branch".parse().unwrap(),
        revision: 12,
        bundle: content(b"a bundle"),
        media: vec![content(b"a picture"), content(b"another picture")],
    };
    let no_media = GroupHead { revision: 1, media: Vec::new(), ..group_head.clone() };
    [
        Fixture::signed("shard_head/everything.jws", shard_head),
        Fixture::signed("shard_head/least.jws", no_rows),
        Fixture::signed("group_head/everything.jws", group_head),
        Fixture::signed("group_head/least.jws", no_media),
    ]
}

fn found() -> Fixture {
    let [_, (_, profile)] = profiles();
    let found = FoundCustomer {
        tenant: tenant(),
        device: device(),
        token: Token::from_bytes([7; 16]),
        customer: 1_234_567.try_into().unwrap(),
        profile: profile.to_cbor(),
        at: Utc::from_millis(MOMENT),
    };
    Fixture::signed("customer/found.jws", found)
}

fn confirmation() -> Fixture {
    let confirmation = Confirmation { tenant: tenant(), device: device(), journal: journal(), through: 4_711 };
    Fixture::signed("confirmation/through.jws", confirmation)
}
