//! The signed head of a group: which campaign bundle its devices run now.

use crate::{
    digest::ContentRef,
    limits,
    name::{GroupId, Tenant},
    signed::Document,
};
use serde::{Deserialize, Serialize};

/// What a device must hold to run this group's campaigns. Retained on `groups/<group>/campaigns`.
///
/// The bundle and its media are not signed themselves: this document is, and pins them by size and SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupHead {
    /// Whose devices.
    pub tenant: Tenant,
    /// Which of them.
    pub group: GroupId,
    /// Rises with every publication; a device never goes back to an older one.
    pub revision: u64,
    /// The [`crate::bundle::Bundle`].
    pub bundle: ContentRef,
    /// The pictures its campaigns name.
    pub media: Vec<ContentRef>,
}

impl Document for GroupHead {
    const TYPE: &'static str = "touchpoint.group_head.v1";

    fn check(&self) -> Result<(), String> {
        if self.bundle.size as usize > limits::BUNDLE {
            return Err(format!("bundle: {} bytes, over {}", self.bundle.size, limits::BUNDLE));
        }
        if self.media.len() > limits::MEDIA {
            return Err(format!("media: {} of them, over {}", self.media.len(), limits::MEDIA));
        }
        match self.media.iter().find(|medium| medium.size as usize > limits::PICTURE) {
            Some(medium) => {
                Err(format!("media: {} has {} bytes, over {}", medium.sha256, medium.size, limits::PICTURE))
            }
            None => Ok(()),
        }
    }
}
