//! The contact log of a shard: what was said to its customers at any machine, and who is erased.
//!
//! Head office appends to it and gives every entry a position that rises from 1. It knows no epochs and no revisions: contacts come
//! many times a second, customers change once a day, and a new epoch must take nothing of what was said. A page holds all that follows
//! one position up to another, so a device that holds any position between them may take it; entries are the same however often
//! they come. Positions need not be dense, because what is said of a customer who is erased is taken out.

use crate::{
    block::{self, PackError, UnpackError},
    contact::{Contact, ContactKind, InteractionId},
    customer::CustomerId,
    limits,
    name::{ShardId, Tenant},
    signed::Document,
    utc::Utc,
};
use minicbor::{Decoder, Encoder, decode};
use serde::{Deserialize, Serialize};

/// How much entries may take before compression, in bytes. Signing puts base64 around base64, which makes it at most 16/9 of that if
/// nothing of it compresses: with what else is in it, an answer of less than [`limits::BLOCK`].
const FILL: usize = 64 * 1024;

/// Part of a contact log. Published once on `shards/<shard>/contacts`, not retained, and the answer to
/// [`crate::request::Request::Contacts`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactPage {
    /// Whose customers.
    pub tenant: Tenant,
    /// Which of them.
    pub shard: ShardId,
    /// Everything after this position follows ...
    pub from: u64,
    /// ... up to and with this one. The same as `from`: there is nothing more. Smaller, in an answer: the log ends there, for head
    /// office was brought back from a backup.
    pub to: u64,
    /// The [`Entry`]s in their order: CBOR, one after the other in one zstd frame, in base64; empty for none.
    #[serde(with = "crate::base64::bytes")]
    pub entries: Vec<u8>,
}

/// One entry of a contact log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Something was said to a customer.
    Contact(Contact),
    /// The customer is in no row of the shard any more: whatever is kept of them goes, once it is delivered.
    Erased(CustomerId),
}

impl ContactPage {
    /// Packs what follows a position: as many of the entries, each with its position, as fit. If all do, the page leads to `end`.
    ///
    /// # Errors
    /// They cannot be compressed.
    pub fn pack(
        tenant: Tenant,
        shard: ShardId,
        from: u64,
        entries: &[(u64, Entry)],
        end: u64,
    ) -> Result<ContactPage, PackError> {
        let (mut bytes, mut to) = (Vec::new(), from);
        for (at, (position, entry)) in entries.iter().enumerate() {
            let before = bytes.len();
            entry.write(&mut bytes);
            if at == limits::CONTACTS || bytes.len() > FILL {
                bytes.truncate(before);
                return Ok(ContactPage { tenant, shard, from, to, entries: block::compress(&bytes)? });
            }
            to = *position;
        }
        let entries = if bytes.is_empty() { bytes } else { block::compress(&bytes)? };
        Ok(ContactPage { tenant, shard, from, to: end, entries })
    }

    /// Its entries.
    ///
    /// # Errors
    /// They are none.
    pub fn entries(&self) -> Result<Vec<Entry>, UnpackError> {
        let mut entries = Vec::new();
        if self.entries.is_empty() {
            return Ok(entries);
        }
        let bytes = block::decompress(&self.entries)?;
        let mut decoder = Decoder::new(&bytes);
        while decoder.position() < bytes.len() {
            entries.push(Entry::read(&mut decoder).map_err(UnpackError::Row)?);
        }
        Ok(entries)
    }
}

impl Document for ContactPage {
    const TYPE: &'static str = "touchpoint.contacts.v1";

    fn check(&self) -> Result<(), String> {
        if i64::try_from(self.from.max(self.to)).is_err() {
            return Err(format!("to: {} is no position", self.from.max(self.to)));
        }
        let count = self.entries().map_err(|error| format!("entries: {error}"))?.len();
        match count {
            1.. if self.to <= self.from => Err(format!("to: {} does not follow {}", self.to, self.from)),
            count if count > limits::CONTACTS => Err(format!("{count} entries, over {}", limits::CONTACTS)),
            _ => Ok(()),
        }
    }
}

impl Entry {
    /// Who is erased by it, if anybody.
    pub fn erased(&self) -> Option<CustomerId> {
        match self {
            Entry::Erased(customer) => Some(*customer),
            Entry::Contact(_) => None,
        }
    }

    /// As it is kept and travels.
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// The bytes are none.
    pub fn from_cbor(bytes: &[u8]) -> Result<Entry, decode::Error> {
        Entry::read(&mut Decoder::new(bytes))
    }

    /// An array that begins with the customer; who is erased has nothing else there.
    #[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
    fn write(&self, out: &mut Vec<u8>) {
        let mut encoder = Encoder::new(out);
        let written = match self {
            Entry::Erased(customer) => encoder.array(1).and_then(|e| e.i64((*customer).into())),
            Entry::Contact(Contact { id, customer, campaign, at, what }) => encoder
                .array(6)
                .and_then(|e| e.i64((*customer).into()))
                .and_then(|e| e.str(id.journal.as_str()))
                .and_then(|e| e.u64(id.sequence))
                .and_then(|e| e.str(campaign.as_str()))
                .and_then(|e| e.i64(at.as_millis()))
                .and_then(|e| e.u8(what.code())),
        };
        written.map(drop).expect("encoding to memory");
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Entry, decode::Error> {
        let length = decoder.array()?;
        let customer = CustomerId::try_from(decoder.i64()?).map_err(decode::Error::custom)?;
        match length {
            Some(1) => return Ok(Entry::Erased(customer)),
            Some(6) => {}
            _ => return Err(decode::Error::message("an entry is an array of one or six")),
        }
        let journal = decoder.str()?.parse().map_err(decode::Error::custom)?;
        let sequence = decoder.u64()?;
        if i64::try_from(sequence).is_err() {
            return Err(decode::Error::message("no sequence number"));
        }
        let campaign = decoder.str()?.parse().map_err(decode::Error::custom)?;
        let at = Utc::from_millis(decoder.i64()?);
        let what = ContactKind::from_code(decoder.u8()?).ok_or_else(|| decode::Error::message("no kind of contact"))?;
        Ok(Entry::Contact(Contact { id: InteractionId { journal, sequence }, customer, campaign, at, what }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        campaign::AnswerKind,
        digest::Digest,
        signed::{SigningKey, TrustedKeys, open, seal},
    };

    /// A contact at each position; every tenth position is nobody's, and every seventh entry erases somebody.
    fn log(length: u64, name: impl Fn(u64) -> String) -> Vec<(u64, Entry)> {
        let entry = |position: u64| {
            let customer = CustomerId::try_from(position as i64).unwrap();
            if position.is_multiple_of(7) {
                return Entry::Erased(customer);
            }
            let id = InteractionId { journal: name(position).parse().unwrap(), sequence: position };
            let what = ContactKind::Answered(AnswerKind::Decline);
            let (campaign, at) = (name(position + 1).parse().unwrap(), Utc::from_millis(position as i64));
            Entry::Contact(Contact { id, customer, campaign, at, what })
        };
        (1..=length)
            .filter(|position| !position.is_multiple_of(10))
            .map(|position| (position, entry(position)))
            .collect()
    }

    fn page(from: u64, log: &[(u64, Entry)], end: u64) -> ContactPage {
        let rest: Vec<_> = log.iter().filter(|(position, _)| *position > from).cloned().collect();
        ContactPage::pack("acme".parse().unwrap(), "north".parse().unwrap(), from, &rest, end).unwrap()
    }

    #[test]
    fn a_log_is_read_page_by_page_from_anywhere_and_every_page_is_small_enough_to_be_an_answer() {
        let key = SigningKey::from_pkcs8("k1".parse().unwrap(), &SigningKey::generate().unwrap()).unwrap();
        let trusted = TrustedKeys::new(vec![key.public()]);
        let short = |position: u64| format!("j{}", position % 3);
        // Names that do not compress, as long as names get.
        let noise = |position: u64| Digest::of(&position.to_be_bytes()).to_string();
        for (log, pages) in [(log(2_001, short), 2), (log(2_001, noise), 3)] {
            let (mut held, mut entries, mut count) = (5, Vec::new(), 0);
            while held < 2_005 {
                let compact = seal(&page(held, &log, 2_005), &key).unwrap();
                assert!(compact.len() <= limits::BLOCK, "{}", compact.len());
                let page: ContactPage = open(compact.as_bytes(), &trusted).unwrap();
                assert_eq!(page.from, held);
                entries.extend(page.entries().unwrap());
                (held, count) = (page.to, count + 1);
            }
            let expected: Vec<Entry> = log.iter().filter(|(at, _)| *at > 5).map(|(_, entry)| entry.clone()).collect();
            assert!(entries == expected && count >= pages, "{count} pages");
        }
    }

    #[test]
    fn a_page_that_says_nothing_says_where_the_log_ends() {
        assert!(page(9, &[], 9).check().is_ok());
        assert!(page(9, &[], 4).check().is_ok());
        assert_eq!(page(9, &[], 4).entries().unwrap(), []);
    }

    #[test]
    fn a_page_out_of_bounds_is_refused() {
        let good = page(0, &log(3, |_| "j1".to_owned()), 3);
        assert!(good.check().is_ok());
        for (page, named) in [
            (ContactPage { to: 0, ..good.clone() }, "to: 0 does not follow 0"),
            (ContactPage { to: u64::MAX, ..good.clone() }, "is no position"),
            (ContactPage { entries: b"no frame".to_vec(), ..good.clone() }, "entries: "),
            (ContactPage { entries: block::compress(b"\x82\x01\x02").unwrap(), ..good.clone() }, "entries: "),
            (ContactPage { entries: block::compress(&[0x81, 1].repeat(1_001)).unwrap(), ..good }, "1001 entries"),
        ] {
            let refused = page.check().unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
    }
}
