//! The end of the committer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::committer::{Committer, Feed};
use super::watch;
use crate::accounts::{Event, release};
use crate::call::{Failure, call, message, positions};
use crate::notify::notify_lost;

impl Committer {
    /// Keeps what is not stored for whoever asks, or leaves it in the journal for the next process, and
    /// says that the tracker has stopped.
    pub(super) fn finish(mut self) {
        // Nobody takes any more what the appender may not get into the journal.
        self.shared.advance(Event::GiveUp);
        self.drain();
        let all_stored = {
            let mut books = self.shared.accounts.lock();
            // Closing the journal and the sink may take as long as they like; nobody has to wait.
            books.state.sink_busy = true;
            books.counters.in_memory = 0;
            let mut left = std::mem::take(&mut self.queues.memory.records);
            left.append(&mut books.state.handover.records);
            left.append(&mut books.state.unstored);
            books.state.unstored = left;
            drop(books.state.handover.new_journal.take());
            books.counters.in_journal == 0 && books.state.health.sink_error().is_none()
        };
        self.shared.accounts.changed();
        let closed = self.close_journal(all_stored);
        // Whoever sees the tracker stopped may count on the sink being closed.
        let sink = self.sink.take();
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(sink)));
        let mut books = self.shared.accounts.lock();
        if let Err((_, error)) = closed {
            // Its records are stored; the next process tidies up.
            books.state.health.note(error);
        }
        books.state.sink_busy = false;
        books.advance(Event::Stop);
        let lost = if books.state.owner_gone { books.drop_unstored() } else { 0 };
        let error = books.state.health.last_error().map(str::to_owned);
        let in_journal = books.counters.in_journal;
        drop(books);
        self.shared.accounts.changed();
        // Events last: a subscriber may do anything, and nobody waits for this thread any more.
        if let Err(panic) = dropped {
            tracing::error!(panic = message(&*panic), "the sink panicked when it was dropped");
        }
        if in_journal > 0 {
            tracing::warn!(in_journal, error, "usage records wait in the journal to be stored");
        }
        notify_lost(lost, error.as_deref());
    }

    /// Empties the channel for good.
    fn drain(&mut self) {
        let mut books = self.shared.accounts.lock();
        match &mut self.feed {
            Feed::Channel(receiver) => {
                let records = &mut self.queues.memory.records;
                receiver.seal_all(&self.shared.sender, records, &mut books);
                books.counters.in_memory = records.len();
                books.state.drained = true;
            }
            Feed::Appender(journaling) => {
                drop(books);
                // It waits for nothing but the disk. A panic of its own is in the accounts.
                journaling.join();
                if let Some(reader) = &mut self.queues.journal {
                    // The last look: what is left is left to others, if they find it.
                    let checked = reader.check();
                    let mut books = self.shared.accounts.lock();
                    watch::note(&mut books, &checked);
                    release(books);
                }
            }
        }
    }

    /// Removes the journal if nothing is left in it.
    fn close_journal(&mut self, all_stored: bool) -> Result<(), Failure> {
        let (reader, sink) = (self.queues.journal.take(), self.sink.as_deref_mut());
        call(|| match (reader, sink) {
            (Some(reader), Some(sink)) if all_stored => reader.close(positions(sink)?),
            // What is left is found by whoever opens the ledger next.
            _ => Ok(()),
        })
    }
}
