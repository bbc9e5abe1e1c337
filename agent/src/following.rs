//! What `follow` does about one head or one delta: plans, pulls, keeps, tells.

use futures_util::TryStreamExt;
use std::{path::Path, sync::Arc};
use tokio::sync::watch;
use touchpoint_display::Size;
use touchpoint_protocol::{
    block::Rows,
    delta::Delta,
    group::GroupHead,
    health::{UnfollowedCampaigns, UnfollowedCustomers, shortened},
    shard::ShardHead,
    signed::TrustedKeys,
    token::TokenKeys,
};

use crate::{
    cache::{Cache, CacheError, StoredCampaigns},
    campaigns::{Campaigns, CampaignsError},
    chain,
    disk::{self, DiskError},
    domain::update::{
        CampaignsPlan, CustomersPlan, DeltaPlan, Membership, Refusal, plan_campaigns, plan_customers, plan_delta,
    },
    status::LineStatus,
    upstream::{FetchError, Upstream},
};

/// What `follow` keeps up to date, and with what.
#[derive(Debug)]
pub struct Following<'a> {
    /// Where customers, campaigns and media are kept.
    pub cache: &'a Cache,
    /// Where visits take their campaigns from.
    pub campaigns: &'a watch::Sender<Option<Arc<Campaigns>>>,
    /// Which tokens this device can make.
    pub tokens: &'a TokenKeys,
    /// Whose signature counts.
    pub head_office: &'a TrustedKeys,
    /// Whose documents it takes.
    pub here: &'a Membership,
    /// How large a picture may be.
    pub panel: Size,
    /// Where the databases are: what is fetched must leave room there.
    pub folder: &'a Path,
    /// What is told about it.
    pub status: &'a watch::Sender<LineStatus>,
}

/// Why a head or a delta was not followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    #[error("refused a document")]
    Refused(#[from] Refusal),
    #[error("cannot fetch")]
    Fetch(#[from] FetchError),
    #[error("cannot keep")]
    Cache(#[from] CacheError),
    #[error("cannot keep")]
    Disk(#[from] DiskError),
    #[error("refused block {block}: it does not hold the {announced} rows that were announced")]
    Count { block: u32, announced: u32 },
    #[error("refused a block")]
    Block(#[from] touchpoint_protocol::block::UnpackError),
    #[error("refused campaigns")]
    Campaigns(#[from] CampaignsError),
}

impl Following<'_> {
    /// Puts the campaigns of a head in force.
    pub(crate) async fn campaigns(&self, upstream: &Upstream, head: &GroupHead) -> Result<(), FollowError> {
        let held = self.cache.held().await?;
        let missing = match plan_campaigns(&held, &self.cache.media().await?, head, self.here)? {
            CampaignsPlan::Nothing => return self.put_in_force(held.campaigns).await,
            CampaignsPlan::Fetch(missing) => missing,
        };
        let revision = head.revision;
        let bundle = upstream.content(head.bundle).await?;
        let mut media = match self.cache.campaigns().await? {
            Some(stored) => stored.media,
            None => Vec::new(),
        };
        for content in missing {
            media.push((content.sha256, upstream.content(content).await?));
        }

        // Decoded before anything is put in place: the campaigns in force stay if these are bad.
        let stored = StoredCampaigns { revision, bundle, media };
        let campaigns = Campaigns::decode(&stored, self.panel)?;
        disk::require(self.folder, disk::SYNC_ROOM)?;
        self.cache.activate(stored, campaigns.used()).await?;
        self.serve_with(campaigns);
        Ok(())
    }

    /// Makes sure that visits are served the campaigns that the cache holds: a connection that broke after they were kept took with
    /// it whoever would have told.
    async fn put_in_force(&self, revision: u64) -> Result<(), FollowError> {
        if self.status.borrow().campaigns == revision {
            return Ok(());
        }
        let Some(stored) = self.cache.campaigns().await? else { return Ok(()) };
        let campaigns = Campaigns::decode(&stored, self.panel)?;
        self.serve_with(campaigns);
        Ok(())
    }

    /// Visits are served these campaigns from now on.
    fn serve_with(&self, campaigns: Campaigns) {
        let revision = campaigns.revision;
        self.campaigns.send_replace(Some(Arc::new(campaigns)));
        self.status.send_modify(|status| status.campaigns = revision);
        tracing::info!(revision, "campaigns are in force");
    }

    /// Puts the customers of a head in place: its snapshot block by block, if the device holds another epoch, and then what changed
    /// since, revision by revision.
    pub(crate) async fn customers(&self, upstream: &Upstream, head: &ShardHead) -> Result<(), FollowError> {
        loop {
            let held = self.cache.held().await?;
            let first = match plan_customers(&held, head, self.here, |key| self.tokens.knows(key))? {
                CustomersPlan::Nothing => {
                    // A connection that broke in the middle of a change may have kept it without telling.
                    self.tell(held.epoch, held.revision, self.cache.customers().await?);
                    return Ok(());
                }
                CustomersPlan::Pull(from) => {
                    self.keep(upstream.delta(head, from, self.head_office).await?).await?;
                    continue;
                }
                CustomersPlan::Resume(next) => next,
                CustomersPlan::Fetch => {
                    self.cache.begin(head).await?;
                    0
                }
            };
            let mut blocks = std::pin::pin!(upstream.blocks(head, first));
            while let Some((block, bytes)) = blocks.try_next().await? {
                disk::require(self.folder, disk::SYNC_ROOM)?;
                let rows = Rows::decompress(&bytes)?;
                let announced = head.blocks.get(block as usize).map_or(0, |block| block.rows);
                if rows.iter().len() != announced as usize {
                    return Err(FollowError::Count { block, announced });
                }
                self.cache.stage(block, rows).await?;
            }
            self.cache.swap(head).await?;
            self.tell(head.epoch, 0, head.rows);
            tracing::info!(epoch = head.epoch, rows = head.rows, "customers are in place");
        }
    }

    /// Applies a delta that passed by, if it leads on from what the device holds.
    pub(crate) async fn apply(&self, delta: Delta) -> Result<(), FollowError> {
        match plan_delta(&self.cache.held().await?, &delta, self.here)? {
            DeltaPlan::Apply => self.keep(delta).await,
            DeltaPlan::Nothing => Ok(()),
        }
    }

    async fn keep(&self, delta: Delta) -> Result<(), FollowError> {
        let (epoch, revision) = (delta.epoch, delta.to);
        disk::require(self.folder, disk::SYNC_ROOM)?;
        if let Some(rows) = self.cache.apply(delta).await? {
            self.tell(epoch, revision, rows);
            tracing::info!(epoch, revision, rows, "customers have changed");
        }
        Ok(())
    }

    fn tell(&self, epoch: u64, revision: u64, rows: u64) {
        self.status.send_modify(|status| {
            (status.epoch, status.revision, status.customers) = (epoch, revision, rows);
        });
    }

    /// Reports what was not followed; true if it is worth trying again without a new head.
    pub(crate) fn outcome(&self, outcome: Result<(), FollowError>) -> bool {
        let Err(error) = outcome else { return false };
        let again = matches!(error, FollowError::Fetch(_) | FollowError::Cache(_) | FollowError::Disk(_));
        let text = chain(&error);
        tracing::warn!(error = text, again, "a head was not followed");
        self.status.send_modify(|status| status.refuse(error.reason(), &text));
        again
    }

    /// Tells of campaigns that are not followed, until some are.
    pub(crate) fn unfollowed_campaigns(&self, head: &GroupHead, outcome: &Result<(), FollowError>) {
        let told = outcome.as_ref().err().map(|error| {
            let reason = shortened(&chain(error));
            UnfollowedCampaigns { revision: head.revision, reason }
        });
        self.status.send_modify(|status| status.unfollowed.campaigns = told);
    }

    /// Tells of customers that are not followed, until some are.
    pub(crate) fn unfollowed_customers(&self, head: &ShardHead, outcome: &Result<(), FollowError>) {
        let told = outcome.as_ref().err().map(|error| {
            let reason = shortened(&chain(error));
            UnfollowedCustomers { epoch: head.epoch, revision: head.revision, reason }
        });
        self.status.send_modify(|status| status.unfollowed.customers = told);
    }
}
