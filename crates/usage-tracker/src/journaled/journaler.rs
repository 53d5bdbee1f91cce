//! The thread that drains the channel into the journal. It never waits for the sink.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use usage_core::Record;
use usage_core::sink::SinkErrorKind;
use usage_journal::{Journal, JournalError};

use super::CHUNK;
use super::watch::{self, Watch};
use crate::channel::Outlet;
use crate::pace::Pace;
use crate::retry::BackOff;
use crate::telling::{chain, message};
use crate::tracker::Shared;

pub(crate) struct Journaler {
    shared: Arc<Shared>,
    outlet: Outlet,
    /// Nothing while none could be made.
    journal: Option<Box<Journal>>,
    /// What was taken out of the channel and is not in the journal yet.
    held: Vec<Record>,
    pace: Pace,
    back_off: BackOff,
    /// When the journal may be tried again; `None` while it works.
    retry_at: Option<Duration>,
    watch: Watch,
}

impl Journaler {
    pub(crate) fn new(
        shared: Arc<Shared>,
        outlet: Outlet,
        journal: Option<Box<Journal>>,
        pace: Pace,
        back_off: BackOff,
    ) -> Self {
        Self {
            shared,
            outlet,
            journal,
            held: Vec::new(),
            pace,
            back_off,
            retry_at: None,
            watch: Watch::default(),
        }
    }

    /// Works until the tracker is shut down and the channel is empty for good.
    pub(crate) fn run(mut self) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work())) {
            let error = format!("the usage journal's thread panicked: {}", message(&*panic));
            self.shared.intake.close();
            self.shared.accounts.lock().health.note(error);
        }
        self.finish();
    }

    fn work(&mut self) {
        loop {
            // Before the channel is looked at: what a thread put in before it closed the channel
            // is then seen.
            let closed = self.shared.intake.is_closed();
            self.take();
            if let Some(journal) = &mut self.journal {
                self.watch.look(&self.shared, journal);
            } else {
                Watch::nothing(&self.shared);
            }
            if !self.held.is_empty() {
                if !self.put_down() && !self.wait_for_journal() {
                    return;
                }
            } else if !closed {
                self.idle();
            } else if self.seal() {
                return;
            }
        }
    }

    /// Takes the next records out of the channel, once the last ones are put down.
    fn take(&mut self) {
        let taken = {
            let mut ledger = self.shared.accounts.lock();
            if let Some(journal) = ledger.new_journal.take() {
                self.journal = Some(journal);
                self.retry_at = None;
            }
            if !self.held.is_empty() {
                return;
            }
            let taken = self.outlet.take(CHUNK, &mut self.held, &mut ledger);
            ledger.held = self.held.len();
            taken
        };
        if taken > 0 {
            self.pace.traffic();
            self.outlet.made_room(&self.shared.intake);
        }
    }

    /// Writes what is held to the journal or, while that fails, passes it on as it is. `false` when
    /// it could do neither.
    fn put_down(&mut self) -> bool {
        let is_due = |at| at <= self.shared.intake.clock.monotonic();
        if self.retry_at.is_none_or(is_due) && self.append() {
            return true;
        }
        let mut ledger = self.shared.accounts.lock();
        if !ledger.bypass.is_empty() {
            return false;
        }
        std::mem::swap(&mut ledger.bypass, &mut self.held);
        ledger.held = 0;
        let wake = ledger.to_store() >= ledger.wake_at;
        drop(ledger);
        if wake {
            self.shared.accounts.call();
        }
        true
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
        let mut ledger = shared.accounts.lock();
        if written > 0 {
            // In one step for everybody: from here on the storing thread sees them.
            journal.publish();
            self.held.drain(..written);
            ledger.held = self.held.len();
            ledger.in_journal += written as u64;
            ledger.journaled += written as u64;
            ledger.journal_bytes = journal.bytes();
        }
        match &failed {
            None => {
                if !self.watch.is_worried() {
                    ledger.health.journal_works();
                }
                ledger.journal_is_full = false;
                self.back_off.reset();
                self.retry_at = None;
            }
            Some(error) => {
                ledger.health.journal_failed(chain(error));
                ledger.journal_is_full = matches!(error, JournalError::Full { .. });
                let kind = if error.is_full() { SinkErrorKind::Full } else { SinkErrorKind::Io };
                let wait = self.back_off.after(kind, fastrand::f64());
                self.retry_at = Some(shared.intake.clock.monotonic().saturating_add(wait));
            }
        }
        let (wake, watched) = (ledger.to_store() >= ledger.wake_at, ledger.watchers > 0);
        drop(ledger);
        if wake {
            shared.accounts.call();
        }
        if watched {
            shared.accounts.changed();
        }
        failed.is_none()
    }

    /// Waits until what is held may be tried again. `false` when it shall be given up.
    fn wait_for_journal(&mut self) -> bool {
        {
            let ledger = self.shared.accounts.lock();
            if ledger.give_up || (ledger.health.is_hopeless() && self.shared.intake.is_closed()) {
                return false;
            }
        }
        let now = self.shared.intake.clock.monotonic();
        let until_retry = self.retry_at.map_or(Duration::MAX, |at| at.saturating_sub(now));
        // The storing thread wakes this one when it takes what was passed on.
        let time = self.pace.nap().min(until_retry);
        self.outlet.nap(&self.shared.intake, time, false);
        true
    }

    fn idle(&mut self) {
        let Shared { intake, accounts, .. } = &*self.shared;
        if self.pace.is_idle() {
            // While something is in the journal, it is looked after.
            let watched = accounts.lock().in_journal > 0;
            let time = if watched { watch::WHEN_IDLE } else { Duration::MAX };
            self.outlet.park(intake, time, || {
                let ledger = accounts.lock();
                intake.is_closed() || ledger.give_up || ledger.check_asked > ledger.check_done
            });
        } else {
            let time = self.pace.nap();
            self.outlet.nap(intake, time, true);
        }
    }

    /// Whether nothing is left and nothing can come any more.
    fn seal(&mut self) -> bool {
        let mut ledger = self.shared.accounts.lock();
        let sealed = self.outlet.seal(&self.shared.intake, CHUNK, &mut self.held, &mut ledger);
        ledger.held = self.held.len();
        sealed && self.held.is_empty()
    }

    /// Keeps what could not be put down for whoever asks.
    fn finish(mut self) {
        // Before anybody sees that nobody writes to it any more.
        if let Some(mut journal) = self.journal.take() {
            self.watch.look_now(&self.shared, &mut journal);
        }
        let mut ledger = self.shared.accounts.lock();
        // Nobody is left to be asked; the other thread looks at the end.
        ledger.check_done = u64::MAX;
        let mut unstored = std::mem::take(&mut self.held);
        while !self.outlet.seal(&self.shared.intake, usize::MAX, &mut unstored, &mut ledger) {}
        ledger.held = 0;
        ledger.unstored.append(&mut unstored);
        ledger.drained = true;
        drop(ledger);
        self.shared.accounts.call();
        self.shared.accounts.changed();
    }
}

/// How many records the journal took, and why not all of them.
fn append_all(journal: &mut Journal, records: &[Record]) -> (usize, Option<JournalError>) {
    let mut written = 0;
    while written < records.len() {
        match journal.append(&records[written..]) {
            Ok(count) => written += count,
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}
