//! The calendar that a person goes by: when weeks and billing cycles begin.

use chrono::{Datelike as _, NaiveDate};

use super::WeekStart;

/// The calendar that a person goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeriodOptions {
    /// The day that weeks begin on.
    pub week_start: WeekStart,
    /// The day of the month that a billing cycle begins on. Without it there are no cycles.
    pub cycle_day: Option<CycleDay>,
}

impl PeriodOptions {
    /// Sets the day that weeks begin on.
    #[must_use]
    pub const fn with_week_start(self, week_start: WeekStart) -> Self {
        Self { week_start, ..self }
    }

    /// Sets the day of the month that a billing cycle begins on.
    #[must_use]
    pub const fn with_cycle_day(self, cycle_day: Option<CycleDay>) -> Self {
        Self { cycle_day, ..self }
    }
}

impl From<WeekStart> for PeriodOptions {
    fn from(week_start: WeekStart) -> Self {
        Self::default().with_week_start(week_start)
    }
}

/// A day of the month from 1 to 31. In a month that is too short for it, it is the last one.
///
/// ```
/// use usage_core::period::CycleDay;
///
/// assert_eq!(CycleDay::new(31).map(CycleDay::get), Some(31));
/// assert_eq!(CycleDay::new(0), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CycleDay(u32);

impl CycleDay {
    /// Returns the day of this number; `None` where no month has it.
    #[must_use]
    pub const fn new(day: u32) -> Option<Self> {
        match day {
            1..=31 => Some(Self(day)),
            _ => None,
        }
    }

    /// Returns its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns this day of the month that a date is in.
    pub(super) fn within(self, month: NaiveDate) -> Option<NaiveDate> {
        // The last of them that the month has: 28 it always does.
        (self.0.min(28)..=self.0).rev().find_map(|day| month.with_day(day))
    }
}
