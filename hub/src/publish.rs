//! A campaign folder made the next revision of a group.

use crate::{
    check::{CheckError, Checked, check_on},
    office::{Office, now},
    problem::Problem,
};
use serde::Serialize;
use std::path::Path;
use tokio::task::{JoinError, spawn_blocking};
use touchpoint_protocol::name::GroupId;

/// How long the panel of a device that says nothing counts as being in use, in milliseconds: 30 days. A machine is switched off for a
/// holiday or for building works, and one that was given up must not keep campaigns from others for ever.
const IN_USE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

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
    /// What was doubtful, and was published all the same.
    #[serde(skip)]
    pub warnings: Vec<Problem>,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The folder cannot be published.
    #[error(transparent)]
    Check(CheckError),
    /// What panels are in use cannot be read.
    #[error("the panels of group {group} cannot be read")]
    Panels {
        /// The group.
        group: GroupId,
        /// Why.
        source: touchpoint_vault::Error,
    },
    /// What customers there are cannot be read.
    #[error("the customers cannot be read")]
    Customers(#[source] touchpoint_vault::Error),
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
    /// Checks a campaign folder for a group: on the panels it names and on those of the group's devices, as far as they have told, and
    /// whether customers have what it takes for granted.
    ///
    /// # Errors
    /// Every problem of every file, or what could not be read.
    pub async fn check(&self, group: &GroupId, folder: &Path) -> Result<Checked, PublishError> {
        let in_use = self.store.panels_of(group, now().plus_millis(-IN_USE_MS)).await;
        let in_use = in_use.map_err(|source| PublishError::Panels { group: group.clone(), source })?;
        let folder = folder.to_owned();
        // Fonts are opened and pictures decoded: not on the runtime's threads.
        let checked = spawn_blocking(move || check_on(&folder, &in_use)).await.map_err(PublishError::Broken)?;
        let mut checked = checked.map_err(PublishError::Check)?;
        let names = checked.mentions.iter().map(|mention| mention.of.clone()).collect();
        let nobodys = self.store.nobodys(names).await.map_err(PublishError::Customers)?;
        let doubtful = checked.mentions.iter().filter(|mention| nobodys.contains(&mention.of));
        checked.warnings.extend(doubtful.map(|mention| mention.doubt.clone()));
        Ok(checked)
    }

    /// Checks a campaign folder and makes it the next revision of a group.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn publish(&self, group: &GroupId, folder: &Path) -> Result<Published, PublishError> {
        self.put_in_force(group, self.check(group, folder).await?).await
    }

    /// Makes a checked folder the next revision of a group.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn put_in_force(&self, group: &GroupId, checked: Checked) -> Result<Published, PublishError> {
        let Checked { bundle, media, warnings, .. } = checked;
        let document = bundle.encode();
        let bytes = document.len() + media.iter().map(|medium| medium.bytes.len()).sum::<usize>();
        let (campaigns, pictures) = (bundle.campaigns.len() as u64, media.len() as u64);
        let stored = self.store.publish(group, document, media).await;
        let revision = stored.map_err(|source| PublishError::Store { group: group.clone(), source })?;
        Ok(Published { group: group.clone(), revision, campaigns, media: pictures, bytes: bytes as u64, warnings })
    }
}
