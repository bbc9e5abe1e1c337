//! Signed documents: nothing unsigned changes what a device does.
//!
//! A JWS in compact form (RFC 7515, section 7.1) with `alg` EdDSA over Ed25519 (RFC 8037), `kid` and `typ`. The header must say
//! exactly these three things; the signature is verified before anything of the payload is decoded; the key must be one
//! of those pinned when the device was enrolled. The algorithm is never taken from the document.

use crate::{limits, name::KeyId};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt;
use zeroize::Zeroizing;

/// A document that is only taken when head office signed it.
pub trait Document: Serialize + DeserializeOwned {
    /// Its `typ` header (RFC 7515, section 4.1.9): one kind of document can never be passed as another.
    const TYPE: &'static str;

    /// What its fields' types cannot say.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    fn check(&self) -> Result<(), String>;
}

/// Signs a document.
///
/// # Errors
/// A document head office should not have made: one that fails its own check, or is too large to travel.
pub fn seal<D: Document>(document: &D, key: &SigningKey) -> Result<String, SealError> {
    document.check().map_err(|problem| SealError::Content { kind: D::TYPE, problem })?;
    let payload = serde_json::to_vec(document).map_err(|source| SealError::Json { kind: D::TYPE, source })?;
    let compact = key.sign(D::TYPE, &payload);
    if compact.len() > limits::SIGNED {
        return Err(SealError::TooLarge { kind: D::TYPE, size: compact.len() });
    }
    Ok(compact)
}

/// Verifies a document, then decodes it.
///
/// # Errors
/// The first thing wrong with it, in the order size, form, header, key, signature, content.
pub fn open<D: Document>(compact: &[u8], keys: &TrustedKeys) -> Result<D, OpenError> {
    let payload = keys.verify(D::TYPE, compact)?;
    let document: D = serde_json::from_slice(&payload).map_err(|source| OpenError::Json { kind: D::TYPE, source })?;
    document.check().map_err(|problem| OpenError::Content { kind: D::TYPE, problem })?;
    Ok(document)
}

/// Head office's private key. Debug shows its id alone.
pub struct SigningKey {
    id: KeyId,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// A new key in PKCS#8 (RFC 5958), to be kept by whoever calls.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::Random)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// From PKCS#8.
    ///
    /// # Errors
    /// The bytes are no such key.
    pub fn from_pkcs8(id: KeyId, pkcs8: &[u8]) -> Result<SigningKey, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Private)?;
        Ok(SigningKey { id, pair })
    }

    /// What devices pin.
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id.clone(), bytes: self.pair.public_key().as_ref().to_vec() }
    }

    fn sign(&self, kind: &str, payload: &[u8]) -> String {
        // Names have no character that JSON would escape.
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"{kind}"}}"#, self.id);
        let mut compact = BASE64URL_NOPAD.encode(header.as_bytes());
        compact.push('.');
        compact.push_str(&BASE64URL_NOPAD.encode(payload));
        let signature = self.pair.sign(compact.as_bytes());
        compact.push('.');
        compact.push_str(&BASE64URL_NOPAD.encode(signature.as_ref()));
        compact
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ..)", self.id)
    }
}

/// One of head office's public keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: KeyId,
    bytes: Vec<u8>,
}

impl PublicKey {
    /// From the line a key file holds: the id, a colon, 64 hexadecimal digits.
    ///
    /// # Errors
    /// The line has another form.
    pub fn parse(line: &str) -> Result<PublicKey, KeyError> {
        let (id, hex) = line.trim().split_once(':').ok_or(KeyError::Public)?;
        let bytes = HEXLOWER.decode(hex.as_bytes()).map_err(|_| KeyError::Public)?;
        match bytes.len() {
            32 => Ok(PublicKey { id: id.parse().map_err(|_| KeyError::Public)?, bytes }),
            _ => Err(KeyError::Public),
        }
    }

    /// The line [`PublicKey::parse`] reads.
    pub fn to_line(&self) -> String {
        format!("{}:{}", self.id, HEXLOWER.encode(&self.bytes))
    }
}

/// The keys a device trusts, pinned when it was enrolled.
#[derive(Debug, Clone)]
pub struct TrustedKeys(Vec<PublicKey>);

impl TrustedKeys {
    /// Trusts these keys and no other.
    pub fn new(keys: Vec<PublicKey>) -> TrustedKeys {
        TrustedKeys(keys)
    }

    /// The payload of a document whose type, key and signature are right.
    fn verify(&self, kind: &'static str, compact: &[u8]) -> Result<Vec<u8>, OpenError> {
        if compact.len() > limits::SIGNED {
            return Err(OpenError::TooLarge { kind, size: compact.len() });
        }
        let form = || OpenError::Form { kind };
        let compact = std::str::from_utf8(compact).map_err(|_| form())?;
        let (signed, signature) = compact.rsplit_once('.').ok_or_else(form)?;
        let (header, payload) = signed.split_once('.').ok_or_else(form)?;
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| form());

        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| OpenError::Header { kind })?;
        if header.alg != "EdDSA" || header.typ != kind {
            return Err(OpenError::Header { kind });
        }
        let key = self.0.iter().find(|key| key.id.as_str() == header.kid).ok_or(OpenError::UnknownKey { kind })?;
        UnparsedPublicKey::new(&ED25519, &key.bytes)
            .verify(signed.as_bytes(), &decode(signature)?)
            .map_err(|_| OpenError::Signature { kind, key: key.id.clone() })?;
        decode(payload)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// Why a document was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A field has no place in it.
    #[error("{kind}: {problem}")]
    Content {
        /// The document's type.
        kind: &'static str,
        /// The field, and what is wrong with it.
        problem: String,
    },
    /// It cannot be written as JSON.
    #[error("{kind} cannot be written as json")]
    Json {
        /// The document's type.
        kind: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It would not fit in a packet.
    #[error("{kind} would be {size} bytes, over {}", limits::SIGNED)]
    TooLarge {
        /// The document's type.
        kind: &'static str,
        /// Bytes.
        size: usize,
    },
}

/// Why a document was not taken. Nothing of it had any effect.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Longer than any signed document.
    #[error("{kind} has {size} bytes, over {}", limits::SIGNED)]
    TooLarge {
        /// The type that was expected.
        kind: &'static str,
        /// Bytes.
        size: usize,
    },
    /// Not three base64url parts: most likely not signed at all.
    #[error("{kind} is not a signed document")]
    Form {
        /// The type that was expected.
        kind: &'static str,
    },
    /// Another algorithm or type, or more in the header than belongs there.
    #[error("the header does not say EdDSA and {kind}")]
    Header {
        /// The type that was expected.
        kind: &'static str,
    },
    /// Signed with a key that is not pinned here.
    #[error("{kind} is signed with a key this device does not trust")]
    UnknownKey {
        /// The type that was expected.
        kind: &'static str,
    },
    /// The signature is not of this document.
    #[error("the signature of {kind} by key {key} is wrong")]
    Signature {
        /// The type that was expected.
        kind: &'static str,
        /// The key it claims.
        key: KeyId,
    },
    /// Signed, and yet not the document it says it is.
    #[error("{kind} is not the json it should be")]
    Json {
        /// The type.
        kind: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// Signed, but a field is out of bounds.
    #[error("{kind}: {problem}")]
    Content {
        /// The type.
        kind: &'static str,
        /// The field, and what is wrong with it.
        problem: String,
    },
}

/// Why there is no key. Nothing of a key is repeated.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No randomness.
    #[error("the system gives no random numbers")]
    Random,
    /// Not a private key.
    #[error("not an ed25519 key in pkcs#8")]
    Private,
    /// Not a public key.
    #[error("a public key is its id, a colon and 64 hexadecimal digits in lower case")]
    Public,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        text: String,
    }

    impl Document for Note {
        const TYPE: &'static str = "touchpoint.note.v1";
        fn check(&self) -> Result<(), String> {
            if self.text.is_empty() { Err("text is empty".to_owned()) } else { Ok(()) }
        }
    }

    fn key(id: &str) -> SigningKey {
        SigningKey::from_pkcs8(id.parse().unwrap(), &SigningKey::generate().unwrap()).unwrap()
    }

    fn note() -> Note {
        Note { text: "hello".to_owned() }
    }

    #[test]
    fn what_head_office_signed_is_read_back() {
        let key = key("ho-1");
        let trusted = TrustedKeys::new(vec![PublicKey::parse(&key.public().to_line()).unwrap()]);
        assert_eq!(open::<Note>(seal(&note(), &key).unwrap().as_bytes(), &trusted).unwrap(), note());
    }

    #[test]
    fn whatever_else_arrives_is_refused() {
        let (key, other) = (key("ho-1"), key("ho-1"));
        let trusted = TrustedKeys::new(vec![key.public()]);
        let good = seal(&note(), &key).unwrap();
        let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let join = |header: &str, payload: &str| format!("{header}.{payload}.{signature}");
        let cases = [
            ("not signed", "{\"text\":\"hello\"}".to_owned()),
            ("empty", String::new()),
            ("no signature", format!("{header}.{payload}.")),
            ("algorithm none", join(&encode(r#"{"alg":"none","kid":"ho-1","typ":"touchpoint.note.v1"}"#), payload)),
            ("another type", key.sign("touchpoint.other.v1", br#"{"text":"hello"}"#)),
            (
                "a header with more in it",
                join(&encode(r#"{"alg":"EdDSA","kid":"ho-1","typ":"touchpoint.note.v1","jwk":{}}"#), payload),
            ),
            ("a key of the same id", seal(&note(), &other).unwrap()),
            ("another payload", join(header, &encode(r#"{"text":"HELLO"}"#))),
            ("a fourth part", format!("{good}.{signature}")),
            ("signed, but not json", key.sign(Note::TYPE, b"hello")),
            ("signed, but out of bounds", key.sign(Note::TYPE, br#"{"text":""}"#)),
            ("too large", "x".repeat(limits::SIGNED + 1)),
        ];
        for (case, compact) in cases {
            assert!(open::<Note>(compact.as_bytes(), &trusted).is_err(), "{case} was taken");
        }
        assert!(open::<Note>(good.as_bytes(), &TrustedKeys::new(vec![])).is_err(), "an unknown key was trusted");
    }

    #[test]
    fn a_signing_key_shows_its_id_alone() {
        assert_eq!(format!("{:?}", key("ho-1")), "SigningKey(ho-1, ..)");
    }
}
