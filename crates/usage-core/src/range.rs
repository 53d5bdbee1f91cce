//! A half-open stretch of time as the ledger is asked for it.

use crate::{Period, Timestamp};

/// The instants from `start` up to, not including, `end`; `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first instant inside.
    pub start: Option<Timestamp>,
    /// The first instant after it.
    pub end: Option<Timestamp>,
}

impl TimeRange {
    /// No bounds: all time.
    pub const ALL: Self = Self { start: None, end: None };

    /// Whether the instant is inside.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= instant) && self.end.is_none_or(|end| instant < end)
    }
}

/// A period's bounds in whole microseconds. A bound between two microseconds moves to the later
/// one, so that the whole microseconds inside stay the same.
impl From<&Period> for TimeRange {
    fn from(period: &Period) -> Self {
        let bound = |instant: chrono::DateTime<chrono_tz::Tz>| {
            let whole = Timestamp::from(instant);
            let between = !instant.timestamp_subsec_nanos().is_multiple_of(1_000);
            Timestamp::from_micros(whole.as_micros().saturating_add(i64::from(between)))
        };
        Self { start: period.start().map(bound), end: period.end().map(bound) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_period;

    #[test]
    fn a_range_is_half_open() {
        let at = Timestamp::from_micros;
        let range = TimeRange { start: Some(at(10)), end: Some(at(20)) };
        assert!(!range.contains(at(9)) && range.contains(at(10)));
        assert!(range.contains(at(19)) && !range.contains(at(20)));
        assert!(TimeRange::ALL.contains(at(i64::MIN)) && TimeRange::ALL.contains(at(i64::MAX)));
    }

    #[test]
    fn bounds_finer_than_a_microsecond_move_up() {
        let now = chrono_tz::UTC;
        let now = chrono::TimeZone::timestamp_opt(&now, 0, 0).unwrap();
        let bounds = |text: &str| {
            let range = TimeRange::from(&parse_period(text, now).unwrap());
            (range.start.unwrap().as_micros(), range.end.unwrap().as_micros())
        };
        let text = "1970-01-01T00:00:00.000001Z..1970-01-01T00:00:01Z";
        assert_eq!(bounds(text), (1, 1_000_000));
        let text = "1970-01-01T00:00:00.000001000Z..1970-01-01T00:00:00.999999999Z";
        assert_eq!(bounds(text), (1, 1_000_000));
        let text = "1970-01-01T00:00:00.000001001Z..1970-01-01T00:00:00.999999999Z";
        assert_eq!(bounds(text), (2, 1_000_000));
        assert_eq!(TimeRange::from(&Period::all_time(chrono_tz::UTC)), TimeRange::ALL);
    }
}
