//! One customer for a device that does not know them, in whichever shard they are.

use crate::{
    answer::Unanswered,
    office::{Office, now},
    store::{Found, FoundRow},
};
use touchpoint_protocol::{found::FoundCustomer, name::DeviceId, signed::seal, token::Token};

impl Office {
    /// The signed customer who has one of these tokens.
    pub(crate) async fn customer(&self, device: &DeviceId, tokens: Vec<Token>) -> Result<Found<Vec<u8>>, Unanswered> {
        let found = self.store.customer(tokens).await.map_err(Unanswered::Store)?;
        let Some(FoundRow { token, customer, profile }) = found else { return Ok(Found::Nothing) };
        let (tenant, device) = (self.config.tenant.clone(), device.clone());
        let found = FoundCustomer { tenant, device, token, customer, profile, at: now() };
        let document = seal(&found, &self.keys.signing).map_err(Unanswered::Seal)?;
        Ok(Found::Here(document.into_bytes()))
    }
}
