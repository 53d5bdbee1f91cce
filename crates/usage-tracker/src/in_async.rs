//! Flushing and shutting down for async code: on any runtime, without holding up its threads.

use std::sync::Arc;
use std::time::Duration;

use blocking::unblock;

use crate::error::FlushError;
use crate::shutdown::ShutdownReport;
use crate::tracker::Tracker;

/// Each waits on a thread of a pool that all such calls of the process share. A future that is dropped before it is
/// ready leaves its work to be done all the same.
impl Tracker {
    /// Does as [`flush`](Self::flush), without holding up the thread.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn flush_async(self: &Arc<Self>, deadline: Duration) -> Result<(), FlushError> {
        let tracker = Arc::clone(self);
        unblock(move || tracker.flush(deadline)).await
    }

    /// Does as [`flush_to_journal`](Self::flush_to_journal), without holding up the thread.
    ///
    /// # Errors
    /// As [`flush_to_journal`](Self::flush_to_journal).
    pub async fn flush_to_journal_async(
        self: &Arc<Self>,
        deadline: Duration,
    ) -> Result<(), FlushError> {
        let tracker = Arc::clone(self);
        unblock(move || tracker.flush_to_journal(deadline)).await
    }

    /// Does as [`shutdown`](Self::shutdown), without holding up the thread.
    pub async fn shutdown_async(self: &Arc<Self>, deadline: Duration) -> ShutdownReport {
        let tracker = Arc::clone(self);
        unblock(move || tracker.shutdown(deadline)).await
    }
}
