//! SHA-256, by which a signed document pins what is fetched after it.

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The SHA-256 (FIPS 180-4) of some bytes; 64 hexadecimal digits in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        let mut digest = [0; 32];
        digest.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Digest(digest)
    }

    /// From 32 bytes of a table.
    pub fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// The 32 bytes, as a table keeps them.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// The text is not 64 hexadecimal digits in lower case.
#[derive(Debug, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits in lower case")]
pub struct DigestError;

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let mut digest = [0; 32];
        if text.len() != 64 {
            return Err(DigestError);
        }
        HEXLOWER.decode_mut(text.as_bytes(), &mut digest).map_err(|_| DigestError)?;
        Ok(Digest(digest))
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

/// Something to be fetched in blocks, and how to know that it arrived whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentRef {
    /// SHA-256 of the whole content.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u32,
}

impl ContentRef {
    /// Describes these bytes; `None` if they are larger than any content may be.
    pub fn of(bytes: &[u8]) -> Option<ContentRef> {
        Some(ContentRef { sha256: Digest::of(bytes), size: u32::try_from(bytes.len()).ok()? })
    }

    /// How many blocks of [`crate::limits::BLOCK`] bytes it travels in, the last one shorter.
    pub fn blocks(&self) -> u32 {
        const BLOCK: u32 = crate::limits::BLOCK as u32;
        self.size.div_ceil(BLOCK)
    }

    /// Whether these bytes are the content.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        bytes.len() == self.size as usize && Digest::of(bytes) == self.sha256
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_one_everybody_computes() {
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4, example "abc"
        assert_eq!(Digest::of(b"abc").to_string(), text);
        assert_eq!(text.parse::<Digest>().unwrap(), Digest::of(b"abc"));
        assert!(text.to_uppercase().parse::<Digest>().is_err());
    }

    #[test]
    fn content_is_only_itself() {
        let content = ContentRef::of(b"abc").unwrap();
        assert!(content.matches(b"abc"));
        assert!(!content.matches(b"abd") && !content.matches(b"abc\0"));
        assert_eq!((content.blocks(), ContentRef { size: 128 * 1024 + 1, ..content }.blocks()), (1, 2));
    }
}
