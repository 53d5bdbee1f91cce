//! The things that a tracker's threads have in common, and waking each other.

use std::sync::OnceLock;
use std::thread::{self, Thread};

use crate::accounts::{Accounts, Books, Event};
use crate::channel::Sender;
use crate::stats::Stats;

/// All that the recording threads, the tracker's own threads and the owner share.
pub(crate) struct Shared {
    pub(crate) sender: Sender,
    pub(crate) accounts: Accounts,
    /// The thread that calls the sink, once it runs.
    committer: OnceLock<Thread>,
}

impl Shared {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, accounts: Accounts::default(), committer: OnceLock::new() }
    }

    /// Takes the tracker to its next phase, and makes its threads look at it.
    pub(crate) fn advance(&self, event: Event) {
        {
            let mut books = self.accounts.lock();
            if event == Event::Close && books.phase().is_open() {
                books.state.callers.arrivals += 1;
            }
            if !books.advance(event).is_open() {
                self.sender.close();
            }
        }
        self.wake();
    }

    /// Notes that the sink is at work, and whether a batch is tried again. Returns `false` when the
    /// sink shall not be called again: who sees it not busy, and then gives up, can rely on that, as
    /// both are looked at under one lock.
    pub(crate) fn enter_sink(&self, is_retry: bool) -> bool {
        let mut books = self.accounts.lock();
        let may = books.phase().calls_sink();
        if may {
            books.state.sink_busy = true;
            books.counters.retries += u64::from(is_retry);
        }
        may
    }

    /// Says that the calling thread is the one that calls the sink.
    pub(crate) fn set_committer(&self) {
        // Once, and before that thread has ever slept: nobody can have wanted to wake it.
        let _ = self.committer.set(thread::current());
    }

    /// Returns whether the calling thread is one of the tracker's own.
    pub(crate) fn is_own_thread(&self) -> bool {
        let this = thread::current().id();
        self.sender.is_receiver_thread()
            || self.committer.get().is_some_and(|thread| thread.id() == this)
    }

    /// Makes the committer look around, now or as soon as it would sleep.
    pub(crate) fn wake_committer(&self) {
        if let Some(committer) = self.committer.get() {
            committer.unpark();
        }
    }

    /// Wakes the appender if it waits to hand something over, and nothing is in its way any more.
    pub(crate) fn unblock_appender(&self) {
        let books = self.accounts.lock();
        let handover = &books.state.handover;
        let is_free = books.counters.in_journal == 0 && handover.records.is_empty();
        if handover.blocked && is_free {
            drop(books);
            self.sender.wake();
        }
    }

    /// Makes the tracker's threads look around.
    pub(crate) fn wake(&self) {
        self.sender.wake();
        self.wake_committer();
    }

    /// Returns the accounts at one moment.
    ///
    /// The order of reading is what makes them exact. While the books are locked, records only
    /// enter the channel, and its length is read once; what came back at the door is one number
    /// that is added to both sides.
    pub(crate) fn stats(&self, books: &Books) -> Stats {
        let Self { sender, .. } = self;
        books.stats(sender.queued(books), sender.returned(), sender.dropped())
    }
}
