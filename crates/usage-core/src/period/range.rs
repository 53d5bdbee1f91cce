//! A period as the ledger is asked for it.

use super::Period;
use crate::{TimeRange, Timestamp};

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
