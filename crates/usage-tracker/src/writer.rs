//! The writer thread of a tracker without a journal: does what the batcher says, keeps the accounts,
//! and never loses a record without counting it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use usage_core::Record;
use usage_core::sink::{BatchOutcome, Sink};

use crate::batcher::{Batcher, Limits, Mode, Step};
use crate::channel::Outlet;
use crate::pace::Pace;
use crate::telling::{
    Failure, OnRefused, calling, message, report_lost, tell_refused, unexplained,
};
use crate::tracker::Shared;

/// How many records are moved under one lock, so that a snapshot never waits long.
const CHUNK: usize = 512;

pub(crate) struct Writer {
    shared: Arc<Shared>,
    outlet: Outlet,
    /// Taken out before the writer says that it has finished.
    sink: Option<Box<dyn Sink>>,
    on_refused: Option<OnRefused>,
    batcher: Batcher,
    /// The batch; as many as the batcher believes.
    held: Vec<Record>,
    pace: Pace,
    /// The mode and the flush target as they were last seen.
    seen: (Mode, u64),
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        outlet: Outlet,
        limits: Limits,
        pace: Pace,
        sink: Box<dyn Sink>,
        on_refused: Option<OnRefused>,
    ) -> Self {
        let (batcher, held, seen) = (Batcher::new(limits), Vec::new(), (Mode::Collect, 0));
        Self { shared, outlet, sink: Some(sink), on_refused, batcher, held, pace, seen }
    }

    /// Works until the tracker is shut down and everything is written or given up.
    pub(crate) fn run(mut self) {
        // The sink's and the callback's panics are caught where they are called. One from
        // elsewhere, a clock or a subscriber, must not take the held records with it.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work())) {
            let error = format!("the usage writer panicked: {}", message(&*panic));
            self.shared.intake.close();
            self.shared.accounts.lock().health.note(error);
        }
        self.finish();
    }

    fn work(&mut self) {
        loop {
            let now = self.shared.intake.clock.monotonic();
            let Some(step) = self.decide(now) else { return };
            match step {
                Step::Take(count) => self.take(count, now),
                Step::Write => {
                    self.pace.traffic();
                    if !self.write() {
                        return;
                    }
                }
                Step::WaitUntil(until) => {
                    let time = self.pace.nap().min(until.saturating_sub(now));
                    self.outlet.nap(&self.shared.intake, time, self.batcher.room() > 0);
                }
                Step::Idle => self.idle(),
                Step::Finished => {
                    if self.seal(now) {
                        return;
                    }
                }
            }
        }
    }

    /// `None` when the writer shall give up.
    fn decide(&mut self, now: Duration) -> Option<Step> {
        let Shared { intake, accounts, .. } = &*self.shared;
        // Before the queue is looked at: what a thread put in before it closed the channel is
        // then seen.
        let closed = intake.is_closed();
        let ledger = accounts.lock();
        if ledger.give_up || (closed && ledger.health.is_hopeless()) {
            return None;
        }
        let mode = if closed {
            Mode::Close
        } else if ledger.flush_target > ledger.settled() {
            Mode::Flush
        } else {
            Mode::Collect
        };
        let seen = (mode, ledger.flush_target);
        if seen != self.seen {
            self.seen = seen;
            self.pace.traffic();
            if mode != Mode::Collect {
                self.batcher.hurry(now);
            }
        }
        Some(self.batcher.next(now, intake.queued(&ledger), mode))
    }

    fn take(&mut self, count: usize, now: Duration) {
        let taken = {
            let mut ledger = self.shared.accounts.lock();
            let taken = self.outlet.take(count.min(CHUNK), &mut self.held, &mut ledger);
            ledger.held = self.held.len();
            taken
        };
        self.batcher.took(taken, now);
        self.pace.traffic();
        self.outlet.made_room(&self.shared.intake);
    }

    /// Gives the batch to the sink. `false` when the writer shall give up instead.
    fn write(&mut self) -> bool {
        {
            let mut ledger = self.shared.accounts.lock();
            // Looked at under the same lock: who sees the writer not busy and tells it to give up
            // knows that the sink is not called again.
            if ledger.give_up {
                return false;
            }
            ledger.begin(self.batcher.is_retrying());
        }
        let Some(sink) = &mut self.sink else { return false };
        match calling(|| sink.store(&self.held)) {
            Ok(outcome) => self.stored(&outcome),
            Err(failure) => self.failed(failure),
        }
        self.shared.accounts.changed();
        true
    }

    fn stored(&mut self, outcome: &BatchOutcome) {
        // Told before the batch is settled: after a flush, all refusals are known.
        tell_refused(&mut self.on_refused, &self.held, outcome);
        let batch = self.held.len() as u64;
        let missing = {
            let mut ledger = self.shared.accounts.lock();
            ledger.held = 0;
            ledger.busy = false;
            ledger.health.sink_works();
            ledger.settle(batch, outcome)
        };
        self.held.clear();
        self.batcher.succeeded();
        if missing > 0 {
            let error = unexplained(batch, outcome, missing);
            self.shared.accounts.lock().health.note(error);
        }
    }

    fn failed(&mut self, (kind, error): Failure) {
        let now = self.shared.intake.clock.monotonic();
        self.batcher.failed(now, kind, fastrand::f64());
        self.shared.accounts.lock().fail(kind, error);
    }

    fn idle(&mut self) {
        if !self.pace.is_idle() {
            let time = self.pace.nap();
            self.outlet.nap(&self.shared.intake, time, true);
            return;
        }
        let Shared { intake, accounts, .. } = &*self.shared;
        self.outlet.park(intake, Duration::MAX, || {
            // What a flush, a shutdown or giving up changes is changed before they wake the
            // writer, so it is seen here or the wake-up is still to come.
            let ledger = accounts.lock();
            intake.is_closed() || ledger.give_up || ledger.flush_target > ledger.settled()
        });
        self.pace.traffic();
    }

    /// Whether nothing is left and nothing can come any more.
    fn seal(&mut self, now: Duration) -> bool {
        let (taken, sealed) = {
            let mut ledger = self.shared.accounts.lock();
            let (before, room) = (self.held.len(), self.batcher.room());
            let intake = &self.shared.intake;
            let sealed = self.outlet.seal(intake, room, &mut self.held, &mut ledger);
            ledger.held = self.held.len();
            (self.held.len() - before, sealed)
        };
        self.batcher.took(taken, now);
        sealed && self.held.is_empty()
    }

    /// Keeps what could not be written for whoever asks, and says that the writer has stopped.
    fn finish(mut self) {
        {
            let mut ledger = self.shared.accounts.lock();
            let mut unstored = std::mem::take(&mut self.held);
            while !self.outlet.seal(&self.shared.intake, usize::MAX, &mut unstored, &mut ledger) {}
            ledger.held = 0;
            // Closing the sink may take as long as it likes; nobody has to wait for it.
            ledger.busy = true;
            ledger.unstored = unstored;
        }
        self.shared.accounts.changed();
        // Whoever sees the writer finished may count on the sink being closed.
        let sink = self.sink.take();
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(sink)));
        let mut ledger = self.shared.accounts.lock();
        ledger.busy = false;
        ledger.finished = true;
        let lost = if ledger.abandoned { ledger.drop_unstored() } else { 0 };
        let error = ledger.health.last_error().map(str::to_owned);
        drop(ledger);
        self.shared.accounts.changed();
        // Events last: a subscriber may do anything, and nobody waits for this thread any more.
        if let Err(panic) = dropped {
            tracing::error!(panic = message(&*panic), "the sink panicked when it was dropped");
        }
        report_lost(lost, error.as_deref());
    }
}
