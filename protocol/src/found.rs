//! One customer whom head office looked up because a device asked: the owner of a card of another shard, who is travelling, or one
//! whose import has not arrived.

use crate::{
    base64,
    customer::{CustomerId, Profile},
    name::{DeviceId, Tenant},
    signed::Document,
    token::Token,
    utc::Utc,
};
use serde::{Deserialize, Serialize};

/// The answer to [`crate::request::Request::Customer`], for the device that asked and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundCustomer {
    /// Whose customer, and whose device.
    pub tenant: Tenant,
    /// The device that asked.
    pub device: DeviceId,
    /// By which of the tokens asked for they were found; 16 bytes in base64.
    #[serde(with = "base64::token")]
    pub token: Token,
    /// Head office's number for them.
    pub customer: CustomerId,
    /// Their [`Profile`] in CBOR, in base64.
    #[serde(with = "base64::bytes")]
    pub profile: Vec<u8>,
    /// When head office said so. A device keeps it for a day from then on, so that an old answer says nothing new.
    pub at: Utc,
}

impl Document for FoundCustomer {
    const TYPE: &'static str = "touchpoint.customer.v1";

    fn check(&self) -> Result<(), String> {
        Profile::from_cbor(&self.profile).map(drop).map_err(|error| format!("profile: {error}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::signed::{SigningKey, TrustedKeys, open, seal};

    fn found(profile: Vec<u8>) -> FoundCustomer {
        FoundCustomer {
            tenant: "acme".parse().unwrap(),
            device: "kiosk-1".parse().unwrap(),
            token: Token::from_bytes([7; 16]),
            customer: 7.try_into().unwrap(),
            profile,
            at: Utc::from_millis(1_795_253_400_250),
        }
    }

    #[test]
    fn a_customer_is_read_back_as_signed_and_without_a_profile_is_none() {
        let key = SigningKey::from_pkcs8("k1".parse().unwrap(), &SigningKey::generate().unwrap()).unwrap();
        let trusted = TrustedKeys::new(vec![key.public()]);
        let anna = found(Profile::default().to_cbor());
        assert_eq!(open::<FoundCustomer>(seal(&anna, &key).unwrap().as_bytes(), &trusted).unwrap(), anna);
        assert!(seal(&found(b"no profile".to_vec()), &key).unwrap_err().to_string().contains("profile: "));
    }
}
