//! The reasons why a record was not taken, and why a wait has ended too early.

use std::fmt;

use usage_core::{ErrorKind, Record, RecordError};

/// A record that the tracker did not take. It comes back whole, to be tried again or saved
/// elsewhere.
///
/// ```
/// # use usage_core::sink::{BatchOutcome, Sink};
/// # use usage_core::{Error, LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
/// # use usage_tracker::{RejectReason, Tracker};
/// # use std::time::Duration;
/// # struct Nowhere;
/// # impl Sink for Nowhere {
/// #     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
/// #         Ok(BatchOutcome::stored(batch.len() as u64))
/// #     }
/// # }
/// # let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
/// # let record = Record::new(Labels::new(names)?, Usage::new(TokenCounts::new(), Timestamp::MIN_RECORD))?;
/// let tracker = Tracker::builder().start(Nowhere)?;
/// let _ = tracker.shutdown(Duration::from_secs(5));
///
/// let rejected = tracker.record(record.clone()).unwrap_err();
/// assert_eq!(rejected.reason(), RejectReason::Closed);
/// assert_eq!(rejected.into_record(), record);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RejectedRecord {
    record: Record,
    reason: RejectReason,
}

impl RejectedRecord {
    pub(crate) const fn new(record: Record, reason: RejectReason) -> Self {
        Self { record, reason }
    }

    /// The reason why it was not taken.
    #[must_use]
    pub const fn reason(&self) -> RejectReason {
        self.reason
    }

    /// The record.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// The record, to keep.
    #[must_use]
    pub fn into_record(self) -> Record {
        self.record
    }
}

impl fmt::Debug for RejectedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedRecord")
            .field("reason", &self.reason)
            .field("record", &self.record)
            .finish()
    }
}

impl fmt::Display for RejectedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl std::error::Error for RejectedRecord {}

/// The reason why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// The channel is full: records come faster than the sink stores them, or it fails.
    Full,
    /// The tracker is shut down.
    Closed,
}

impl RejectReason {
    /// Returns what kind of failure it is.
    #[must_use]
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::Full => ErrorKind::Full,
            Self::Closed => ErrorKind::Replaced,
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the channel to the usage writer is full",
            Self::Closed => "the usage tracker is shut down",
        })
    }
}

/// The reason why a [`Handle`](crate::Handle) recorded nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// The arguments make no record, for instance because the clock is far off. Nothing was
    /// submitted.
    #[error(transparent)]
    Invalid(#[from] RecordError),
    /// The tracker did not take the record; it comes back.
    #[error(transparent)]
    Rejected(#[from] RejectedRecord),
}

impl HandleError {
    /// Returns what kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Rejected(rejected) => rejected.reason.kind(),
        }
    }
}

/// The reason why [`Tracker::flush`](crate::Tracker::flush) came back without everything being stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// The deadline passed first. The writer goes on trying.
    #[error("{remaining} usage records were not stored before the deadline")]
    TimedOut {
        /// The number of records accepted before the call that are still pending.
        remaining: u64,
    },
    /// The writer has stopped without storing them.
    #[error("the usage writer stopped with {remaining} records not stored")]
    Stopped {
        /// The number of records accepted before the call that were not stored.
        remaining: u64,
    },
    /// The writer itself called, from its sink or its callback, and cannot wait for itself.
    #[error("the usage writer cannot wait for itself")]
    OnWriterThread,
    /// This process was forked from the one that the tracker runs in.
    #[error("the usage writer runs in another process, of which this one is a fork")]
    Forked,
}

impl FlushError {
    /// Returns what kind of failure it is.
    #[must_use]
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::TimedOut { .. } => ErrorKind::DeadlineExceeded,
            Self::Stopped { .. } => ErrorKind::Replaced,
            Self::OnWriterThread | Self::Forked => ErrorKind::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn errors_have_a_kind_and_tell_nothing_twice() {
        let flush = [
            (FlushError::TimedOut { remaining: 1 }, ErrorKind::DeadlineExceeded),
            (FlushError::Stopped { remaining: 1 }, ErrorKind::Replaced),
            (FlushError::OnWriterThread, ErrorKind::Invalid),
            (FlushError::Forked, ErrorKind::Invalid),
        ];
        for (error, kind) in flush {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.source().is_none(), "{error}");
        }
        let invalid = HandleError::from(RecordError::MixedKinds { unclassified: 1 });
        assert_eq!(invalid.kind(), ErrorKind::Invalid);
        assert!(invalid.source().is_none(), "{invalid}");
        assert_eq!(RejectReason::Full.kind(), ErrorKind::Full);
        assert_eq!(RejectReason::Closed.kind(), ErrorKind::Replaced);
    }
}
