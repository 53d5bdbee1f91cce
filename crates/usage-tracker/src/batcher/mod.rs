//! The batching rule, which says when to write, as a pure state machine. It knows no clock, queue or sink; the
//! committer tells it how many records wait and what happened, and asks what to do next.

use std::time::Duration;

use usage_core::ErrorKind;

use crate::accounts::Phase;
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
    /// The waits before a failed batch is tried again.
    pub(crate) back_off: BackOff,
}

/// The next thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Write the next batch, then say how it went.
    Write,
    /// Wait until this instant, unless more records come or the phase changes.
    WaitUntil(Duration),
    /// Wait until records come or the phase changes.
    Idle,
    /// Stop: everything is written.
    Finished,
}

/// The state of the rule: since when there is a backlog, and whether a batch of it has failed.
#[derive(Debug)]
pub(crate) struct Batcher {
    limits: Limits,
    /// The time at which the backlog began: with the first record after the last batch.
    since: Option<Duration>,
    back_off: BackOff,
    /// The time at which the failed batch may be tried again; `None` while there is none.
    retry_at: Option<Duration>,
}

impl Batcher {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, since: None, back_off: limits.back_off, retry_at: None }
    }

    /// Returns how many more records a queue in memory may take that holds `held`. None while a failed
    /// batch is held: it stays as it is, and what comes before the queue takes the strain.
    pub(crate) const fn room(&self, held: usize) -> usize {
        if self.is_retrying() { 0 } else { self.limits.max_batch.saturating_sub(held) }
    }

    /// Returns whether what is written next has failed before.
    pub(crate) const fn is_retrying(&self) -> bool {
        self.retry_at.is_some()
    }

    /// Returns how large the backlog must be for this rule to say something else than it did with
    /// a backlog of `backlog`, if no time passes and nobody waits.
    pub(crate) const fn changes_at(&self, backlog: u64) -> u64 {
        match backlog {
            _ if self.is_retrying() => u64::MAX,
            0 => 1,
            _ => self.limits.threshold as u64,
        }
    }

    /// Returns what to do at `now`, with a backlog of so many records.
    pub(crate) fn next(&mut self, now: Duration, backlog: u64, phase: Phase) -> Step {
        if let Some(retry_at) = self.retry_at {
            return if now >= retry_at { Step::Write } else { Step::WaitUntil(retry_at) };
        }
        if backlog == 0 {
            self.since = None;
            return if phase.is_open() { Step::Idle } else { Step::Finished };
        }
        let since = *self.since.get_or_insert(now);
        let due = since.saturating_add(self.limits.flush_timeout);
        if phase.is_urgent() || backlog >= self.limits.threshold as u64 || now >= due {
            Step::Write
        } else {
            Step::WaitUntil(due)
        }
    }

    /// Notes that a batch is written. Returns whether it had failed before.
    pub(crate) const fn succeeded(&mut self) -> bool {
        self.since = None;
        self.back_off.reset();
        self.retry_at.take().is_some()
    }

    /// Notes that the batch could not be written, as was found out at `now`; `chance` from 0 to 1
    /// spreads the next try.
    pub(crate) fn failed(&mut self, now: Duration, kind: ErrorKind, chance: f64) {
        self.retry_at = Some(now.saturating_add(self.back_off.after(kind, chance)));
    }

    /// Notes that somebody began to wait: a failed batch is tried at once, and the back-off starts
    /// afresh.
    pub(crate) fn retry_now(&mut self, now: Duration) {
        self.back_off.reset();
        if self.retry_at.is_some() {
            self.retry_at = Some(now);
        }
    }
}
