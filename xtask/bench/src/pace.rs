//! Doing something so many times a second.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

/// The rate at which records come, of all threads together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rate {
    /// So many a second, evenly.
    PerSecond(u32),
    /// As fast as the threads can.
    FlatOut,
}

impl Rate {
    /// As a number for a child process, 0 for flat out.
    pub(crate) fn parse(number: &str) -> anyhow::Result<Self> {
        Ok(match number.parse()? {
            0 => Self::FlatOut,
            rate => Self::PerSecond(rate),
        })
    }

    /// Returns the number that [`parse`](Self::parse) reads.
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::PerSecond(rate) => rate,
            Self::FlatOut => 0,
        }
    }

    /// From one record to the next, where `threads` threads share the rate.
    pub(crate) fn gap(self, threads: usize) -> Duration {
        let threads = u32::try_from(threads).unwrap_or(u32::MAX);
        match self {
            Self::PerSecond(rate) => Duration::from_secs(1) * threads / rate,
            Self::FlatOut => Duration::ZERO,
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::PerSecond(rate) => {
                format!("{}/s", usage_core::format::format_count(u64::from(*rate)))
            }
            Self::FlatOut => "flat out".to_owned(),
        };
        f.pad(&text)
    }
}

/// A beat to keep: who is late catches up.
#[derive(Debug)]
pub(crate) struct Beat {
    due: Instant,
    gap: Duration,
    /// The number of waits that make one.
    burst: u32,
    left: u32,
}

impl Beat {
    pub(crate) fn new(rate: Rate, threads: usize) -> Self {
        Self { due: Instant::now(), gap: rate.gap(threads), burst: 1, left: 0 }
    }

    /// So many at once that there is time to sleep in between: for several processes, which
    /// together must not spin on all processors.
    pub(crate) fn in_bursts(rate: Rate) -> Self {
        let gap = rate.gap(1);
        let burst = BURST.as_nanos().checked_div(gap.as_nanos()).unwrap_or(0).max(1);
        let burst = u32::try_from(burst).unwrap_or(1);
        Self { due: Instant::now(), gap: gap * burst, burst, left: 0 }
    }

    /// Waits for the next beat.
    pub(crate) fn wait(&mut self) {
        if self.gap.is_zero() {
            return;
        }
        if self.left == 0 {
            wait_until(self.due);
            self.due += self.gap;
            self.left = self.burst;
        }
        self.left -= 1;
    }
}

/// From one burst to the next.
const BURST: Duration = Duration::from_millis(2);

/// Sleeps when there is time for it, else spins.
pub(crate) fn wait_until(due: Instant) {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        if left > Duration::from_micros(120) {
            // sleep: a paced producer is what is measured.
            thread::sleep(left - Duration::from_micros(60));
        } else {
            std::hint::spin_loop();
        }
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
