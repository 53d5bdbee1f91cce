//! Storing what stopped processes left in their journals, once, before anything else.

use std::ops::ControlFlow;
use std::time::Duration;

use usage_core::ErrorKind;
use usage_core::error::chain;
use usage_core::sink::Sink;
use usage_journal::{RealDisk, Replayed, replay};

use crate::accounts::release;
use crate::call::{call, positions};
use crate::retry::BackOff;
use crate::shared::Shared;
use crate::stats::Recovered;

pub(super) struct Recovery {
    /// The time of the next try; `None` when it is done.
    due: Option<Duration>,
    back_off: BackOff,
    /// The counts of tries that failed in the middle.
    before: Recovered,
}

impl Recovery {
    pub(super) fn new(back_off: BackOff) -> Self {
        Self { due: Some(Duration::ZERO), back_off, before: Recovered::default() }
    }

    pub(super) const fn due(&self) -> Option<Duration> {
        self.due
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.due.is_some_and(|due| now >= due)
    }

    /// Notes that somebody waits for what comes after it.
    pub(super) fn retry_now(&mut self, now: Duration) {
        if self.due.is_some() {
            self.back_off.reset();
            self.due = Some(now);
        }
    }

    /// Stores what there is. Returns `false` when the sink shall not be called again.
    pub(super) fn run(&mut self, shared: &Shared, sink: &mut dyn Sink, max_batch: usize) -> bool {
        if !shared.enter_sink(false) {
            return false;
        }
        let mut last = self.before;
        let result = call(|| {
            let positions = positions(sink)?;
            let mut found = Vec::new();
            for folder in positions.journal_folders()? {
                let start = last;
                let mut watch = |so_far: &Replayed| {
                    last = sum(start, so_far);
                    let mut books = shared.accounts.lock();
                    books.counters.recovered = last;
                    if books.phase().calls_sink() {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                };
                let replayed = replay(&RealDisk, &folder, positions, max_batch, &mut watch)?;
                last = sum(start, &replayed);
                found.push(replayed);
            }
            Ok(found)
        });
        let now = shared.sender.clock.monotonic();
        let mut books = shared.accounts.lock();
        books.state.sink_busy = false;
        match result {
            Ok(found) => {
                self.due = None;
                books.counters.recovered = last;
                books.state.health.sink_works();
                for error in found.iter().flat_map(|replayed| &replayed.failed) {
                    books.state.health.note(chain(error));
                }
                release(books);
                found.iter().for_each(notify_recovered);
                !found.iter().any(|replayed| replayed.interrupted)
            }
            Err((kind, error)) => {
                self.before = last;
                books.sink_failed(kind, error);
                if kind == ErrorKind::Replaced {
                    self.due = None;
                } else {
                    let wait = self.back_off.after(kind, fastrand::f64());
                    self.due = Some(now.saturating_add(wait));
                }
                let goes_on = books.phase().calls_sink();
                release(books);
                goes_on
            }
        }
    }
}

fn sum(before: Recovered, replayed: &Replayed) -> Recovered {
    Recovered {
        stored: before.stored + replayed.stored,
        amended: before.amended + replayed.amended,
        duplicates: before.duplicates + replayed.duplicates,
        refused: before.refused + replayed.refused,
        lost: before.lost + replayed.lost,
        unknown: before.unknown + unknown(replayed),
    }
}

/// Returns the number of damaged pieces of which it is not known how many records were in them.
fn unknown(replayed: &Replayed) -> u64 {
    replayed.damage.iter().filter(|found| found.damage.records.is_none()).count() as u64
}

fn notify_recovered(replayed: &Replayed) {
    let Replayed { stored, amended, duplicates, refused, lost, segments, .. } = replayed;
    if *segments > 0 {
        tracing::info!(
            stored,
            amended,
            duplicates,
            refused,
            lost,
            unknown = unknown(replayed),
            "usage records were recovered from the journal of a program that had stopped"
        );
    }
    // No reason not to go on; the next start tries again.
    for error in &replayed.failed {
        let error = chain(error);
        tracing::error!(error, "a journal that a stopped program left could not be read");
    }
    for found in &replayed.damage {
        tracing::error!(%found, "a piece of an earlier usage journal is damaged; it is quarantined");
    }
    for (paths, what) in [
        (&replayed.foreign, "a usage journal belongs to another ledger; it is kept"),
        (&replayed.newer, "a usage journal was written by a newer version; it is kept"),
        (&replayed.unreadable, "a usage journal cannot be read; it is renamed and kept"),
    ] {
        for path in paths {
            tracing::error!(path = %path.display(), "{what}");
        }
    }
}
