//! The keyed hash that stands for a card from here on.
//!
//! `token = HMAC-SHA256(token key, "touchpoint/token/v1" || kind || canonical number)`, first 16 bytes. Keyed and over the whole
//! number, as PCI DSS v4.0.1, 3.5.1.1 asks: a card issuer's range is about 10^9 numbers, which a plain hash would give away
//! in minutes. Head office computes the same when it imports customers.

use crate::{
    card::{Card, CardKind},
    name::KeyId,
};
use data_encoding::HEXLOWER;
use minicbor::{
    Decode, Encode, Encoder,
    bytes::{ByteArray, ByteSlice},
    decode, encode,
};
use ring::hmac;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// What separates this hash from every other use of a key.
const DOMAIN: &[u8] = b"touchpoint/token/v1";

/// A customer's stand-in for one of their cards: 16 bytes that name nobody without the token key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// From 16 bytes of a cache or a document.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, in which order rows of a snapshot are sorted.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl<C> Encode<C> for Token {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        <&ByteSlice>::from(&self.0[..]).encode(encoder, context)
    }
}

impl<'b, C> Decode<'b, C> for Token {
    fn decode(decoder: &mut minicbor::Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        Ok(Self(ByteArray::<16>::decode(decoder, context)?.into()))
    }
}

/// The secret that turns cards into tokens. It leaves the machine's memory in no form, and is wiped when dropped.
pub struct TokenKey {
    id: KeyId,
    secret: Zeroizing<[u8; 32]>,
}

impl TokenKey {
    /// From its 32 secret bytes.
    pub fn new(id: KeyId, secret: Zeroizing<[u8; 32]>) -> Self {
        Self { id, secret }
    }

    /// From the line a key file holds: the id, a colon, 64 hexadecimal digits.
    ///
    /// # Errors
    /// Says which of the two parts is wrong, and repeats nothing of the secret.
    pub fn parse(line: &str) -> Result<Self, TokenKeyError> {
        let (id, hex) = line.trim().split_once(':').ok_or(TokenKeyError::Form)?;
        let id = id.parse().map_err(TokenKeyError::Id)?;
        let mut secret = Zeroizing::new([0; 32]);
        if hex.len() != 64 {
            return Err(TokenKeyError::Form);
        }
        HEXLOWER.decode_mut(hex.as_bytes(), &mut *secret).map_err(|_| TokenKeyError::Form)?;
        Ok(Self { id, secret })
    }

    /// The line [`TokenKey::parse`] reads.
    pub fn to_line(&self) -> Zeroizing<String> {
        let mut hex = HEXLOWER.encode(&*self.secret);
        let line = Zeroizing::new(format!("{}:{hex}", self.id));
        hex.zeroize();
        line
    }

    /// Which key this is; documents name it, so that a device knows which key their tokens were made with.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The one place where a card becomes a token; the card is gone afterwards.
    pub fn token(&self, card: Card) -> Token {
        self.token_of(&card)
    }

    fn token_of(&self, card: &Card) -> Token {
        // ring keeps no way to wipe its key, so it lives for this call only and the secret stays in memory that is wiped.
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.secret);
        let mut context = hmac::Context::with_key(&key);
        context.update(DOMAIN);
        context.update(kind_label(card.kind()));
        context.update(card.number());
        let mut token = [0; 16];
        token.copy_from_slice(&context.sign().as_ref()[..16]);
        Token(token)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({}, ..)", self.id)
    }
}

/// The keys that are valid now: the current one, and while keys are being changed the one before it.
#[derive(Debug)]
pub struct TokenKeys {
    current: TokenKey,
    previous: Option<TokenKey>,
}

impl TokenKeys {
    /// The current key and, during a rotation, the previous one.
    pub fn new(current: TokenKey, previous: Option<TokenKey>) -> Self {
        Self { current, previous }
    }

    /// Tokens under each valid key, the current one first. Consumes the card.
    pub fn tokens(&self, card: Card) -> Vec<Token> {
        std::iter::once(&self.current).chain(&self.previous).map(|key| key.token_of(&card)).collect()
    }

    /// Whether tokens made with this key can be found here.
    pub fn knows(&self, id: &KeyId) -> bool {
        std::iter::once(&self.current).chain(&self.previous).any(|key| key.id() == id)
    }
}

/// Why a line is no token key. Nothing of the line is repeated.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeyError {
    /// Not `id:64 hexadecimal digits`.
    #[error("a token key is its id, a colon and 64 hexadecimal digits in lower case")]
    Form,
    /// The id is no name.
    #[error("the token key's id is not a name")]
    Id(#[source] crate::name::NameError),
}

/// A zero byte ends each label, so that no kind and number run into another.
fn kind_label(kind: CardKind) -> &'static [u8] {
    match kind {
        CardKind::Payment => b"payment\0",
        CardKind::Loyalty => b"loyalty\0",
        CardKind::Surrogate => b"surrogate\0",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(id: &str, byte: u8) -> TokenKey {
        TokenKey::new(id.parse().unwrap(), Zeroizing::new([byte; 32]))
    }

    #[test]
    fn head_office_and_device_compute_the_same_token() {
        let card = || Card::payment("4111111111111111").unwrap();
        assert_eq!(key("t1", 7).token(card()), TokenKeys::new(key("t1", 7), None).tokens(card())[0]);
        // Frozen: a change here would orphan every customer of every device.
        assert_eq!(HEXLOWER.encode(key("t1", 7).token(card()).as_bytes()), "9b815f00314ea62c23b513e22c1d4528");
    }

    #[test]
    fn another_key_another_kind_or_another_number_is_another_token() {
        let token = key("t1", 7).token(Card::payment("4111111111111111").unwrap());
        assert_ne!(token, key("t1", 8).token(Card::payment("4111111111111111").unwrap()));
        assert_ne!(token, key("t1", 7).token(Card::loyalty("4111111111111111").unwrap()));
        assert_ne!(token, key("t1", 7).token(Card::payment("5555555555554444").unwrap()));
    }

    #[test]
    fn during_a_rotation_both_keys_find_the_customer() {
        let keys = TokenKeys::new(key("t2", 2), Some(key("t1", 1)));
        let tokens = keys.tokens(Card::loyalty("A1").unwrap());
        assert_eq!(
            tokens,
            [key("t2", 2).token(Card::loyalty("A1").unwrap()), key("t1", 1).token(Card::loyalty("A1").unwrap())]
        );
        assert!(keys.knows(&"t1".parse().unwrap()) && !keys.knows(&"t0".parse().unwrap()));
    }

    #[test]
    fn a_key_file_is_read_back_and_a_wrong_one_is_not_repeated_in_the_error() {
        let line = key("t1", 0xab).to_line();
        assert_eq!(TokenKey::parse(&line).unwrap().to_line(), line);
        for wrong in ["t1", "t1:abcd", "T1:00", &line[..line.len() - 1], &format!("{}00", *line)] {
            let error = TokenKey::parse(wrong).unwrap_err();
            assert!(!format!("{error:?}{error}").contains("abcd"));
        }
    }

    #[test]
    fn neither_tokens_nor_keys_show_themselves() {
        assert_eq!(format!("{:?}", key("t1", 7)), "TokenKey(t1, ..)");
        assert_eq!(format!("{:?}", Token::from_bytes([9; 16])), "Token(..)");
    }
}
