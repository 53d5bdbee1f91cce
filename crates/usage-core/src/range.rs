//! A half-open stretch of time as the ledger is asked for it.

use crate::Timestamp;

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

    /// Returns whether the instant is inside.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= instant) && self.end.is_none_or(|end| instant < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_half_open() {
        let at = Timestamp::from_micros;
        let range = TimeRange { start: Some(at(10)), end: Some(at(20)) };
        assert!(!range.contains(at(9)) && range.contains(at(10)));
        assert!(range.contains(at(19)) && !range.contains(at(20)));
        assert!(TimeRange::ALL.contains(at(i64::MIN)) && TimeRange::ALL.contains(at(i64::MAX)));
    }
}
