//! The thread that drains the channel into the journal. It never waits for the sink.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use usage_core::Record;
use usage_core::error::chain;
use usage_journal::{JournalError, JournalWriter};

use super::watch::{self, JournalWatch};
use crate::accounts::{Event, release};
use crate::call::message;
use crate::channel::Receiver;
use crate::retry::BackOff;
use crate::shared::Shared;

/// The most records that are journaled at once, so that a snapshot never waits long and what a broken
/// journal leaves in memory stays little.
const CHUNK: usize = 4_096;

pub(super) struct Appender {
    shared: Arc<Shared>,
    receiver: Receiver,
    /// `None` while none could be made.
    journal: Option<Box<JournalWriter>>,
    /// The records that were taken out of the channel and are not in the journal yet.
    held: Vec<Record>,
    back_off: BackOff,
    /// The time at which the journal may be tried again; `None` while it works.
    retry_at: Option<Duration>,
    watch: JournalWatch,
}

impl Appender {
    pub(super) fn new(
        shared: Arc<Shared>,
        receiver: Receiver,
        journal: Option<Box<JournalWriter>>,
        back_off: BackOff,
    ) -> Self {
        let (held, watch) = (Vec::new(), JournalWatch::default());
        Self { shared, receiver, journal, held, back_off, retry_at: None, watch }
    }

    /// Works until the tracker is shut down and the channel is empty for good.
    pub(super) fn run(mut self) {
        self.shared.sender.set_receiver_thread(thread::current());
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work())) {
            let error = format!("the usage journal's thread panicked: {}", message(&*panic));
            self.shared.accounts.lock().state.health.note(error);
            self.shared.advance(Event::Close);
        }
        self.finish();
    }

    fn work(&mut self) {
        loop {
            let is_open = self.take();
            if let Some(journal) = &mut self.journal {
                self.watch.check_if_due(&self.shared, journal);
            } else {
                JournalWatch::answer_without_journal(&self.shared);
            }
            if !self.held.is_empty() {
                if !self.append_or_hand_over() && !self.wait_to_try_again() {
                    return;
                }
            } else if is_open {
                self.idle();
            } else if self.seal() {
                return;
            }
        }
    }

    /// Takes the next records out of the channel, once the last ones are gone. Returns whether more may
    /// come.
    fn take(&mut self) -> bool {
        let mut books = self.shared.accounts.lock();
        // Before the channel is looked at: what a thread put in before it closed the channel is then
        // seen.
        let is_open = books.phase().is_open();
        if let Some(journal) = books.state.handover.new_journal.take() {
            self.journal = Some(journal);
            self.retry_at = None;
        }
        if self.held.is_empty() {
            let taken = self.receiver.take(CHUNK, &mut self.held, &mut books);
            books.counters.held = self.held.len();
            drop(books);
            if taken > 0 {
                self.receiver.made_room(&self.shared.sender);
            }
        }
        is_open
    }

    /// Writes what is held to the journal or, while that fails, hands it over in memory. Returns
    /// `false` when it could do neither.
    fn append_or_hand_over(&mut self) -> bool {
        let is_due = |at| at <= self.shared.sender.clock.monotonic();
        (self.retry_at.is_none_or(is_due) && self.append()) || self.hand_over()
    }

    /// Hands what is held over in memory, unless something is before it: in the journal, or handed over
    /// already.
    fn hand_over(&mut self) -> bool {
        let mut books = self.shared.accounts.lock();
        let is_first = books.counters.in_journal == 0 && books.state.handover.records.is_empty();
        books.state.handover.blocked = !is_first;
        if is_first {
            std::mem::swap(&mut books.state.handover.records, &mut self.held);
            books.counters.held = 0;
            let wake = books.to_store() >= books.state.handover.wake_at;
            drop(books);
            if wake {
                self.shared.wake_committer();
            }
        }
        is_first
    }

    /// Writes what is held to the journal. What it took is no longer held, even if `false` says
    /// that something is left.
    fn append(&mut self) -> bool {
        let Some(journal) = &mut self.journal else { return false };
        let (mut written, mut failed) = append_all(journal, &self.held);
        // One sync for all that was drained, where that was asked for.
        if let Err(error) = journal.sync() {
            (written, failed) = (error.kept, Some(error.source));
        }
        let shared = &*self.shared;
        let mut books = shared.accounts.lock();
        if written > 0 {
            // In one step for everybody: from here on the committer sees them.
            journal.publish();
            self.held.drain(..written);
            books.counters.held = self.held.len();
            books.counters.in_journal += written as u64;
            books.counters.journaled += written as u64;
            books.counters.journal_bytes = journal.bytes();
        }
        match &failed {
            None => {
                if !self.watch.is_worried() {
                    books.state.health.journal_works();
                }
                books.state.handover.journal_is_full = false;
                self.back_off.reset();
                self.retry_at = None;
            }
            Some(error) => {
                books.state.health.journal_failed(chain(error));
                books.state.handover.journal_is_full = matches!(error, JournalError::Full { .. });
                let wait = self.back_off.after(error.kind(), fastrand::f64());
                self.retry_at = Some(shared.sender.clock.monotonic().saturating_add(wait));
            }
        }
        let wake = books.to_store() >= books.state.handover.wake_at;
        let is_watched = books.state.callers.for_journal > 0;
        if wake {
            shared.wake_committer();
        }
        if is_watched {
            shared.accounts.changed();
        }
        release(books);
        failed.is_none()
    }

    /// Waits until what is held may be tried again. Returns `false` when it shall be given up.
    fn wait_to_try_again(&mut self) -> bool {
        {
            let books = self.shared.accounts.lock();
            let phase = books.phase();
            if !phase.calls_sink() || (!phase.is_open() && books.state.health.is_hopeless()) {
                return false;
            }
        }
        let now = self.shared.sender.clock.monotonic();
        let until_retry = self.retry_at.map_or(Duration::MAX, |at| at.saturating_sub(now));
        // The committer wakes this thread when nothing is before what it holds any more.
        self.receiver.nap(&self.shared.sender, until_retry, false);
        true
    }

    fn idle(&mut self) {
        let Shared { sender, accounts, .. } = &*self.shared;
        // While something is in the journal, it is looked after.
        let time = || match accounts.lock().counters.in_journal {
            0 => Duration::MAX,
            _ => watch::WHEN_IDLE,
        };
        self.receiver.idle(sender, time, || {
            let books = accounts.lock();
            let callers = &books.state.callers;
            !books.phase().is_open() || callers.checks_asked > callers.checks_done
        });
    }

    /// Returns whether nothing is left and nothing can come any more.
    fn seal(&mut self) -> bool {
        let mut books = self.shared.accounts.lock();
        let sealed = self.receiver.seal(&self.shared.sender, CHUNK, &mut self.held, &mut books);
        books.counters.held = self.held.len();
        sealed && self.held.is_empty()
    }

    /// Keeps what could not be journaled for whoever asks.
    fn finish(mut self) {
        // Before anybody sees that nobody writes to it any more.
        if let Some(mut journal) = self.journal.take() {
            self.watch.check_now(&self.shared, &mut journal);
        }
        let mut books = self.shared.accounts.lock();
        // Nobody is left to be asked; the other thread looks at the end.
        books.state.callers.checks_done = u64::MAX;
        let mut unstored = std::mem::take(&mut self.held);
        self.receiver.seal_all(&self.shared.sender, &mut unstored, &mut books);
        books.counters.held = 0;
        books.state.unstored.append(&mut unstored);
        books.state.drained = true;
        drop(books);
        self.shared.wake_committer();
        self.shared.accounts.changed();
    }
}

/// Returns how many records the journal took, and why not all of them.
fn append_all(journal: &mut JournalWriter, records: &[Record]) -> (usize, Option<JournalError>) {
    let mut written = 0;
    while written < records.len() {
        match journal.append(&records[written..]) {
            Ok(count) => written += count,
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}
