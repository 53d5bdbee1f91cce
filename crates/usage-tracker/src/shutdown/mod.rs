//! The end of a tracker.

use std::time::Duration;

use usage_core::Record;

use crate::accounts::{Books, Event};
use crate::notify::notify_lost;
use crate::shared::Shared;
use crate::stats::Stats;
use crate::tracker::Tracker;

#[cfg(test)]
mod tests;

/// The result of [`Tracker::shutdown`].
#[derive(Clone, Debug)]
#[must_use = "it may hold records that were not stored"]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The accounts after it. `stats.last_error` says why something was not stored.
    pub stats: Stats,
    /// The records that could neither be stored before the deadline nor journaled, in order, for the
    /// caller to save. They count as `returned` from now on; the next call does not get them again.
    pub unstored: Vec<Record>,
    /// True when the writer has stopped. If not, it is still at work with `stats.pending` records,
    /// and another call can wait for it again.
    pub finished: bool,
}

impl ShutdownReport {
    /// Returns whether the writer has stopped and everything is stored, refused or counted otherwise.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.finished && self.unstored.is_empty() && self.stats.pending == 0
    }

    /// Returns whether nothing of what was taken depends on this process any more: what is not stored lies
    /// in the journal (`stats.in_journal`), and whoever opens the ledger for writing next stores it.
    /// With [`Durability::Synced`](crate::Durability::Synced), that a power loss takes nothing of it.
    #[must_use]
    pub const fn is_safe(&self) -> bool {
        let Stats { pending, in_journal, undurable, .. } = self.stats;
        self.unstored.is_empty() && pending == in_journal && undurable == 0
    }
}

/// The time past its deadline that a shutdown which gave up waits for the last records to be journaled,
/// which a healthy disk does in milliseconds.
const JOURNALING: Duration = Duration::from_secs(5);

/// The time past its deadline that a shutdown which gave up waits for the sink to be closed.
const CLOSING: Duration = Duration::from_millis(100);

impl Tracker {
    /// Takes no more records, writes what is left at once, and stops the writer.
    ///
    /// While the sink fails it is tried again, until `deadline` has passed; then the writer gives
    /// up. What is left stays in the journal, for whoever opens the ledger for writing next; without
    /// a journal it is in the report. `Duration::ZERO` gives up at once, and so does the writer by
    /// itself when the ledger was replaced under it. A call that the sink is still busy with at the
    /// deadline cannot be broken off: the report then says `finished: false`, the writer goes on,
    /// and a later call can wait for it again.
    ///
    /// Harmless when called again, from any thread, or from several at once; the writer gives up
    /// only when the last of them does. From inside the sink, which cannot wait for itself, it
    /// only closes the tracker, and comes back at once with `finished: false`. So it does in a forked
    /// child, with empty accounts, where it touches nothing: the tracker, its journal and what it took
    /// are the parent's.
    ///
    /// ```
    /// # use usage_core::sink::{BatchOutcome, Sink};
    /// # use usage_core::{Error, LabelNames, Labels, Record, TokenCounts};
    /// # use usage_tracker::Tracker;
    /// # use std::time::Duration;
    /// struct Broken;
    /// impl Sink for Broken {
    ///     fn store(&mut self, _: &[Record]) -> Result<BatchOutcome, Error> {
    ///         Err(Error::other("the disk is full"))
    ///     }
    /// }
    /// # let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    /// let tracker = Tracker::builder().start(Broken)?;
    /// tracker.handle(Labels::new(names)?).record(TokenCounts::unclassified(7))?;
    ///
    /// # let _ = tracker.flush(Duration::ZERO);
    /// # while !tracker.stats().degraded {
    /// #     std::thread::yield_now();
    /// # }
    ///
    /// let mut unstored = Vec::new();
    /// loop {
    ///     let report = tracker.shutdown(Duration::from_millis(100));
    ///     unstored.extend(report.unstored);
    ///     // Else the deadline met the writer at work.
    ///     if report.finished {
    ///         break;
    ///     }
    /// }
    /// assert_eq!(unstored[0].tokens().total(), 7);
    /// assert_eq!(tracker.stats().last_error.as_deref(), Some("the disk is full"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        if self.is_forked() {
            let stats = Stats::default();
            return ShutdownReport { stats, unstored: Vec::new(), finished: false };
        }
        self.stop(deadline);
        let Shared { accounts, .. } = &*self.shared;
        let mut books = accounts.lock();
        let unstored = books.hand_back();
        let stats = self.shared.stats(&books);
        ShutdownReport { stats, unstored, finished: books.phase().is_stopped() }
    }

    /// Closes the tracker and waits for the writer to stop, or to be stuck in the sink.
    fn stop(&self, deadline: Duration) {
        let Shared { accounts, .. } = &*self.shared;
        self.shared.advance(Event::Close);
        if self.shared.is_own_thread() {
            return;
        }
        let is_at_work = |books: &Books| !books.phase().is_stopped();
        let mut books = accounts.lock();
        books.state.callers.for_stop += 1;
        let mut books = accounts.wait_while(books, deadline, is_at_work);
        books.state.callers.for_stop -= 1;
        let is_last = books.state.callers.for_stop == 0;
        // What is in the journal needs nobody any more, so giving up loses nothing.
        if is_at_work(&books) && is_last && self.has_journal {
            books.advance(Event::GiveUp);
            self.shared.wake();
            // Getting it there waits for no lock of the ledger, and is what makes giving up safe.
            books = accounts
                .wait_while(books, JOURNALING, |books| is_at_work(books) && !books.state.drained);
        }
        let is_last = books.state.callers.for_stop == 0;
        if is_at_work(&books) && is_last && !books.state.sink_busy {
            // The committer is between two calls of the sink and will not begin another, so this
            // takes no longer than emptying the channel. Then it is busy with closing the sink.
            books.advance(Event::GiveUp);
            self.shared.wake();
            books = accounts.wait_while(books, Duration::MAX, |books| {
                is_at_work(books) && !books.state.sink_busy
            });
            // Which is most often done at once.
            books = accounts.wait_while(books, CLOSING, is_at_work);
        }
        let has_stopped = books.phase().is_stopped();
        drop(books);
        if has_stopped && let Some(thread) = self.take_thread() {
            // It has nothing left to do. A panic of its own is in `last_error`.
            let _ = thread.join();
        }
    }
}

/// Does as [`Tracker::shutdown`] with the builder's
/// [`drop_deadline`](crate::Builder::drop_deadline). What could not be stored is lost, counted as
/// dropped, and named in an error event.
impl Drop for Tracker {
    fn drop(&mut self) {
        if self.is_forked() {
            // The thread is not here to be detached either.
            std::mem::forget(self.thread.get_mut().ok().and_then(Option::take));
            return;
        }
        self.stop(self.drop_deadline);
        let mut books = self.shared.accounts.lock();
        // A committer that is still busy gives up by itself when the sink lets it go.
        books.state.owner_gone = true;
        books.advance(Event::GiveUp);
        self.shared.wake();
        let has_stopped = books.phase().is_stopped();
        let lost = if has_stopped { books.drop_unstored() } else { 0 };
        let Stats { pending, in_journal, last_error, .. } = self.shared.stats(&books);
        drop(books);
        notify_lost(lost, last_error.as_deref());
        if !has_stopped {
            tracing::error!(
                pending,
                in_journal,
                "the usage tracker was dropped while its sink was busy"
            );
        }
    }
}
