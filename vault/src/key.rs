//! Keys: one secret per device, and from it one raw key per file, so no file's key opens another.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::hkdf::{self, HKDF_SHA256};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// AES-256, which is what SQLCipher 4 encrypts pages with, takes 32 bytes.
const KEY_BYTES: usize = 32;

/// The length of the salt that SQLCipher keeps in clear at the start of a file.
pub(crate) const SALT_BYTES: usize = 16;

/// What every derived key's purpose is prefixed with; `v1` changes if the derivation ever does.
const DERIVATION: &[u8] = b"touchpoint/vault/v1/";

/// What a file's salt is the keyed hash of. It contains no `/` after the version, so no purpose collides with it.
const SALT_LABEL: &[u8] = b"touchpoint/vault/salt/v1";

/// The 32-byte secret of one device (or of head office) from which the key of every vault is derived.
///
/// Prints as `MasterKey(..)` and is wiped from memory when dropped.
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

/// The raw 256-bit key of one vault file.
///
/// Prints as `Key(..)` and is wiped from memory when dropped.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not 64 hexadecimal digits. The text itself is not kept: it may be nearly a key.
    #[error("a master key is 64 hexadecimal digits")]
    Hex,
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Random,
}

impl MasterKey {
    /// Takes over 32 secret bytes. The caller wipes its own copy.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A fresh key from the operating system's random source.
    ///
    /// # Errors
    /// [`KeyError::Random`] if that source fails.
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = Self::new([0; KEY_BYTES]);
        SystemRandom::new().fill(&mut key.0[..]).map_err(|_| KeyError::Random)?;
        Ok(key)
    }

    /// Reads exactly 64 hexadecimal digits, of either case and with nothing around them.
    ///
    /// # Errors
    /// [`KeyError::Hex`] for any other text.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        if text.len() != 2 * KEY_BYTES {
            return Err(KeyError::Hex);
        }
        let mut key = Self::new([0; KEY_BYTES]);
        HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut key.0[..]).map_err(|_| KeyError::Hex)?;
        Ok(key)
    }

    /// The key as 64 lower-case hexadecimal digits, for the file or credential that keeps it.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES));
        HEXLOWER.encode_append(&self.0[..], &mut text);
        text
    }

    /// The key for one purpose, say `"journal"`: HKDF-SHA256 (RFC 5869) without salt, its info
    /// `touchpoint/vault/v1/<purpose>`. The same purpose gives the same key for ever.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Key {
        let secret = hkdf::Salt::new(HKDF_SHA256, &[]).extract(&self.0[..]);
        let info = [DERIVATION, purpose.as_bytes()];
        let mut raw = Zeroizing::new([0; KEY_BYTES]);
        #[expect(clippy::expect_used, reason = "RFC 5869 allows 255 x 32 bytes and 32 are asked for")]
        secret
            .expand(&info, HKDF_SHA256)
            .and_then(|material| material.fill(&mut raw[..]))
            .expect("32 bytes are within what HKDF gives");
        Key(raw)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl Key {
    /// The 16 bytes a file encrypted with this key begins with.
    ///
    /// SQLCipher would choose them at random. Derived from the key instead, they say whether a file was made with
    /// this key before a page of it is read, so a wrong key is never taken for damage. A keyed hash gives nothing of
    /// the key away, and pages do not repeat: each is encrypted under a random vector of its own.
    pub(crate) fn salt(&self) -> [u8; SALT_BYTES] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0[..]), SALT_LABEL);
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&tag.as_ref()[..SALT_BYTES]);
        salt
    }

    /// The statement that opens a file with this key: raw key and salt in 96 digits, since SQLCipher silently takes
    /// any other length for a passphrase.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        const BEFORE: &str = "PRAGMA key = \"x'";
        const AFTER: &str = "'\"";
        // All of it reserved at once: a string that grows leaves a copy of the key behind.
        let length = BEFORE.len() + 2 * (KEY_BYTES + SALT_BYTES) + AFTER.len();
        let mut statement = Zeroizing::new(String::with_capacity(length));
        statement.push_str(BEFORE);
        HEXLOWER.encode_append(&self.0[..], &mut statement);
        HEXLOWER.encode_append(&self.salt(), &mut statement);
        statement.push_str(AFTER);
        statement
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_master_key_survives_hexadecimal() {
        let key = MasterKey::from_hex(HEX).unwrap();
        assert_eq!(*key.to_hex(), HEX);
        assert_eq!(*MasterKey::from_hex(&HEX.to_uppercase()).unwrap().to_hex(), HEX);
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_without_being_repeated() {
        for text in ["", &HEX[1..], &format!("{HEX}\n"), &HEX.replace('f', "g")] {
            let error = MasterKey::from_hex(text).unwrap_err();
            assert_eq!(error.to_string(), "a master key is 64 hexadecimal digits");
        }
    }

    #[test]
    fn two_generated_keys_differ() {
        let (one, two) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
        assert_ne!(*one.to_hex(), *two.to_hex());
    }

    /// Computed with another HKDF and HMAC: a change here would orphan every vault in the field.
    #[test]
    fn a_purpose_gives_the_same_key_and_salt_for_ever() {
        let key = MasterKey::from_hex(HEX).unwrap().derive("journal");
        let expected = "20c950ffe6659e7c4c41a2b6f3af7b995b80a38d421837a2ddb138d3d3503c63\
                        58637663035dab1e749ff61545c9fb4d";
        assert_eq!(*key.pragma(), format!("PRAGMA key = \"x'{expected}'\""));
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let master = MasterKey::from_hex(HEX).unwrap();
        assert_ne!(*master.derive("journal").pragma(), *master.derive("cache").pragma());
    }

    #[test]
    fn keys_print_nothing_of_themselves() {
        let master = MasterKey::from_hex(HEX).unwrap();
        assert_eq!(format!("{master:?}"), "MasterKey(..)");
        assert_eq!(format!("{:?}", master.derive("journal")), "Key(..)");
    }
}
