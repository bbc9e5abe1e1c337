//! A campaign folder made the next revision of a group.

use crate::{
    check::{CheckError, Checked, check},
    office::Office,
};
use serde::Serialize;
use std::path::Path;
use tokio::task::{JoinError, spawn_blocking};
use touchpoint_protocol::name::GroupId;

/// What a publication did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The group.
    pub group: GroupId,
    /// Its new revision.
    pub revision: u64,
    /// Campaigns in it.
    pub campaigns: u64,
    /// Different pictures in it.
    pub media: u64,
    /// Bytes of the bundle and the pictures together.
    pub bytes: u64,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The folder cannot be published.
    #[error(transparent)]
    Check(CheckError),
    /// The database failed.
    #[error("nothing was published to group {group}")]
    Store {
        /// The group.
        group: GroupId,
        /// Why.
        source: touchpoint_vault::Error,
    },
    /// The work itself broke off.
    #[error("nothing was published, for the check broke off")]
    Broken(#[source] JoinError),
}

impl Office {
    /// Checks a campaign folder and makes it the next revision of a group.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn publish(&self, group: &GroupId, folder: &Path) -> Result<Published, PublishError> {
        let folder = folder.to_owned();
        // Fonts are opened and pictures decoded: not on the runtime's threads.
        let checked = spawn_blocking(move || check(&folder)).await.map_err(PublishError::Broken)?;
        self.put_in_force(group, checked.map_err(PublishError::Check)?).await
    }

    /// Makes a checked folder the next revision of a group.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn put_in_force(&self, group: &GroupId, checked: Checked) -> Result<Published, PublishError> {
        let Checked { bundle, media } = checked;
        let document = bundle.encode();
        let bytes = document.len() + media.iter().map(|medium| medium.bytes.len()).sum::<usize>();
        let (campaigns, pictures) = (bundle.campaigns.len() as u64, media.len() as u64);
        let stored = self.store.publish(group, document, media).await;
        let revision = stored.map_err(|source| PublishError::Store { group: group.clone(), source })?;
        Ok(Published { group: group.clone(), revision, campaigns, media: pictures, bytes: bytes as u64 })
    }
}
