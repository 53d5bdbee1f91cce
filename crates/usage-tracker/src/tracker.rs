//! The tracker itself: what its owner can ask of it.

use std::fmt;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use usage_core::{LabelNames, Labels, Record, RecordError};

use crate::accounts::{Books, Event};
use crate::error::{FlushError, RejectedRecord};
use crate::handle::Handle;
use crate::handles::Handles;
use crate::shared::Shared;
use crate::stats::Stats;

/// Takes records from any thread without making it wait, and has one thread of its own write them
/// to a [`Sink`](usage_core::sink::Sink) in batches.
///
/// Share it as an `Arc<Tracker>`, or give each place that records a [`Handle`]. Keep the tracker
/// itself until the end: [`shutdown`](Self::shutdown) or dropping it writes what is left and stops
/// the writer.
#[must_use = "dropping the tracker stops its writer"]
pub struct Tracker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) thread: Mutex<Option<JoinHandle<()>>>,
    pub(crate) handles: Mutex<Handles>,
    pub(crate) drop_deadline: Duration,
    pub(crate) has_journal: bool,
    /// The process that its threads run in.
    pub(crate) process: u32,
}

impl Tracker {
    /// Hands a record over. Waits for nothing but the channel's own short lock.
    ///
    /// A record that was taken is in every later [`stats`](Self::stats), and reaches the sink, is
    /// handed back by [`shutdown`](Self::shutdown), or is counted as dropped.
    ///
    /// # Errors
    /// When the channel is full or the tracker is shut down. The record is in the error.
    #[inline]
    pub fn record(&self, record: Record) -> Result<(), RejectedRecord> {
        self.shared.sender.record(record)
    }

    /// Hands a record over, waiting for room without holding up the thread; on any async runtime.
    ///
    /// A future that is dropped before it is ready drops its record, which was then never
    /// submitted.
    ///
    /// # Errors
    /// When the tracker is shut down. The record is in the error.
    pub async fn record_async(&self, record: Record) -> Result<(), RejectedRecord> {
        self.shared.sender.record_async(record).await
    }

    /// Hands a record over, holding the thread up to `deadline` long for room.
    ///
    /// # Errors
    /// When the channel stays full for that long or the tracker is shut down. The record is in
    /// the error.
    pub fn record_blocking(
        &self,
        record: Record,
        deadline: Duration,
    ) -> Result<(), RejectedRecord> {
        self.shared.sender.record_blocking(record, deadline)
    }

    /// Makes a handle: a cheap way to record many requests with the same names.
    ///
    /// ```
    /// # use usage_core::sink::{BatchOutcome, Sink};
    /// # use usage_core::{Error, LabelNames, Labels, Record, TokenCounts};
    /// # use usage_tracker::Tracker;
    /// # struct Nowhere;
    /// # impl Sink for Nowhere {
    /// #     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
    /// #         Ok(BatchOutcome::stored(batch.len() as u64))
    /// #     }
    /// # }
    /// # let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    /// let tracker = Tracker::builder().start(Nowhere)?;
    /// let handle = tracker.handle(Labels::new(names)?);
    /// handle.record(TokenCounts::unclassified(1_200))?;
    /// assert_eq!(tracker.stats().submitted, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn handle(&self, labels: Labels) -> Handle {
        Handle::new(Arc::clone(&self.shared), labels)
    }

    /// Returns the handle of these names, made once and kept: for a gateway whose names come with each
    /// request. Of the last few thousand names none is checked or copied again.
    ///
    /// ```
    /// # use usage_core::sink::{BatchOutcome, Sink};
    /// # use usage_core::{Error, LabelNames, Record, TokenCounts};
    /// # use usage_tracker::Tracker;
    /// # struct Nowhere;
    /// # impl Sink for Nowhere {
    /// #     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
    /// #         Ok(BatchOutcome::stored(batch.len() as u64))
    /// #     }
    /// # }
    /// let tracker = Tracker::builder().start(Nowhere)?;
    /// for model in ["large", "small", "large"] {
    ///     let names = LabelNames::new().with_instance("i").with_route("r").with_model(model);
    ///     tracker.handle_for(names)?.record(TokenCounts::unclassified(1_200))?;
    /// }
    /// assert_eq!(tracker.stats().submitted, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a name is one that no record may have, as [`Labels::new`].
    pub fn handle_for(&self, names: LabelNames<'_>) -> Result<Handle, RecordError> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.of(names, &self.shared)
    }

    /// Returns the accounts of everything so far, in one consistent snapshot.
    pub fn stats(&self) -> Stats {
        self.shared.stats(&self.shared.accounts.lock())
    }

    /// Writes everything that was accepted before the call, without waiting for batches to fill,
    /// and waits until it is stored, refused or counted otherwise.
    ///
    /// A failing sink is tried again at once, and then with growing back-off as usual.
    ///
    /// # Errors
    /// When that takes longer than `deadline`, when the writer has stopped without storing
    /// everything, when the writer itself calls, or in a forked child, at once.
    pub fn flush(&self, deadline: Duration) -> Result<(), FlushError> {
        let Shared { sender, accounts, .. } = &*self.shared;
        if self.is_forked() {
            return Err(FlushError::Forked);
        }
        if self.shared.is_own_thread() {
            return Err(FlushError::OnWriterThread);
        }
        let mut books = accounts.lock();
        // Records leave the channel in the order they entered it and are acknowledged in that order.
        let target = books.counters.received + sender.queued(&books) as u64;
        let is_pending = |books: &Books| books.counters.acknowledged() < target;
        if is_pending(&books) {
            let callers = &mut books.state.callers;
            callers.flush_target = callers.flush_target.max(target);
            callers.arrivals += 1;
            books.advance(Event::Flush);
            self.shared.wake();
        }
        let books = accounts
            .wait_while(books, deadline, |books| is_pending(books) && !books.phase().is_stopped());
        match target.saturating_sub(books.counters.acknowledged()) {
            0 => Ok(()),
            remaining if books.phase().is_stopped() => Err(FlushError::Stopped { remaining }),
            remaining => Err(FlushError::TimedOut { remaining }),
        }
    }

    /// Waits until everything that was accepted before the call survives the process: it is in
    /// the journal, stored, or counted otherwise. With [`Durability::Synced`](crate::Durability::Synced),
    /// when it survives a power loss; calls that wait at the same time share one sync of the disk.
    /// Looks first whether the journal still lies where others will find it: what somebody has moved
    /// away or deleted is written anew. Without a journal, as [`flush`](Self::flush).
    ///
    /// ```
    /// # use usage_core::{LabelNames, Labels, TokenCounts};
    /// # use usage_store::Store;
    /// # use usage_tracker::Tracker;
    /// # use std::time::Duration;
    /// # let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    /// # let folder = tempfile::tempdir()?;
    /// let tracker = Tracker::builder().start(Store::open(folder.path().join("usage.db"))?)?;
    /// tracker.handle(Labels::new(names)?).record(TokenCounts::unclassified(7))?;
    ///
    /// tracker.flush_to_journal(Duration::from_secs(5))?;
    /// assert_eq!(tracker.stats().journaled, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn flush_to_journal(&self, deadline: Duration) -> Result<(), FlushError> {
        if !self.has_journal {
            return self.flush(deadline);
        }
        let Shared { sender, accounts, .. } = &*self.shared;
        if self.is_forked() {
            return Err(FlushError::Forked);
        }
        if self.shared.is_own_thread() {
            return Err(FlushError::OnWriterThread);
        }
        let mut books = accounts.lock();
        let target = books.counters.received + sender.queued(&books) as u64;
        let callers = &mut books.state.callers;
        callers.for_journal += 1;
        // What was written there may be there no more.
        callers.checks_asked += 1;
        let asked = callers.checks_asked;
        sender.wake();
        let is_sure = |books: &Books| books.state.callers.checks_done >= asked;
        let mut books = accounts.wait_while(books, deadline, |books| {
            let is_safe = is_sure(books) && books.counters.secured() >= target;
            !is_safe && !books.phase().is_stopped()
        });
        books.state.callers.for_journal -= 1;
        let Books { counters, .. } = &*books;
        let safe = if is_sure(&books) { counters.secured() } else { counters.ended_safely() };
        match target.saturating_sub(safe) {
            0 => Ok(()),
            remaining if books.phase().is_stopped() => Err(FlushError::Stopped { remaining }),
            remaining => Err(FlushError::TimedOut { remaining }),
        }
    }

    /// Returns whether this is a process that was forked from the tracker's own: none of its threads is here,
    /// locks may be held that nobody will release, and what there is of the journal is the other's.
    pub(crate) fn is_forked(&self) -> bool {
        self.process != process::id()
    }

    /// Takes the writer's thread, once.
    pub(crate) fn take_thread(&self) -> Option<JoinHandle<()>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
