//! What changed among a shard's customers between two revisions, signed: a few kilobytes instead of a snapshot.
//!
//! The snapshot of an epoch is its revision 0; each delta leads from one revision to a later one, and a device applies it only to
//! the revision it holds. So one that comes twice, late or out of turn changes nothing, and one that was missed is pulled.

use crate::{
    base64,
    block::{Rows, UnpackError},
    limits,
    name::{ShardId, Tenant},
    signed::Document,
    token::Token,
};
use serde::{Deserialize, Serialize};

/// Published once on `shards/<shard>/deltas`, not retained, and the answer to [`crate::request::Request::Delta`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delta {
    /// Whose customers.
    pub tenant: Tenant,
    /// Which of them.
    pub shard: ShardId,
    /// Of which epoch.
    pub epoch: u64,
    /// The revision it is applied to.
    pub from: u64,
    /// The revision it leads to.
    pub to: u64,
    /// Rows that are new or say something else now: the bytes of one block, in base64; empty for none.
    #[serde(with = "base64::bytes")]
    pub upserts: Vec<u8>,
    /// Tokens that name nobody any more, sorted, none of them in a row of the same delta; the 16 bytes of each one after the other,
    /// in base64. Who has no row left is erased by the contact log ([`crate::contacts`]), which outlives epochs.
    #[serde(with = "base64::tokens")]
    pub erased: Vec<Token>,
}

impl Delta {
    /// Its rows; `None` if it has none.
    ///
    /// # Errors
    /// They are no block.
    pub fn rows(&self) -> Result<Option<Rows>, UnpackError> {
        if self.upserts.is_empty() { Ok(None) } else { Rows::decompress(&self.upserts).map(Some) }
    }
}

impl Document for Delta {
    const TYPE: &'static str = "touchpoint.delta.v1";

    fn check(&self) -> Result<(), String> {
        if self.to <= self.from || i64::try_from(self.to).is_err() {
            return Err(format!("to: {} does not follow {}", self.to, self.from));
        }
        let wrong = |error: UnpackError| format!("upserts: {error}");
        let mut changes = self.erased.len();
        if let Some(rows) = self.rows().map_err(wrong)? {
            changes += rows.iter().len();
        }
        if changes > limits::DELTA {
            return Err(format!("{changes} changes, over {}", limits::DELTA));
        }
        if !self.erased.is_sorted() {
            return Err("erased: not sorted".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        block::{Packer, Row},
        customer::Profile,
        signed::{SigningKey, TrustedKeys, open, seal},
    };

    fn token(number: u16) -> Token {
        let mut bytes = [7; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        Token::from_bytes(bytes)
    }

    fn delta(upserts: u16, erased: u16) -> Delta {
        let profile = Profile::default().to_cbor();
        let mut packer = Packer::default();
        for number in 0..upserts {
            let customer = i64::from(number).try_into().unwrap();
            packer.push(Row { token: token(number), customer, profile: &profile }).unwrap();
        }
        let block = packer.finish().unwrap().pop();
        Delta {
            tenant: "acme".parse().unwrap(),
            shard: "north".parse().unwrap(),
            epoch: 3,
            from: 7,
            to: 8,
            upserts: block.map(|block| block.bytes).unwrap_or_default(),
            erased: (0..erased).map(|number| token(5_000 + number)).collect(),
        }
    }

    #[test]
    fn a_delta_is_read_back_as_it_was_signed() {
        let key = SigningKey::from_pkcs8("k1".parse().unwrap(), &SigningKey::generate().unwrap()).unwrap();
        let trusted = TrustedKeys::new(vec![key.public()]);
        for delta in [delta(600, 400), delta(0, 1), delta(1, 0)] {
            let compact = seal(&delta, &key).unwrap();
            assert!(compact.len() <= limits::BLOCK, "an answer is no larger than a block");
            assert_eq!(open::<Delta>(compact.as_bytes(), &trusted).unwrap(), delta);
        }
        assert_eq!(delta(600, 400).rows().unwrap().unwrap().iter().count(), 600);
        assert!(delta(0, 1).rows().unwrap().is_none());
    }

    #[test]
    fn a_delta_out_of_bounds_is_refused() {
        assert!(delta(1, 1).check().is_ok());
        assert!(delta(600, 401).check().is_err(), "too many changes");
        assert!(Delta { to: 7, ..delta(1, 0) }.check().is_err(), "it leads nowhere");
        assert!(Delta { upserts: b"no block".to_vec(), ..delta(1, 0) }.check().is_err());
        let mut unsorted = delta(0, 2);
        unsorted.erased.reverse();
        assert!(unsorted.check().is_err());
    }

    #[test]
    fn a_token_that_is_cut_is_none() {
        let json = serde_json::to_string(&delta(0, 1)).unwrap();
        let whole = data_encoding::BASE64.encode(token(5_000).as_bytes());
        assert!(json.contains(&whole), "{json}");
        let cut = data_encoding::BASE64.encode(&token(5_000).as_bytes()[..15]);
        assert!(serde_json::from_str::<Delta>(&json.replace(&whole, &cut)).is_err());
    }
}
