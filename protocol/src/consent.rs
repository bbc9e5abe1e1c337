//! A customer's word on one purpose: what they said, where it counts, who took it down and when.

use crate::{name::ConsentSource, utc::Utc};
use minicbor::{Decode, Decoder, Encode, Encoder, data::Type, decode, encode};
use serde::{Deserialize, Serialize};

/// A consent or objection, as head office has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consent {
    /// What they said.
    pub status: Status,
    /// Where it counts.
    pub channel: Channel,
    /// Who took it down, if known.
    pub source: Option<ConsentSource>,
    /// When they said it, in whole seconds, if known. Only one that is known to be later beats an objection at a screen.
    pub at: Option<Utc>,
}

/// What a customer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// They were never asked, or never answered. Not a yes.
    #[default]
    Unknown,
    /// They opted in.
    Given,
    /// They objected.
    Refused,
}

/// Where a consent counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Everywhere.
    #[default]
    All,
    /// At screens.
    Screen,
    /// By letter, telephone or mail alone: at a screen it is no consent.
    Elsewhere,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 3] = [Status::Unknown, Status::Given, Status::Refused];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Unknown => "unknown",
            Status::Given => "given",
            Status::Refused => "refused",
        }
    }
}

impl From<Status> for Consent {
    fn from(status: Status) -> Consent {
        Consent { status, ..Consent::default() }
    }
}

impl Consent {
    /// What it comes to at a screen.
    pub fn at_screen(&self) -> Status {
        match (self.status, self.channel) {
            (Status::Given, Channel::Elsewhere) => Status::Unknown,
            (status, _) => status,
        }
    }

    /// Whether there is nothing to say but the status.
    fn is_bare(&self) -> bool {
        self.channel == Channel::All && self.source.is_none() && self.at.is_none()
    }
}

impl<C> Encode<C> for Consent {
    fn encode<W: encode::Write>(&self, encoder: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        if self.is_bare() {
            return encoder.u8(self.status as u8)?.ok();
        }
        encoder.array(4)?.u8(self.status as u8)?.u8(self.channel as u8)?;
        match &self.source {
            Some(source) => encoder.str(source.as_str())?,
            None => encoder.null()?,
        };
        match self.at {
            Some(at) => encoder.i64(at.as_millis().div_euclid(1000))?,
            None => encoder.null()?,
        };
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Consent {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let start = decoder.position();
        let wrong = |what| decode::Error::message(what).at(start);
        let status = |decoder: &mut Decoder<'b>| match decoder.u8()? {
            0 => Ok(Status::Unknown),
            1 => Ok(Status::Given),
            2 => Ok(Status::Refused),
            _ => Err(wrong("a consent's status is 0, 1 or 2")),
        };
        if decoder.datatype()? != Type::Array {
            return Ok(status(decoder)?.into());
        }
        if decoder.array()? != Some(4) {
            return Err(wrong("a consent is a status or an array of four"));
        }
        let status = status(decoder)?;
        let channel = match decoder.u8()? {
            0 => Channel::All,
            1 => Channel::Screen,
            2 => Channel::Elsewhere,
            _ => return Err(wrong("a consent's channel is 0, 1 or 2")),
        };
        let source = match decoder.datatype()? {
            Type::Null => decoder.null().map(|()| None)?,
            _ => Some(decoder.str()?.parse().map_err(|error| decode::Error::custom(error).at(start))?),
        };
        let at = match decoder.datatype()? {
            Type::Null => decoder.null().map(|()| None)?,
            _ => Some(Utc::from_millis(decoder.i64()?.saturating_mul(1000))),
        };
        let consent = Consent { status, channel, source, at };
        // One way to say a thing, so that two head offices write the same bytes.
        if consent.is_bare() { Err(wrong("a consent with nothing to add is its status")) } else { Ok(consent) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_is_one_byte_unless_there_is_more_to_say() {
        let bare = minicbor::to_vec(Consent::from(Status::Given)).unwrap();
        assert_eq!(bare, [1]);
        let told = Consent {
            channel: Channel::Screen,
            source: Some("branch".parse().unwrap()),
            at: Some("2026-11-21T09:30:00Z".parse().unwrap()),
            ..Status::Refused.into()
        };
        for consent in [told.clone(), Consent { source: None, ..told.clone() }, Consent { at: None, ..told }] {
            let bytes = minicbor::to_vec(&consent).unwrap();
            assert_eq!(minicbor::decode::<Consent>(&bytes).unwrap(), consent);
        }
        assert!(minicbor::decode::<Consent>(b"\x84\x01\x00\xf6\xf6").is_err(), "a second way to say the same");
        assert!(minicbor::decode::<Consent>(b"\x03").is_err());
    }

    #[test]
    fn a_consent_for_letters_is_none_at_a_screen_and_an_objection_is_one() {
        let elsewhere = |status: Status| Consent { channel: Channel::Elsewhere, ..status.into() }.at_screen();
        assert_eq!([Status::Given, Status::Refused].map(elsewhere), [Status::Unknown, Status::Refused]);
    }
}
