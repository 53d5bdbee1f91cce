//! When to write: the rule of batches as a pure state machine. It knows no clock, channel or sink;
//! the writer tells it what happened and when, and asks what to do next.

use std::time::Duration;

use usage_core::sink::SinkErrorKind;

use crate::retry::BackOff;

#[cfg(test)]
mod tests;

/// The numbers of the rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A batch of this many is written without waiting for more.
    pub(crate) threshold: usize,
    /// No batch is larger. At least `threshold`.
    pub(crate) max_batch: usize,
    /// The first record of a batch waits no longer than this.
    pub(crate) flush_timeout: Duration,
    /// How long a failed batch waits to be tried again.
    pub(crate) back_off: BackOff,
}

/// What the tracker as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Collecting batches.
    Collect,
    /// Somebody waits for what is held: write it without collecting.
    Flush,
    /// As `Flush`, and then stop.
    Close,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Take up to this many records from the queue, then say how many with [`Batcher::took`].
    Take(usize),
    /// Write all that is held, then say how it went.
    Write,
    /// Nothing before this instant, unless the queue or the mode changes.
    WaitUntil(Duration),
    /// Nothing until the queue or the mode changes.
    Idle,
    /// Nothing any more: everything is written.
    Finished,
}

/// How many records are held, since when, and whether they failed.
#[derive(Debug)]
pub(crate) struct Batcher {
    limits: Limits,
    held: usize,
    /// When the oldest held record was taken. Meaningless while nothing is held.
    since: Duration,
    back_off: BackOff,
    /// When the failed batch may be tried again; `None` while there is no failed batch.
    retry_at: Option<Duration>,
}

impl Batcher {
    pub(crate) const fn new(limits: Limits) -> Self {
        let (since, back_off) = (Duration::ZERO, limits.back_off);
        Self { limits, held: 0, since, back_off, retry_at: None }
    }

    /// How many more records may be taken. None while a failed batch is held: it stays as it is,
    /// and the queue takes the strain.
    pub(crate) const fn room(&self) -> usize {
        if self.retry_at.is_some() { 0 } else { self.limits.max_batch - self.held }
    }

    /// How many records are held.
    pub(crate) const fn held(&self) -> usize {
        self.held
    }

    /// Whether what is held has failed before.
    pub(crate) const fn is_retrying(&self) -> bool {
        self.retry_at.is_some()
    }

    /// What to do at `now`, with `queued` records waiting in the queue.
    pub(crate) fn next(&self, now: Duration, queued: usize, mode: Mode) -> Step {
        if let Some(retry_at) = self.retry_at {
            return if now >= retry_at { Step::Write } else { Step::WaitUntil(retry_at) };
        }
        // A long queue makes a large batch; how long this can go on is bounded by the room.
        let take = self.room().min(queued);
        if take > 0 {
            return Step::Take(take);
        }
        if self.held == 0 {
            return if mode == Mode::Close { Step::Finished } else { Step::Idle };
        }
        let due = self.since.saturating_add(self.limits.flush_timeout);
        if mode != Mode::Collect || self.held >= self.limits.threshold || now >= due {
            Step::Write
        } else {
            Step::WaitUntil(due)
        }
    }

    /// `count` records were taken from the queue at `now`.
    pub(crate) const fn took(&mut self, count: usize, now: Duration) {
        if self.held == 0 {
            self.since = now;
        }
        self.held += count;
    }

    /// What was held is written. Answers whether it had failed before.
    pub(crate) const fn succeeded(&mut self) -> bool {
        self.held = 0;
        self.back_off.reset();
        self.retry_at.take().is_some()
    }

    /// What is held could not be written, as was found out at `now`; `chance` from 0 to 1 spreads
    /// the next try.
    pub(crate) fn failed(&mut self, now: Duration, kind: SinkErrorKind, chance: f64) {
        self.retry_at = Some(now.saturating_add(self.back_off.after(kind, chance)));
    }

    /// Somebody began to wait: a failed batch is tried at once, and the back-off starts afresh.
    pub(crate) fn hurry(&mut self, now: Duration) {
        self.back_off.reset();
        if self.retry_at.is_some() {
            self.retry_at = Some(now);
        }
    }
}
