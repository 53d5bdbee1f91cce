//! The thread that stores what is in the journal. The only one that calls the sink.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use usage_core::Record;
use usage_core::sink::{BatchOutcome, Sink, SinkError};
use usage_journal::{Journal, Options, Tail};

use super::{open, positions, watch};
use crate::accounts::Ledger;
use crate::batcher::{Batcher, Limits, Mode, Step};
use crate::retry::BackOff;
use crate::telling::{
    Failure, OnRefused, calling, message, report_lost, tell_refused, unexplained,
};
use crate::tracker::Shared;

mod recovery;

use recovery::Recovery;

/// How long to wait before a journal that could not be made is tried again, at first and at most.
const NEW_JOURNAL: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

pub(crate) struct Storer {
    shared: Arc<Shared>,
    /// Taken out before the thread says that it has finished.
    sink: Option<Box<dyn Sink>>,
    on_refused: Option<OnRefused>,
    limits: Limits,
    /// Believes to hold what in fact waits in the journal.
    batcher: Batcher,
    /// What came past the journal.
    direct: Vec<Record>,
    options: Options,
    tail: Option<Tail>,
    new_journal: BackOff,
    new_journal_at: Duration,
    recovery: Recovery,
    /// The mode and the flush target as they were last seen.
    seen: (Mode, u64),
}

impl Storer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        sink: Box<dyn Sink>,
        on_refused: Option<OnRefused>,
        limits: Limits,
        options: Options,
    ) -> Self {
        Self {
            shared,
            sink: Some(sink),
            on_refused,
            limits,
            batcher: Batcher::new(limits),
            direct: Vec::new(),
            options,
            tail: None,
            new_journal: BackOff::new(NEW_JOURNAL[0], NEW_JOURNAL[1]),
            new_journal_at: Duration::ZERO,
            recovery: Recovery::new(limits.back_off),
            seen: (Mode::Collect, 0),
        }
    }

    /// Makes the journal. Without one the tracker works all the same, degraded, and it is tried
    /// again later.
    pub(crate) fn open_journal(&mut self) -> Option<Box<Journal>> {
        let made =
            self.sink.as_deref_mut().and_then(|sink| open(&self.shared, sink, &self.options));
        let Some((journal, tail)) = made else {
            let wait = self.new_journal.after(usage_core::sink::SinkErrorKind::Io, 1.0);
            let now = self.shared.intake.clock.monotonic();
            self.new_journal_at = now.saturating_add(wait);
            return None;
        };
        self.tail = Some(tail);
        Some(Box::new(journal))
    }

    /// Works until the tracker is shut down and everything is stored or given up.
    pub(crate) fn run(mut self, journaler: JoinHandle<()>) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work())) {
            let error = format!("the usage writer panicked: {}", message(&*panic));
            self.shared.intake.close();
            self.shared.accounts.lock().health.note(error);
        }
        self.finish(journaler);
    }

    fn work(&mut self) {
        loop {
            let now = self.shared.intake.clock.monotonic();
            if !self.prepare(now) {
                return;
            }
            let shared = Arc::clone(&self.shared);
            let ledger = shared.accounts.lock();
            match self.decide(now, &ledger) {
                None => return,
                Some(Step::Take(count)) => self.batcher.took(count, now),
                Some(Step::Write) => {
                    drop(ledger);
                    if !self.write() {
                        return;
                    }
                }
                Some(Step::WaitUntil(until)) => self.wait(ledger, until.saturating_sub(now)),
                Some(Step::Finished) if ledger.drained => return,
                Some(Step::Idle | Step::Finished) => self.wait(ledger, Duration::MAX),
            }
        }
    }

    /// What others left is stored first, and a missing journal is made. `false` when the storer
    /// shall give up instead.
    fn prepare(&mut self, now: Duration) -> bool {
        if let Some(sink) = self.sink.as_deref_mut()
            && self.recovery.is_due(now)
            && !self.recovery.run(&self.shared, sink, self.limits.max_batch)
        {
            return false;
        }
        if self.tail.is_none() && now >= self.new_journal_at && !self.shared.intake.is_closed() {
            let journal = self.open_journal();
            self.shared.accounts.lock().new_journal = journal;
        }
        true
    }

    /// `None` when the storer shall give up.
    fn decide(&mut self, now: Duration, ledger: &Ledger) -> Option<Step> {
        let closed = self.shared.intake.is_closed();
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
            if mode != Mode::Collect {
                self.batcher.hurry(now);
                self.recovery.hurry(now);
            }
        }
        let waiting = usize::try_from(ledger.to_store()).unwrap_or(usize::MAX);
        Some(self.batcher.next(now, waiting.saturating_sub(self.batcher.held()), mode))
    }

    /// Sleeps until there is enough to do, or somebody calls.
    fn wait(&self, mut ledger: MutexGuard<'_, Ledger>, time: Duration) {
        let Shared { intake, accounts, .. } = &*self.shared;
        ledger.wake_at = match self.batcher.held() {
            _ if self.batcher.is_retrying() => u64::MAX,
            0 => 1,
            held => (held.max(self.limits.threshold - 1) + 1) as u64,
        };
        let now = intake.clock.monotonic();
        let other = [self.recovery.due(), self.tail.is_none().then_some(self.new_journal_at)];
        let other =
            other.into_iter().flatten().min().map_or(Duration::MAX, |at| at.saturating_sub(now));
        accounts.wait_for_work(ledger, intake.clock.real_wait(time.min(other)));
    }

    /// Gives a batch to the sink. `false` when the storer shall give up instead.
    fn write(&mut self) -> bool {
        {
            let mut ledger = self.shared.accounts.lock();
            if ledger.give_up {
                return false;
            }
            ledger.begin(self.batcher.is_retrying());
            if self.direct.is_empty() {
                std::mem::swap(&mut self.direct, &mut ledger.bypass);
                ledger.direct = self.direct.len();
            }
        }
        if !self.direct.is_empty() {
            // There is room again for what the other thread holds.
            self.shared.intake.wake();
        }
        match self.store_direct().and_then(|()| self.secure()).and_then(|()| self.store_journaled())
        {
            Ok(()) => {
                self.batcher.succeeded();
                let mut ledger = self.shared.accounts.lock();
                ledger.busy = false;
                ledger.health.sink_works();
            }
            Err((kind, error)) => {
                let now = self.shared.intake.clock.monotonic();
                self.batcher.failed(now, kind, fastrand::f64());
                self.shared.accounts.lock().fail(kind, error);
            }
        }
        self.shared.accounts.changed();
        true
    }

    /// Stores what came past the journal.
    fn store_direct(&mut self) -> Result<(), Failure> {
        let Some(sink) = self.sink.as_deref_mut().filter(|_| !self.direct.is_empty()) else {
            return Ok(());
        };
        let outcome = calling(|| sink.store(&self.direct))?;
        tell_refused(&mut self.on_refused, &self.direct, &outcome);
        let batch = self.direct.len() as u64;
        self.direct.clear();
        let mut ledger = self.shared.accounts.lock();
        ledger.direct = 0;
        settle(&mut ledger, batch, &outcome);
        if self.options.sync {
            ledger.undurable += batch;
        }
        Ok(())
    }

    /// Makes durable what came past a journal that was to be synced. The batch itself is settled: it
    /// is not stored again when this fails.
    fn secure(&mut self) -> Result<(), Failure> {
        let Some(sink) = self.sink.as_deref_mut() else { return Ok(()) };
        if self.shared.accounts.lock().undurable == 0 {
            return Ok(());
        }
        calling(|| positions(sink)?.make_durable())?;
        self.shared.accounts.lock().undurable = 0;
        Ok(())
    }

    /// Stores the next batch from the journal.
    fn store_journaled(&mut self) -> Result<(), Failure> {
        let (Some(tail), Some(sink)) = (&mut self.tail, self.sink.as_deref_mut()) else {
            return Ok(());
        };
        let max = self.limits.max_batch;
        // A batch that was stored is settled once, though giving space back may fail after it and
        // bring the thread here again.
        if calling(|| tail.load(max).map_err(SinkError::new))? > 0 {
            let step = calling(|| tail.store(positions(sink)?))?;
            // Told before the batch is settled: after a flush, all refusals are known.
            tell_refused(&mut self.on_refused, tail.held(), &step.outcome);
            for found in &step.damage {
                tracing::error!(%found, "a piece of the usage journal is damaged; it is set aside");
            }
            {
                let mut ledger = self.shared.accounts.lock();
                let batch = (tail.held().len() as u64).saturating_sub(step.already);
                ledger.in_journal -= (batch + step.already + step.lost).min(ledger.in_journal);
                ledger.at_risk = tail.at_risk();
                ledger.settle_others(step.already, step.lost);
                settle(&mut ledger, batch, &step.outcome);
            }
        }
        let recycled = calling(|| tail.recycle(positions(sink)?));
        let mut ledger = self.shared.accounts.lock();
        ledger.journal_bytes = tail.bytes();
        if recycled.is_ok() && ledger.journal_is_full && ledger.in_journal == 0 {
            // It has room again, though nobody has tried yet.
            ledger.journal_is_full = false;
            ledger.health.journal_works();
        }
        recycled
    }

    /// Says that the storer has stopped, with nothing left but what the next process finds.
    fn finish(mut self, journaler: JoinHandle<()>) {
        self.shared.intake.close();
        // Nobody takes any more what the other thread may not get into the journal.
        self.shared.accounts.lock().give_up = true;
        self.shared.intake.wake();
        // It waits for nothing but the disk. A panic of its own is in the accounts.
        let _ = journaler.join();
        if let Some(tail) = &mut self.tail {
            // The last look: what is left is left to others, if they find it.
            let watched = tail.check();
            watch::tell(&mut self.shared.accounts.lock(), &watched);
        }
        let all_stored = {
            let mut ledger = self.shared.accounts.lock();
            // Closing the journal and the sink may take as long as they like; nobody has to wait.
            ledger.busy = true;
            let mut left = std::mem::take(&mut ledger.bypass);
            left.append(&mut self.direct);
            ledger.direct = 0;
            left.append(&mut ledger.unstored);
            ledger.unstored = left;
            drop(ledger.new_journal.take());
            ledger.in_journal == 0 && ledger.health.sink_error().is_none()
        };
        self.shared.accounts.changed();
        let (tail, mut sink) = (self.tail.take(), self.sink.take());
        let closed = calling(|| match (tail, sink.as_deref_mut()) {
            (Some(tail), Some(sink)) if all_stored => tail.close(positions(sink)?),
            // What is left is found by whoever opens the ledger next.
            _ => Ok(()),
        });
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(sink)));
        let mut ledger = self.shared.accounts.lock();
        if let Err((_, error)) = closed {
            // Its records are stored; the next process tidies up.
            ledger.health.note(error);
        }
        ledger.busy = false;
        ledger.finished = true;
        let lost = if ledger.abandoned { ledger.drop_unstored() } else { 0 };
        let error = ledger.health.last_error().map(str::to_owned);
        let in_journal = ledger.in_journal;
        drop(ledger);
        self.shared.accounts.changed();
        // Events last: a subscriber may do anything, and nobody waits for this thread any more.
        if let Err(panic) = dropped {
            tracing::error!(panic = message(&*panic), "the sink panicked when it was dropped");
        }
        if in_journal > 0 {
            tracing::warn!(in_journal, error, "usage records wait in the journal to be stored");
        }
        report_lost(lost, error.as_deref());
    }
}

fn settle(ledger: &mut Ledger, batch: u64, outcome: &BatchOutcome) {
    let missing = ledger.settle(batch, outcome);
    if missing > 0 {
        let error = unexplained(batch, outcome, missing);
        ledger.health.note(error);
    }
}
