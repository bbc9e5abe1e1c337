//! What a device knows of a customer.
//!
//! CBOR (RFC 8949) in arrays, because a million of them travel and stay. A profile is kept on the device in the very bytes in
//! which it came, and decoded when the customer stands there.

use crate::{
    consent::Consent,
    limits,
    name::{AttributeName, Language, Purpose, ScoreName, Segment},
};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Head office's number for a customer; the same on every device, and meaningless elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct CustomerId(i64);

/// Customers are numbered from zero.
#[derive(Debug, thiserror::Error)]
#[error("a customer's number is not negative")]
pub struct CustomerIdError;

impl TryFrom<i64> for CustomerId {
    type Error = CustomerIdError;

    fn try_from(number: i64) -> Result<Self, CustomerIdError> {
        if number < 0 { Err(CustomerIdError) } else { Ok(Self(number)) }
    }
}

impl From<CustomerId> for i64 {
    fn from(id: CustomerId) -> i64 {
        id.0
    }
}

/// What head office tells a device about a customer. Nothing here narrows down a card number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Where they belong, the most important first.
    pub segments: Vec<Segment>,
    /// The language they are spoken to in, if known.
    pub language: Option<Language>,
    /// Their word on marketing.
    pub marketing: Consent,
    /// What placeholders in texts stand for.
    pub attributes: BTreeMap<AttributeName, String>,
    /// Their word on other purposes.
    pub purposes: BTreeMap<Purpose, Consent>,
    /// What head office has reckoned of them; 100 is certain, by convention.
    pub scores: BTreeMap<ScoreName, i32>,
}

impl Profile {
    /// The profile's CBOR, as it travels and is kept.
    #[expect(
        clippy::expect_used,
        reason = "writing to memory cannot fail, and the encoder below makes no error of its own"
    )]
    pub fn to_cbor(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("encoding to memory")
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// The bytes are no profile, or one out of bounds.
    pub fn from_cbor(bytes: &[u8]) -> Result<Profile, decode::Error> {
        let mut decoder = Decoder::new(bytes);
        let profile = decoder.decode()?;
        if decoder.position() != bytes.len() {
            return Err(decode::Error::message("there is more after the profile"));
        }
        Ok(profile)
    }
}

impl<C> Encode<C> for Profile {
    fn encode<W: encode::Write>(&self, encoder: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        encoder.array(6)?.array(self.segments.len() as u64)?;
        for segment in &self.segments {
            encoder.str(segment.as_str())?;
        }
        match &self.language {
            Some(language) => encoder.str(language.as_str())?,
            None => encoder.null()?,
        };
        encoder.encode(&self.marketing)?;
        encoder.map(self.attributes.len() as u64)?;
        for (name, value) in &self.attributes {
            encoder.str(name.as_str())?.str(value)?;
        }
        encoder.map(self.purposes.len() as u64)?;
        for (purpose, consent) in &self.purposes {
            encoder.str(purpose.as_str())?.encode(consent)?;
        }
        encoder.map(self.scores.len() as u64)?;
        for (name, score) in &self.scores {
            encoder.str(name.as_str())?.i32(*score)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Profile {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let start = decoder.position();
        let wrong = |what| decode::Error::message(what).at(start);
        if decoder.array()? != Some(6) {
            return Err(wrong("a profile is an array of six"));
        }
        let segments = bounded(decoder.array()?, limits::SEGMENTS).ok_or_else(|| wrong("too many segments"))?;
        let segments = (0..segments).map(|_| name(decoder)).collect::<Result<_, _>>()?;
        let language = match decoder.datatype()? {
            minicbor::data::Type::Null => decoder.null().map(|()| None)?,
            _ => Some(name(decoder)?),
        };
        let marketing = decoder.decode()?;
        let count = bounded(decoder.map()?, limits::ATTRIBUTES).ok_or_else(|| wrong("too many attributes"))?;
        let mut attributes = BTreeMap::new();
        for _ in 0..count {
            let key = name(decoder)?;
            let value = decoder.str()?;
            if value.len() > limits::ATTRIBUTE_VALUE {
                return Err(wrong("an attribute's value is too long"));
            }
            attributes.insert(key, value.to_owned());
        }
        let count = bounded(decoder.map()?, limits::PURPOSES).ok_or_else(|| wrong("too many purposes"))?;
        let purposes = (0..count).map(|_| Ok((name(decoder)?, decoder.decode()?)));
        let purposes = purposes.collect::<Result<_, decode::Error>>()?;
        let count = bounded(decoder.map()?, limits::SCORES).ok_or_else(|| wrong("too many scores"))?;
        let scores = (0..count).map(|_| Ok((name(decoder)?, decoder.i32()?)));
        let scores = scores.collect::<Result<_, decode::Error>>()?;
        Ok(Profile { segments, language, marketing, attributes, purposes, scores })
    }
}

/// A definite length within its limit; indefinite lengths have no place in a document of known size.
fn bounded(length: Option<u64>, limit: usize) -> Option<usize> {
    length.and_then(|n| usize::try_from(n).ok()).filter(|&n| n <= limit)
}

fn name<N: std::str::FromStr<Err = crate::name::NameError>>(decoder: &mut Decoder<'_>) -> Result<N, decode::Error> {
    let at = decoder.position();
    decoder.str()?.parse().map_err(|error| decode::Error::custom(error).at(at))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::consent::Status;

    fn anna() -> Profile {
        Profile {
            segments: vec!["gold".parse().unwrap(), "staff".parse().unwrap()],
            language: Some("de".parse().unwrap()),
            marketing: Status::Given.into(),
            attributes: BTreeMap::from([("first-name".parse().unwrap(), "Anna".to_owned())]),
            purposes: BTreeMap::from([("partners".parse().unwrap(), Status::Refused.into())]),
            scores: BTreeMap::from([("churn".parse().unwrap(), -70)]),
        }
    }

    #[test]
    fn a_profile_is_read_back_as_it_was_written() {
        for profile in [anna(), Profile::default()] {
            assert_eq!(Profile::from_cbor(&profile.to_cbor()).unwrap(), profile);
        }
    }

    #[test]
    fn a_profile_out_of_bounds_is_refused() {
        let refused = |profile: Profile| Profile::from_cbor(&profile.to_cbor()).is_err();
        assert!(refused(Profile { segments: vec!["gold".parse().unwrap(); limits::SEGMENTS + 1], ..anna() }));
        let long = BTreeMap::from([("a".parse().unwrap(), "x".repeat(limits::ATTRIBUTE_VALUE + 1))]);
        assert!(refused(Profile { attributes: long, ..anna() }));
    }

    #[test]
    fn no_cut_or_lengthened_profile_is_taken() {
        let bytes = anna().to_cbor();
        assert!((0..bytes.len()).all(|end| Profile::from_cbor(&bytes[..end]).is_err()));
        assert!(Profile::from_cbor(&[&bytes[..], &[0]].concat()).is_err());
        assert!(Profile::from_cbor(b"\x9f\xff").is_err(), "an indefinite array was taken");
    }
}
