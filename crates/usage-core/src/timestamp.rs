//! An instant as the ledger keeps it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};

/// An instant: whole microseconds since 1970-01-01T00:00:00Z.
///
/// Any `i64` is representable, so that period bounds far outside a ledger still compare. A
/// [`Record`](crate::Record) is stricter: its timestamp lies in
/// [`Timestamp::MIN_RECORD`]`..`[`Timestamp::END_RECORD`].
///
/// ```
/// use usage_core::Timestamp;
///
/// let instant: chrono::DateTime<chrono::Utc> = "2026-05-03T05:56:01.25Z".parse()?;
/// assert_eq!(Timestamp::from(instant).to_string(), "2026-05-03T05:56:01.250000Z");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant a record may carry: 1970-01-01T00:00:00Z.
    pub const MIN_RECORD: Self = Self(0);
    /// The first instant too late for a record: 2100-01-01T00:00:00Z.
    pub const END_RECORD: Self = Self(4_102_444_800_000_000);

    /// The present, by the computer's clock. Nothing else in this crate asks a clock.
    ///
    /// ```
    /// use usage_core::Timestamp;
    ///
    /// assert!(Timestamp::now().is_recordable());
    /// ```
    #[must_use]
    #[inline]
    #[expect(clippy::disallowed_methods, reason = "what others are told to ask, or not even that")]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns whether a record may carry this instant: from 1970 up to, not including, 2100.
    #[must_use]
    pub const fn is_recordable(self) -> bool {
        Self::MIN_RECORD.0 <= self.0 && self.0 < Self::END_RECORD.0
    }

    /// The same instant as a chrono value, `None` beyond the years chrono can express
    /// (about ±262,000).
    #[must_use]
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        Utc.timestamp_micros(self.0).single()
    }
}

/// Drops what is finer than a microsecond, towards the past.
impl<Z: TimeZone> From<DateTime<Z>> for Timestamp {
    fn from(instant: DateTime<Z>) -> Self {
        Self(instant.timestamp_micros())
    }
}

/// Drops what is finer than a microsecond, towards the past. An instant that is too far away is the furthest
/// there is.
impl From<SystemTime> for Timestamp {
    #[inline]
    fn from(instant: SystemTime) -> Self {
        Self(match instant.duration_since(UNIX_EPOCH) {
            Ok(since) => whole_micros(since),
            Err(error) => before_epoch(error.duration()),
        })
    }
}

/// Returns whole microseconds, in 64 bits: enough for 292,000 years, and cheaper than the 128 of `as_micros`.
#[inline]
fn whole_micros(distance: Duration) -> i64 {
    let seconds = i64::try_from(distance.as_secs()).unwrap_or(i64::MAX);
    seconds.saturating_mul(1_000_000).saturating_add(distance.subsec_micros().into())
}

/// Returns the microseconds of an instant so long before 1970. Out of line: no clock shows one.
#[cold]
#[inline(never)]
fn before_epoch(distance: Duration) -> i64 {
    let is_between = !distance.subsec_nanos().is_multiple_of(1_000);
    whole_micros(distance).saturating_neg().saturating_sub(i64::from(is_between))
}

/// RFC 3339 in UTC with all six digits of the fraction, so that the text sorts as the instants do.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(utc) => f.write_str(&utc.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => write!(f, "{} us since 1970", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordable_is_half_open() {
        assert!(!Timestamp::from_micros(-1).is_recordable());
        assert!(Timestamp::MIN_RECORD.is_recordable());
        assert!(Timestamp::from_micros(Timestamp::END_RECORD.as_micros() - 1).is_recordable());
        assert!(!Timestamp::END_RECORD.is_recordable());
        assert_eq!(Timestamp::END_RECORD.to_string(), "2100-01-01T00:00:00.000000Z");
    }

    #[test]
    fn sub_microseconds_are_dropped_towards_the_past() {
        let before: DateTime<Utc> = "1969-12-31T23:59:59.9999999Z".parse().unwrap();
        assert_eq!(Timestamp::from(before).as_micros(), -1);
        let after: DateTime<Utc> = "1970-01-01T00:00:00.0000019Z".parse().unwrap();
        assert_eq!(Timestamp::from(after).as_micros(), 1);
        for (nanos, micros) in [(0, 0), (999, 0), (1_000, 1)] {
            let at = UNIX_EPOCH + Duration::from_nanos(nanos);
            assert_eq!(Timestamp::from(at).as_micros(), micros);
        }
        for (nanos, micros) in [(1, -1), (1_000, -1), (1_001, -2)] {
            let at = UNIX_EPOCH - Duration::from_nanos(nanos);
            assert_eq!(Timestamp::from(at).as_micros(), micros);
        }
    }

    #[test]
    fn an_instant_beyond_chrono_still_prints() {
        assert_eq!(
            Timestamp::from_micros(i64::MAX).to_string(),
            "9223372036854775807 us since 1970"
        );
    }
}
