//! The clocks that the tracker gets the time from.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use usage_core::Timestamp;

/// The tracker's only source of time: a [`Handle`](crate::Handle) stamps its records with it, and the
/// writer decides by it when a batch is due or a retry may start.
///
/// Not under its control are the deadlines that a caller is willing to wait for
/// ([`Tracker::shutdown`](crate::Tracker::shutdown), [`Tracker::flush`](crate::Tracker::flush),
/// [`Tracker::record_blocking`](crate::Tracker::record_blocking)): those are the operating
/// system's, so that a clock that stands still cannot hang anybody.
pub trait Clock: Send + Sync {
    /// Returns the time of day.
    fn now(&self) -> Timestamp;

    /// Returns the time since some fixed start, never going back.
    fn monotonic(&self) -> Duration;
}

/// The time between two looks at a given clock.
const GIVEN_CLOCK_LOOK: Duration = Duration::from_millis(5);

/// The clock in use. The usual one is called directly, as a recording thread reads it each time.
pub(crate) enum TimeSource {
    System(SystemClock),
    Given(Arc<dyn Clock>),
}

impl TimeSource {
    /// Returns how long a thread may really wait for `time` to pass on this clock: a given one may be moved
    /// on at any moment.
    pub(crate) fn real_wait(&self, time: Duration) -> Duration {
        match self {
            Self::System(_) => time,
            Self::Given(_) => time.min(GIVEN_CLOCK_LOOK),
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::System(clock) => clock.now(),
            Self::Given(clock) => clock.now(),
        }
    }

    pub(crate) fn monotonic(&self) -> Duration {
        match self {
            Self::System(clock) => clock.monotonic(),
            Self::Given(clock) => clock.monotonic(),
        }
    }
}

/// The computer's own clocks. The one place of this crate whose job it is to read them.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Makes a clock whose monotonic time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[inline]
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that moves only when a test moves it.
///
/// ```
/// use std::time::Duration;
/// use usage_core::Timestamp;
/// use usage_tracker::{Clock, ManualClock};
///
/// let clock = ManualClock::new(Timestamp::from_micros(1_000_000));
/// clock.advance(Duration::from_millis(1_500));
/// assert_eq!(clock.now(), Timestamp::from_micros(2_500_000));
/// assert_eq!(clock.monotonic(), Duration::from_millis(1_500));
/// ```
pub struct ManualClock {
    start: i64,
    wall_shift: AtomicI64,
    elapsed: AtomicU64,
}

impl ManualClock {
    /// Makes a clock that stands at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let start = start.as_micros();
        Self { start, wall_shift: AtomicI64::new(0), elapsed: AtomicU64::new(0) }
    }

    /// Moves both times on, by whole microseconds.
    pub fn advance(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.elapsed.fetch_add(micros, Ordering::SeqCst);
    }

    /// Moves the time of day alone, back when negative, as an administrator or NTP does.
    pub fn shift_wall(&self, micros: i64) {
        self.wall_shift.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.elapsed.load(Ordering::SeqCst)).unwrap_or(i64::MAX);
        let shift = self.wall_shift.load(Ordering::SeqCst);
        Timestamp::from_micros(self.start.saturating_add(elapsed).saturating_add(shift))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.elapsed.load(Ordering::SeqCst))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock")
            .field("now", &self.now())
            .field("monotonic", &self.monotonic())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_tells_a_recordable_time_and_never_goes_back() {
        let clock = SystemClock::new();
        assert!(clock.now().is_recordable());
        let before = clock.monotonic();
        assert!(clock.monotonic() >= before);
    }

    #[test]
    fn the_wall_can_be_set_back_without_moving_monotonic_time() {
        let clock = ManualClock::new(Timestamp::from_micros(10));
        clock.advance(Duration::from_micros(5));
        clock.shift_wall(-12);
        assert_eq!(clock.now().as_micros(), 3);
        assert_eq!(clock.monotonic(), Duration::from_micros(5));
    }
}
