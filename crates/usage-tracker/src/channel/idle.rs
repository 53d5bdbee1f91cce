//! The naps of the thread that drains the channel, while there is nothing to do.

use std::time::Duration;

/// The nap while there is traffic. Long enough that an almost idle receiving thread costs nothing that can
/// be measured, short enough that the queue hardly grows meanwhile.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(16);
/// After naps of this length in a row that nothing interrupted, the receiving thread parks for good.
const IDLE_AFTER: Duration = Duration::from_millis(100);
/// The pace of recording threads that a nap allows for: a record each 250 ns fills no more than the
/// channel.
const PER_RECORD: Duration = Duration::from_nanos(250);

/// Naps that double while nothing comes, and start short again when something does.
#[derive(Debug)]
pub(crate) struct IdleBackoff {
    next: Duration,
    longest: Duration,
    quiet: Duration,
}

impl IdleBackoff {
    pub(crate) fn new(channel_capacity: usize) -> Self {
        let capacity = u32::try_from(channel_capacity).unwrap_or(u32::MAX);
        let longest = PER_RECORD.saturating_mul(capacity).clamp(SHORTEST, LONGEST);
        Self { next: SHORTEST, longest, quiet: Duration::ZERO }
    }

    /// Notes that something came.
    pub(crate) const fn traffic(&mut self) {
        self.next = SHORTEST;
        self.quiet = Duration::ZERO;
    }

    /// Returns whether nothing came for so long that waking up to look is a waste.
    pub(crate) fn is_idle(&self) -> bool {
        self.quiet >= IDLE_AFTER
    }

    /// Returns how long to nap now.
    pub(crate) fn nap(&mut self) -> Duration {
        let nap = self.next;
        self.quiet += nap;
        self.next = (nap * 2).min(self.longest);
        nap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn naps_double_until_idle_and_start_afresh_with_traffic() {
        let mut idle = IdleBackoff::new(65_536);
        let mut naps = Vec::new();
        while !idle.is_idle() {
            naps.push(idle.nap());
        }
        // 1 + 2 + 4 + 8 + 16 * 6 = 111, the first sum of at least 100.
        assert_eq!(naps, [1, 2, 4, 8, 16, 16, 16, 16, 16, 16].map(ms));
        idle.traffic();
        assert!(!idle.is_idle());
        assert_eq!([idle.nap(), idle.nap()], [ms(1), ms(2)]);
    }

    #[test]
    fn a_small_channel_is_looked_at_more_often() {
        let mut idle = IdleBackoff::new(10_000);
        let naps = [idle.nap(), idle.nap(), idle.nap(), idle.nap()];
        assert_eq!(
            naps,
            [ms(1), ms(2), Duration::from_micros(2_500), Duration::from_micros(2_500)]
        );
        let mut idle = IdleBackoff::new(1);
        assert_eq!([idle.nap(), idle.nap()], [ms(1), ms(1)]);
    }
}
