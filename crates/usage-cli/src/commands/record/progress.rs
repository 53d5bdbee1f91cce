//! How far the records of a pipe are: shown on a terminal, and by which a slow ledger is told from one that takes
//! nothing.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use usage_tracker::{Stats, Tracker};

use crate::progress;

/// The records that are read between two looks.
const EVERY: u64 = 8_192;

/// The records that have come to their end, and when the last ones did.
pub(super) struct Progress {
    bar: ProgressBar,
    read: u64,
    ended: u64,
    since: Instant,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let bar = progress::bar("{human_pos} of {human_len} stored, {elapsed}", quiet);
        Self { bar, read: 0, ended: 0, since: Instant::now() }
    }

    /// Counts a record that was read.
    pub(super) fn read(&mut self, tracker: &Tracker) {
        self.read += 1;
        if self.read.is_multiple_of(EVERY) && !self.bar.is_hidden() {
            self.look(&tracker.stats());
        }
    }

    /// Looks at what was stored by now. Returns for how long nothing was.
    pub(super) fn look(&mut self, stats: &Stats) -> Duration {
        let Stats { stored, amended, duplicates, refused, returned, dropped, .. } = *stats;
        // What came back was not taken, and is offered again.
        let ended = stored + amended + duplicates + refused - returned + dropped;
        if ended > self.ended {
            (self.ended, self.since) = (ended, Instant::now());
        }
        self.bar.set_length(stats.submitted - returned);
        self.bar.set_position(ended);
        self.since.elapsed()
    }

    /// Begins to wait for the rest.
    pub(super) fn wait(&mut self) {
        self.since = Instant::now();
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
