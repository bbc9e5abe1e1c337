//! Bytes and tokens in JSON: base64 (RFC 4648, section 4).

/// Any bytes.
pub(crate) mod bytes {
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        BASE64.decode(String::deserialize(deserializer)?.as_bytes()).map_err(D::Error::custom)
    }
}

/// Tokens, the 16 bytes of each one after the other.
pub(crate) mod tokens {
    use crate::token::Token;
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(tokens: &[Token], serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = tokens.iter().flat_map(Token::as_bytes).copied().collect();
        super::bytes::serialize(&bytes, serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Token>, D::Error> {
        let bytes = super::bytes::deserialize(deserializer)?;
        let (tokens, rest) = bytes.as_chunks();
        match rest {
            [] => Ok(tokens.iter().map(|bytes| Token::from_bytes(*bytes)).collect()),
            _ => Err(D::Error::custom("tokens of 16 bytes")),
        }
    }
}

/// One token.
pub(crate) mod token {
    use crate::token::Token;
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(token: &Token, serializer: S) -> Result<S::Ok, S::Error> {
        super::bytes::serialize(token.as_bytes(), serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Token, D::Error> {
        let bytes = super::bytes::deserialize(deserializer)?;
        bytes.try_into().map(Token::from_bytes).map_err(|_| D::Error::custom("a token of 16 bytes"))
    }
}
