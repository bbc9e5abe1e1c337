//! The one word for each reason to refuse: what head office counts, where the log has the whole sentence.

use touchpoint_protocol::{health::RefusalReason, signed::OpenError};

use crate::{
    domain::update::Refusal,
    following::FollowError,
    hearing::HearError,
    upstream::{FetchError, Unwelcome},
};

impl Unwelcome {
    /// Why a message was not taken.
    pub(crate) fn reason(&self) -> RefusalReason {
        match self {
            Unwelcome::Topic(_) | Unwelcome::Channel(_) => RefusalReason::Topic,
            Unwelcome::Document { source, .. } => of_document(source),
            Unwelcome::Old { .. } => RefusalReason::Old,
            Unwelcome::Addressee { .. } => RefusalReason::Elsewhere,
        }
    }
}

impl FollowError {
    /// Why a head or a delta was not followed.
    pub(crate) fn reason(&self) -> RefusalReason {
        match self {
            FollowError::Refused(refusal) => of_refusal(refusal),
            FollowError::Fetch(error) => error.reason(),
            FollowError::Cache(_) => RefusalReason::Cache,
            FollowError::Disk(_) => RefusalReason::Disk,
            FollowError::Count { .. } | FollowError::Block(_) => RefusalReason::Malformed,
            FollowError::Campaigns(_) => RefusalReason::Campaigns,
        }
    }
}

impl HearError {
    /// Why contacts were not taken.
    pub(crate) fn reason(&self) -> RefusalReason {
        match self {
            HearError::Refused(refusal) => of_refusal(refusal),
            HearError::Entries(_) => RefusalReason::Malformed,
            HearError::Fetch(error) => error.reason(),
            HearError::Cache(_) | HearError::Journal(_) => RefusalReason::Cache,
            HearError::Disk(_) => RefusalReason::Disk,
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

fn of_refusal(refusal: &Refusal) -> RefusalReason {
    match refusal {
        Refusal::Elsewhere(_) => RefusalReason::Elsewhere,
        Refusal::Older { .. } => RefusalReason::Old,
        Refusal::TokenKey(_) => RefusalReason::TokenKey,
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
