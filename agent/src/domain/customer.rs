//! Who stands at the machine, as far as this device knows.

use touchpoint_protocol::{
    consent::Consent,
    customer::{CustomerId, Profile},
    name::{Language, Purpose, Segment},
};

/// What the profile's marketing consent is called among purposes.
const MARKETING: &str = "marketing";

/// A customer whom the cache knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Head office's number for them.
    pub id: CustomerId,
    /// What head office says of them.
    pub profile: Profile,
}

impl Customer {
    /// The segment named first, by which reports and the status speak of them.
    pub fn segment(&self) -> Option<&Segment> {
        self.profile.segments.first()
    }

    /// The language they are spoken to in, if known.
    pub fn language(&self) -> Option<&Language> {
        self.profile.language.as_ref()
    }

    /// Their word on a purpose, as head office has it; on marketing, if none is named.
    pub fn consent(&self, purpose: Option<&Purpose>) -> Option<&Consent> {
        match purpose {
            Some(purpose) if purpose.as_str() != MARKETING => self.profile.purposes.get(purpose),
            _ => Some(&self.profile.marketing),
        }
    }
}
