//! The waits before something that failed is tried again.

use std::time::Duration;

use usage_core::ErrorKind;

/// A sink that is damaged or gone is tried this many times less often than one that is only full.
const HOPELESS: u32 = 30;
/// A lock is looked at this many times more often than the longest wait would do.
const LOCKED: u32 = 4;

/// Waits that double with each failure in a row, up to a limit by kind, each shortened by chance:
/// several writers that failed together shall not come back together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackOff {
    min: Duration,
    max: Duration,
    next: Duration,
}

impl BackOff {
    /// Makes waits from `min` to `max`, which is at least `min`.
    pub(crate) const fn new(min: Duration, max: Duration) -> Self {
        Self { min, max, next: min }
    }

    /// Returns the wait after one more failure. `chance` from 0 to 1 makes it half as long to full.
    pub(crate) fn after(&mut self, kind: ErrorKind, chance: f64) -> Duration {
        let limit = match kind {
            ErrorKind::Busy => (self.max / LOCKED).max(self.min),
            ErrorKind::Corrupt | ErrorKind::Replaced => self.max.saturating_mul(HOPELESS),
            _ => self.max,
        };
        let wait = match kind {
            // There is nothing to be had by trying soon.
            ErrorKind::Replaced => limit,
            _ => self.next.min(limit),
        };
        self.next = wait.saturating_mul(2);
        // In floating point a wait without end would be out of range.
        let half = wait / 2;
        half.saturating_add(
            Duration::try_from_secs_f64(half.as_secs_f64() * chance).unwrap_or(half),
        )
    }

    /// Starts afresh: it worked, or somebody cannot wait.
    pub(crate) const fn reset(&mut self) {
        self.next = self.min;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn waits(kind: ErrorKind, chance: f64) -> [Duration; 6] {
        let mut back_off = BackOff::new(ms(20), ms(100));
        std::array::from_fn(|_| back_off.after(kind, chance))
    }

    #[test]
    fn waits_double_up_to_a_limit_that_depends_on_what_went_wrong() {
        assert_eq!(waits(ErrorKind::Full, 1.0), [20, 40, 80, 100, 100, 100].map(ms));
        assert_eq!(waits(ErrorKind::Busy, 1.0), [20, 25, 25, 25, 25, 25].map(ms));
        assert_eq!(waits(ErrorKind::Corrupt, 1.0), [20, 40, 80, 160, 320, 640].map(ms));
        assert_eq!(waits(ErrorKind::Replaced, 1.0), [ms(3_000); 6]);
    }

    #[test]
    fn chance_shortens_a_wait_by_half_at_most() {
        assert_eq!(waits(ErrorKind::Other, 0.0), [10, 20, 40, 50, 50, 50].map(ms));
        assert_eq!(waits(ErrorKind::Other, 0.5)[0], ms(15));
    }

    #[test]
    fn a_limit_is_never_below_the_first_wait() {
        let mut back_off = BackOff::new(ms(20), ms(20));
        assert_eq!(back_off.after(ErrorKind::Busy, 1.0), ms(20));
    }

    #[test]
    fn waits_start_afresh() {
        let mut back_off = BackOff::new(ms(20), ms(100));
        back_off.after(ErrorKind::Io, 1.0);
        back_off.reset();
        assert_eq!(back_off.after(ErrorKind::Io, 1.0), ms(20));
    }

    #[test]
    fn waits_without_end_do_not_overflow() {
        let mut back_off = BackOff::new(Duration::MAX, Duration::MAX);
        for kind in [ErrorKind::Other, ErrorKind::Replaced, ErrorKind::Corrupt] {
            assert!(back_off.after(kind, 1.0) >= Duration::MAX / 2);
        }
    }
}
