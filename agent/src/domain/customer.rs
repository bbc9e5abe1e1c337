//! Who stands at the machine, as far as this device knows.

use touchpoint_protocol::{
    customer::{Consent, CustomerId, Profile},
    name::{Language, Segment},
};

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

    /// Their word on marketing, as head office has it.
    pub fn marketing(&self) -> Consent {
        self.profile.marketing
    }
}
