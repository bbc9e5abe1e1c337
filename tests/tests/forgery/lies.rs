//! The lies: where each is told, what it is, how it is made, and what its refusal must name.

use crate::{Lie, Subject::*, rows};
use data_encoding::BASE64;
use serde_json::json;
use touchpoint_protocol::{
    campaign::Campaign, confirmation::Confirmation, contacts::ContactPage, delta::Delta, digest::Digest,
    group::GroupHead, limits, shard::ShardHead, signed::Document,
};
use touchpoint_tests::rogue::{Signer, frame, signing_input, with};

/// JSON that nests deeper than any stack.
fn deep() -> String {
    "[".repeat(100_000)
}

/// What is wrong with the signature.
pub(crate) const UNSIGNED: &[Lie] = &[
    (Customers, "no signature", |at| at.good().to_string().into_bytes(), "is not a signed document"),
    (Customers, "nothing", |_| Vec::new(), "is not a signed document"),
    (Customers, "no text", |_| vec![0xff; 1000], "is not a signed document"),
    (Customers, "a key nobody knows", |at| Signer::invented("x").signs(ShardHead::TYPE, &at.good()), "does not trust"),
    (
        Customers,
        "another key of the same name",
        |at| Signer::invented(&at.key.id).signs(ShardHead::TYPE, &at.good()),
        "is wrong",
    ),
    (Customers, "another type", |at| at.key.signs(GroupHead::TYPE, &at.good()), "does not say EdDSA"),
    (
        Customers,
        "no algorithm",
        |at| {
            format!("{}.", signing_input(&with(&at.header(), json!({ "alg": "none" })), &at.good().to_string())).into()
        },
        "does not say EdDSA",
    ),
    (
        Customers,
        "no algorithm, signed all the same",
        |at| at.key.signs_under(&with(&at.header(), json!({ "alg": "none" })), &at.good().to_string()),
        "does not say EdDSA",
    ),
    (
        Customers,
        "the public key as a secret",
        |at| at.key.hashes_under(&with(&at.header(), json!({ "alg": "HS256" })), &at.good().to_string()),
        "does not say EdDSA",
    ),
    (
        Customers,
        "the public key as a secret, under the right header",
        |at| at.key.hashes_under(&at.header(), &at.good().to_string()),
        "is wrong",
    ),
    (
        Customers,
        "a key in the header",
        |at| at.key.signs_under(&with(&at.header(), json!({ "jwk": {} })), &at.good().to_string()),
        "does not say EdDSA",
    ),
    (
        Customers,
        "another document under the signature",
        |at| {
            let [good, other] = [at.good(), with(&at.good(), json!({ "epoch": 99 }))].map(|head| at.shard_head(&head));
            let [good, other] = [good, other].map(|text| String::from_utf8(text).unwrap());
            let (signed, (_, signature)) = (other.rsplit_once('.').unwrap().0, good.rsplit_once('.').unwrap());
            format!("{signed}.{signature}").into_bytes()
        },
        "is wrong",
    ),
    (Customers, "four parts", |at| [&at.head(json!({}))[..], b".x"].concat(), "is not a signed document"),
    (
        Customers,
        "a document cut short",
        |at| {
            let mut head = at.head(json!({}));
            head.truncate(head.len() - 2);
            head
        },
        "is wrong",
    ),
    (Customers, "a document too large", |_| vec![b'.'; limits::SIGNED + 1], "over 262144"),
    (Campaigns, "no signature", |at| at.rogue.group_head.to_string().into_bytes(), "is not a signed document"),
    (Delivery, "no signature", |_| b"{}".to_vec(), "is not a signed document"),
    (
        Delivery,
        "another key of the same name",
        |at| Signer::invented(&at.key.id).signs(Confirmation::TYPE, &json!({})),
        "is wrong",
    ),
];

/// Signed with head office's key, and not for this device, or not now.
pub(crate) const OUT_OF_PLACE: &[Lie] = &[
    (Customers, "another tenant's", |at| at.head(json!({ "tenant": "other" })), "it is for shard all of other"),
    (Customers, "another shard's", |at| at.head(json!({ "shard": "north" })), "it is for shard north of acme"),
    (Customers, "another token key", |at| at.head(json!({ "token_key": "t9" })), "t9"),
    (
        Campaigns,
        "another group's",
        |at| at.group_head(&with(&at.rogue.group_head, json!({ "revision": at.revision + 1, "group": "lobby" }))),
        "it is for group lobby of acme",
    ),
    (Delivery, "another device's", |at| at.confirmation(json!({ "device": "kiosk-2" })), "of device kiosk-2"),
    (Delivery, "another journal's", |at| at.confirmation(json!({ "journal": "j" })), "is for journal j"),
    (Delivery, "another tenant's", |at| at.confirmation(json!({ "tenant": "other" })), "of other"),
    (Delivery, "no number", |at| at.confirmation(json!({ "through": u64::MAX })), "is no sequence number"),
    (Delivery, "a head", |at| at.head(json!({})), "does not say EdDSA"),
];

/// Signed with head office's key, and not what a head is.
pub(crate) const MALFORMED: &[Lie] = &[
    (
        Customers,
        "json as deep as it gets",
        |at| at.key.signs_text(ShardHead::TYPE, &deep()),
        "not the json it should be",
    ),
    (Customers, "more than there should be", |at| at.head(json!({ "more": 1 })), "not the json it should be"),
    (Customers, "a row too many", |at| at.head(json!({ "rows": 3 })), "rows: 3 announced, 2 in the blocks"),
    (
        Customers,
        "too many blocks",
        |at| {
            let block = json!({ "sha256": Digest::of(b"").to_string(), "rows": 0 });
            at.head(json!({ "rows": 0, "blocks": vec![block; limits::BLOCKS + 1] }))
        },
        "blocks: 2001 of them",
    ),
    (
        Campaigns,
        "a bundle too large",
        |at| {
            let bundle = json!({ "sha256": Digest::of(b"").to_string(), "size": limits::BUNDLE + 1 });
            at.group_head(&with(&at.rogue.group_head, json!({ "revision": at.revision + 1, "bundle": bundle })))
        },
        "bundle: 4194305 bytes",
    ),
    (
        Campaigns,
        "a picture too large",
        |at| {
            let media = [json!({ "sha256": Digest::of(b"").to_string(), "size": limits::PICTURE + 1 })];
            at.group_head(&with(&at.rogue.group_head, json!({ "revision": at.revision + 1, "media": media })))
        },
        "2097153 bytes",
    ),
];

/// What changed, and did not: published, and given to a device that asks.
pub(crate) const DELTAS: &[Lie] = &[
    (Changes, "no signature", |at| at.plain_delta(json!({})).to_string().into(), "is not a signed document"),
    (
        Changes,
        "another key of the same name",
        |at| Signer::invented(&at.key.id).signs(Delta::TYPE, &at.plain_delta(json!({}))),
        "is wrong",
    ),
    (Changes, "a head", |at| at.head(json!({})), "does not say EdDSA"),
    (Changes, "another tenant's", |at| at.delta(json!({ "tenant": "other" })), "it is for shard all of other"),
    (Changes, "another shard's", |at| at.delta(json!({ "shard": "north" })), "it is for shard north of acme"),
    (Changes, "the way back", |at| at.delta(json!({ "to": 0 })), "to: 0 does not follow 1"),
    (Changes, "no revision", |at| at.delta(json!({ "to": u64::MAX })), "does not follow 1"),
    (Changes, "rows that are none", |at| at.delta(json!({ "upserts": BASE64.encode(b"not zstd") })), "upserts: "),
    (
        Changes,
        "a bomb",
        |at| {
            let bomb = frame(22, &[], limits::BLOCK_DECODED as u32 + 131_072);
            at.delta(json!({ "upserts": BASE64.encode(&bomb) }))
        },
        "grows beyond",
    ),
    (
        Changes,
        "cbor as deep as it gets",
        |at| {
            let deep = row(&[&[1][..], &[0x81; 100_000]].concat());
            at.delta(json!({ "upserts": BASE64.encode(&deep) }))
        },
        "is no row",
    ),
    (Changes, "half a token", |at| at.delta(json!({ "erased": BASE64.encode(&[7; 24]) })), "not the json it should be"),
    (
        Changes,
        "tokens out of order",
        |at| {
            let tokens = BASE64.encode(&[[8; 16], [7; 16]].concat());
            at.delta(json!({ "erased": tokens }))
        },
        "erased: not sorted",
    ),
    (
        Changes,
        "too many changes",
        |at| {
            let tokens: Vec<u8> = (0..=limits::DELTA as u128).flat_map(u128::to_be_bytes).collect();
            at.delta(json!({ "erased": BASE64.encode(&tokens) }))
        },
        "over",
    ),
    (
        Pulled,
        "a pulled delta without signature",
        |at| {
            let delta = at.plain_delta(json!({})).to_string().into();
            at.pulled(delta)
        },
        "is not a signed document",
    ),
    (
        Pulled,
        "another delta than was asked for",
        |at| at.pulled(at.delta(json!({ "from": 0 }))),
        "is not what head office signed for",
    ),
    (
        Pulled,
        "another epoch's delta than was asked for",
        |at| at.pulled(at.delta(json!({ "epoch": at.epoch + 1 }))),
        "is not what head office signed for",
    ),
    (Pulled, "no delta", |at| at.pulled(b"".to_vec()), "is not a signed document"),
];

/// What was said to customers, and was not: published, and given to a device that asks.
pub(crate) const CONTACTS: &[Lie] = &[
    (Said, "no signature", |at| at.plain_page(json!({})).to_string().into(), "is not a signed document"),
    (
        Said,
        "another key of the same name",
        |at| Signer::invented(&at.key.id).signs(ContactPage::TYPE, &at.plain_page(json!({}))),
        "is wrong",
    ),
    (Said, "a delta", |at| at.delta(json!({})), "does not say EdDSA"),
    (Said, "another tenant's", |at| at.page(json!({ "tenant": "other" })), "it is for shard all of other"),
    (Said, "another shard's", |at| at.page(json!({ "shard": "north" })), "it is for shard north of acme"),
    (Said, "the way back", |at| at.page(json!({ "to": at.position })), "does not follow"),
    (Said, "no position", |at| at.page(json!({ "to": u64::MAX })), "is no position"),
    (Said, "entries that are none", |at| at.page(json!({ "entries": BASE64.encode(b"not zstd") })), "entries: "),
    (
        Said,
        "a bomb",
        |at| {
            let bomb = frame(22, &[], limits::BLOCK_DECODED as u32 + 131_072);
            at.page(json!({ "entries": BASE64.encode(&bomb) }))
        },
        "grows beyond",
    ),
    (
        Said,
        "a customer below zero",
        |at| at.page(json!({ "entries": BASE64.encode(&frame(20, &[0x81, 0x20], 0)) })),
        "entries: ",
    ),
    (
        Said,
        "too many entries",
        |at| {
            let entries = frame(20, &[0x81, 1].repeat(limits::CONTACTS + 1), 0);
            at.page(json!({ "entries": BASE64.encode(&entries) }))
        },
        "1001 entries",
    ),
    (
        Said,
        "a gap, and an answer without signature",
        |at| {
            let page = at.plain_page(json!({})).to_string().into();
            at.gap(page)
        },
        "is not a signed document",
    ),
    (
        Said,
        "a gap, and another page than was asked for",
        |at| at.gap(at.page(json!({ "from": at.position + 3, "to": at.position + 5 }))),
        "is not what head office signed for",
    ),
    (
        Said,
        "a gap, and another shard's page",
        |at| at.gap(at.page(json!({ "shard": "north" }))),
        "is not what head office signed for",
    ),
];

/// A good head, and bad blocks behind it: what a compromised head office, or a broker alone, gives when it is asked.
pub(crate) const BLOCKS: &[Lie] = &[
    (
        Customers,
        "a block in another's place",
        |at| {
            let (one, two) = (rows(&[7]), rows(&[8]));
            let head = at.shard_head(&at.rogue.snapshot(at.epoch + 1, &[one.clone(), two]));
            at.rogue.gives_block(at.epoch + 1, 1, one.0);
            head
        },
        "is not what head office signed for",
    ),
    (
        Customers,
        "a block cut short",
        |at| at.instead(|block| block[..block.len() - 1].to_vec()),
        "is not what head office signed for",
    ),
    (
        Customers,
        "a block with one bit turned",
        |at| {
            at.instead(|mut block| {
                block[20] ^= 1;
                block
            })
        },
        "is not what head office signed for",
    ),
    (Customers, "a block too large", |at| at.instead(|_| vec![0; limits::BLOCK + 1]), "a reply of 131073 bytes"),
    (Customers, "no block", |at| at.head(json!({ "epoch": at.epoch + 3 })), "head office does not give block 0"),
    (Customers, "a block that is none", |at| at.block(b"not zstd".to_vec(), 1), "cannot be decompressed"),
    (
        Customers,
        "a block signed as it was cut short",
        |at| {
            let (block, count) = rows(&[7, 8]);
            at.block(block[..block.len() - 1].to_vec(), count)
        },
        "cannot be decompressed",
    ),
    (
        Customers,
        "a block with something behind it",
        |at| at.block([rows(&[7]).0, b"x".to_vec()].concat(), 1),
        "more than one frame",
    ),
    (Customers, "a bomb", |at| at.block(frame(22, &[], limits::BLOCK_DECODED as u32 + 131_072), 1), "grows beyond"),
    (Customers, "a window of half a gigabyte", |at| at.block(frame(29, &[0], 0), 1), "cannot be decompressed"),
    (Customers, "cbor as deep as it gets", |at| at.block(row(&[&[1][..], &[0x81; 100_000]].concat()), 1), "is no row"),
    (
        Customers,
        "a token of eight exabytes",
        |at| at.block(frame(20, &[0x83, 0x5b, 0x7f, 255, 255, 255, 255, 255, 255, 255], 0), 1),
        "is no row",
    ),
    (Customers, "four billion segments", |at| at.block(row(&[1, 0x86, 0x9a, 255, 255, 255, 255]), 1), "is no row"),
    (
        Customers,
        "a customer below zero",
        |at| at.block(row(&[0x20, 0x86, 0x80, 0xf6, 0, 0xa0, 0xa0, 0xa0]), 1),
        "is no row",
    ),
    (
        Customers,
        "a token twice",
        |at| {
            at.block(
                frame(
                    20,
                    &[0x83, 0x50]
                        .iter()
                        .chain(&[7; 16])
                        .chain(&[1, 0x86, 0x80, 0xf6, 0, 0xa0, 0xa0, 0xa0])
                        .copied()
                        .collect::<Vec<_>>()
                        .repeat(2),
                    0,
                ),
                2,
            )
        },
        "not sorted by token",
    ),
    (
        Customers,
        "a token in two blocks",
        |at| at.shard_head(&at.rogue.snapshot(at.epoch + 1, &[rows(&[7, 8]), rows(&[8, 9])])),
        "cannot write a block",
    ),
    (Customers, "fewer rows than were announced", |at| at.block(rows(&[7, 8]).0, 3), "rows"),
    (Customers, "more rows than were announced", |at| at.block(rows(&[7, 8]).0, 1), "rows"),
];

/// A good head, and a bad bundle or picture behind it.
pub(crate) const BUNDLES: &[Lie] = &[
    (
        Campaigns,
        "a bundle with one letter changed",
        |at| {
            let bundle = at.bundle.encode();
            let head = at.bundle(&bundle, &[]);
            at.rogue.gives_instead(&bundle, 0, String::from_utf8(bundle.clone()).unwrap().replacen('e', "a", 1).into());
            head
        },
        "is not what head office signed for",
    ),
    (Campaigns, "a bundle that is none", |at| at.bundle(b"not json", &[]), "not the json it should be"),
    (Campaigns, "json as deep as it gets", |at| at.bundle(deep().as_bytes(), &[]), "not the json it should be"),
    (
        Campaigns,
        "two campaigns of one name",
        |at| at.changed(|bundle| bundle.campaigns.push(bundle.campaigns[0].clone())),
        "two campaigns are called",
    ),
    (
        Campaigns,
        "too many campaigns",
        |at| {
            at.changed(|bundle| {
                let first = bundle.campaigns[0].clone();
                let more = (0..=limits::CAMPAIGNS).map(|n| format!("c-{n}").parse().unwrap());
                bundle.campaigns = more.map(|id| Campaign { id, ..first.clone() }).collect();
            })
        },
        "the bundle has 501 campaigns",
    ),
    (
        Campaigns,
        "a title too long for the screen",
        |at| {
            at.changed(|bundle| {
                let text = bundle.campaigns[0].texts.values_mut().next().unwrap();
                text.title = "x".repeat(limits::TITLE + 1);
            })
        },
        "campaign",
    ),
    (
        Campaigns,
        "a picture that is not there",
        |at| at.changed(|bundle| bundle.campaigns[0].picture = Some(Digest::of(b"nowhere"))),
        "which is not there",
    ),
    (Campaigns, "a picture that is none", |at| at.picture(b"not a picture".to_vec()), "not a readable PNG"),
    (Campaigns, "a picture of sixteen million pixels", |at| at.picture(large_picture()), "4096x4096 pixels"),
];

/// A block that begins as a row does, and goes on like this.
fn row(rest: &[u8]) -> Vec<u8> {
    frame(20, &[&[0x83, 0x50], &[7; 16][..], rest].concat(), 0)
}

/// A small file with many pixels.
fn large_picture() -> Vec<u8> {
    let (side, mut bytes) = (4096, Vec::new());
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![0; (side * side / 8) as usize]).unwrap();
    writer.finish().unwrap();
    bytes
}
