//! The signed head of a shard: which snapshot of its customers holds now, and up to which revision it was changed since.

use crate::{
    digest::Digest,
    limits,
    name::{KeyId, ShardId, Tenant},
    signed::Document,
};
use serde::{Deserialize, Serialize};

/// What a device must hold to serve this shard. Retained on `shards/<shard>/head`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardHead {
    /// Whose customers.
    pub tenant: Tenant,
    /// Which of them.
    pub shard: ShardId,
    /// Rises each time the shard is built anew; a device never goes back to an older one.
    pub epoch: u64,
    /// The newest revision of this epoch. The snapshot is revision 0, and [`crate::delta::Delta`]s lead from there to this one;
    /// it rises with each, and begins again at 0 with each epoch.
    pub revision: u64,
    /// The token key the rows were made with.
    pub token_key: KeyId,
    /// How many rows all blocks of the snapshot hold together.
    pub rows: u64,
    /// The snapshot's blocks, in their order.
    pub blocks: Vec<BlockRef>,
}

/// One block of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockRef {
    /// SHA-256 of the block as it travels.
    pub sha256: Digest,
    /// Rows in it.
    pub rows: u32,
}

impl ShardHead {
    /// Whether it was made after the other, of the same shard.
    pub fn is_newer_than(&self, other: &ShardHead) -> bool {
        (self.epoch, self.revision) > (other.epoch, other.revision)
    }

    /// What the snapshot's manifest says, in one digest: two heads of one epoch have the same, unless an epoch was built twice.
    pub fn manifest(&self) -> Digest {
        let mut bytes = self.token_key.as_str().as_bytes().to_vec();
        for BlockRef { sha256, rows } in &self.blocks {
            bytes.extend_from_slice(sha256.as_bytes());
            bytes.extend_from_slice(&rows.to_be_bytes());
        }
        Digest::of(&bytes)
    }
}

impl Document for ShardHead {
    const TYPE: &'static str = "touchpoint.shard_head.v1";

    fn check(&self) -> Result<(), String> {
        if self.blocks.len() > limits::BLOCKS {
            return Err(format!("blocks: {} of them, over {}", self.blocks.len(), limits::BLOCKS));
        }
        let rows: u64 = self.blocks.iter().map(|block| u64::from(block.rows)).sum();
        if rows != self.rows {
            return Err(format!("rows: {} announced, {rows} in the blocks", self.rows));
        }
        Ok(())
    }
}
