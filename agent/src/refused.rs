//! The one word for each reason to refuse: what head office counts, where the log has the whole sentence.

use touchpoint_protocol::{health::RefusalReason, signed::OpenError};

use crate::{
    domain::update::Refusal,
    following::FollowError,
    upstream::{FetchError, Unwelcome},
};

impl Unwelcome {
    /// Why a message was not taken.
    pub(crate) fn reason(&self) -> RefusalReason {
        match self {
            Unwelcome::Topic(_) | Unwelcome::Channel(_) => RefusalReason::Topic,
            Unwelcome::Document { source, .. } => of_document(source),
            Unwelcome::Old { .. } => RefusalReason::Old,
            Unwelcome::Ahead { .. } => RefusalReason::Ahead,
            Unwelcome::Addressee { .. } => RefusalReason::Elsewhere,
        }
    }
}

impl FollowError {
    /// Why a head or a delta was not followed.
    pub(crate) fn reason(&self) -> RefusalReason {
        match self {
            FollowError::Refused(Refusal::Elsewhere(_)) => RefusalReason::Elsewhere,
            FollowError::Refused(Refusal::Older { .. }) => RefusalReason::Old,
            FollowError::Refused(Refusal::TokenKey(_)) => RefusalReason::TokenKey,
            FollowError::Fetch(error) => error.reason(),
            FollowError::Cache(_) => RefusalReason::Cache,
            FollowError::Disk(_) => RefusalReason::Disk,
            FollowError::Count { .. } | FollowError::Block(_) => RefusalReason::Malformed,
            FollowError::Campaigns(_) => RefusalReason::Campaigns,
        }
    }
}

impl FetchError {
    /// Why something was not to be had, or not taken.
    pub(crate) fn reason(&self) -> RefusalReason {
        match self {
            FetchError::Ask { .. } | FetchError::Refused { .. } => RefusalReason::Unavailable,
            FetchError::Reply { .. } => RefusalReason::Malformed,
            FetchError::Document { source, .. } => of_document(source),
            FetchError::Digest { .. } => RefusalReason::Mismatch,
            FetchError::Expired { .. } => RefusalReason::Old,
        }
    }
}

fn of_document(error: &OpenError) -> RefusalReason {
    match error {
        OpenError::Form { .. }
        | OpenError::Header { .. }
        | OpenError::UnknownKey { .. }
        | OpenError::Signature { .. } => RefusalReason::Signature,
        OpenError::TooLarge { .. } | OpenError::Json { .. } | OpenError::Content { .. } => RefusalReason::Malformed,
    }
}
