//! What nobody else has, by lot: names of journals and visits, and secrets.

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// The system has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandomness;

/// So many random bytes in hexadecimal digits, wiped when dropped.
///
/// # Errors
/// The system has no randomness to give.
pub(crate) fn hex(bytes: usize) -> Result<Zeroizing<String>, NoRandomness> {
    let mut drawn = Zeroizing::new(vec![0; bytes]);
    SystemRandom::new().fill(&mut drawn).map_err(|_| NoRandomness)?;
    Ok(Zeroizing::new(HEXLOWER.encode(&drawn)))
}
