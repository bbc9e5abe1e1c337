//! What a device asks head office for, and the reply.
//!
//! Neither is signed: a block that comes back is pinned by a signed head and checked against its digest before it is used; a
//! delta, a page of contacts and a customer are signed documents of their own.

use crate::{base64, digest::Digest, limits, name::ShardId, token::Token};
use serde::{Deserialize, Serialize};

/// Sent to `devices/<id>/requests`, with the device's inbox as response topic and correlation data (MQTT 5, section 4.10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// One block of a snapshot.
    Rows {
        /// Of which shard.
        shard: ShardId,
        /// Of which epoch.
        epoch: u64,
        /// Which block, from 0.
        block: u32,
    },
    /// The [`crate::delta::Delta`] that leads on from a revision.
    Delta {
        /// Of which shard.
        shard: ShardId,
        /// Of which epoch.
        epoch: u64,
        /// The revision the device holds.
        from: u64,
    },
    /// The [`crate::contacts::ContactPage`] with what follows a position, as much of it as fits.
    Contacts {
        /// Of which shard.
        shard: ShardId,
        /// The position the device holds, 0 for none. Any may be asked for: pages have no fixed borders.
        from: u64,
    },
    /// One block of a bundle or a medium.
    Content {
        /// Which content.
        sha256: Digest,
        /// Which block of [`limits::BLOCK`] bytes, from 0.
        block: u32,
    },
    /// The one [`crate::found::FoundCustomer`] who has one of these tokens, in whichever shard.
    Customer {
        /// One card under each token key that is valid now, at most [`limits::TOKENS`] of them.
        #[serde(with = "base64::tokens")]
        tokens: Vec<Token>,
    },
}

/// What comes back. In content type [`Reply::DATA`] the bytes asked for, in [`Reply::REFUSED`] a [`Refusal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The block, or the signed delta, page or customer.
    Data(Vec<u8>),
    /// Why not.
    Refused(Refusal),
}

/// Why head office does not give what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The request was not understood.
    Malformed,
    /// The epoch has been replaced: look at the head.
    Superseded,
    /// There is no such block, delta or content, or it is not this device's; or nobody has these tokens.
    Unknown,
    /// This device has asked for too many customers: ask again later.
    Busy,
    /// Head office cannot read it just now: ask again later.
    Unavailable,
}

/// A request or reply that is none.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Not the JSON it should be.
    #[error("not the json it should be")]
    Json(#[source] serde_json::Error),
    /// A content type that no reply has.
    #[error("content type {0:?} is none of a reply")]
    ContentType(String),
    /// No token, or more than one card has.
    #[error("{count} tokens, not 1 to {}", limits::TOKENS, count = .0)]
    Tokens(usize),
    /// More than a block.
    #[error("a reply of {size} bytes, over {}", limits::BLOCK, size = .0)]
    TooLarge(usize),
}

impl Request {
    /// As it travels.
    #[expect(clippy::expect_used, reason = "an enum of plain fields is always written")]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("request as json")
    }

    /// Reads it.
    ///
    /// # Errors
    /// Not the JSON it should be, or out of bounds.
    pub fn decode(payload: &[u8]) -> Result<Request, RequestError> {
        match serde_json::from_slice(payload).map_err(RequestError::Json)? {
            Request::Customer { tokens } if !(1..=limits::TOKENS).contains(&tokens.len()) => {
                Err(RequestError::Tokens(tokens.len()))
            }
            request => Ok(request),
        }
    }
}

impl Reply {
    /// The content type of data.
    pub const DATA: &'static str = "application/octet-stream";
    /// The content type of a refusal.
    pub const REFUSED: &'static str = "application/json";

    /// As it travels: content type and payload.
    #[expect(clippy::expect_used, reason = "an enum without fields is always written")]
    pub fn encode(self) -> (&'static str, Vec<u8>) {
        match self {
            Reply::Data(bytes) => (Self::DATA, bytes),
            Reply::Refused(refusal) => (Self::REFUSED, serde_json::to_vec(&refusal).expect("refusal as json")),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Another content type, more than a block, or a refusal that is none.
    pub fn decode(content_type: Option<&str>, payload: &[u8]) -> Result<Reply, RequestError> {
        if payload.len() > limits::BLOCK {
            return Err(RequestError::TooLarge(payload.len()));
        }
        match content_type {
            Some(Self::DATA) => Ok(Reply::Data(payload.to_vec())),
            Some(Self::REFUSED) => serde_json::from_slice(payload).map(Reply::Refused).map_err(RequestError::Json),
            other => Err(RequestError::ContentType(other.unwrap_or_default().chars().take(80).collect())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_replies_are_read_back() {
        let requests = [
            Request::Rows { shard: "north".parse().unwrap(), epoch: 3, block: 7 },
            Request::Delta { shard: "north".parse().unwrap(), epoch: 3, from: 7 },
            Request::Contacts { shard: "north".parse().unwrap(), from: 7 },
            Request::Content { sha256: Digest::of(b"x"), block: 0 },
            Request::Customer { tokens: vec![Token::from_bytes([7; 16]), Token::from_bytes([8; 16])] },
        ];
        for request in requests {
            assert_eq!(Request::decode(&request.encode()).unwrap(), request);
        }
        for reply in [Reply::Data(vec![1, 2]), Reply::Refused(Refusal::Superseded)] {
            let (content_type, payload) = reply.clone().encode();
            assert_eq!(Reply::decode(Some(content_type), &payload).unwrap(), reply);
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        assert!(Request::decode(br#"{"rows":{"shard":"north","epoch":3,"block":-1}}"#).is_err());
        assert!(Request::decode(br#"{"everything":{}}"#).is_err());
        for tokens in [0, limits::TOKENS + 1] {
            let request = Request::Customer { tokens: vec![Token::from_bytes([7; 16]); tokens] };
            assert!(Request::decode(&request.encode()).is_err(), "{tokens} tokens were taken");
        }
        assert!(Reply::decode(None, b"x").is_err());
        assert!(Reply::decode(Some(Reply::DATA), &vec![0; limits::BLOCK + 1]).is_err());
    }
}
