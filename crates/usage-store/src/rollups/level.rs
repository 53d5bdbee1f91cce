//! The stretches of time that rollups are kept of, and their calendar: UTC, where every day has the same
//! length.

use chrono::{Datelike as _, NaiveDate};

/// Stands for all label sets together, in the rollups of all.
pub(super) const OF_ALL: i64 = 1;

/// A quarter of an hour, in microseconds.
pub(super) const QUARTER: i64 = 15 * 60 * 1_000_000;
/// Quarters of a day.
pub(super) const QUARTERS: i64 = 96;

/// The stretches of time that rollups are kept of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// A quarter of an hour too, of all names together.
    All = 0,
    /// A quarter of an hour; numbered from 1970. The others are derived from it.
    Quarter = 1,
    /// A day in UTC; numbered from 1970-01-01.
    Day,
    /// A month in UTC; twelve times the year, and the month from 0.
    Month,
}

impl Level {
    pub(crate) const EACH: [Self; 4] = [Self::Quarter, Self::All, Self::Day, Self::Month];
    /// Those that are derived from others, each after the one that it is derived from.
    pub(crate) const MADE: [Self; 3] = [Self::All, Self::Day, Self::Month];

    /// Returns the level that a level is derived from.
    pub(crate) const fn finer(self) -> Self {
        match self {
            Self::All | Self::Quarter | Self::Day => Self::Quarter,
            Self::Month => Self::Day,
        }
    }

    /// The number of the stretch that holds one of the finer level.
    pub(crate) fn of_finer(self, number: i64) -> i64 {
        match self {
            Self::All | Self::Quarter => number,
            Self::Day => number.div_euclid(QUARTERS),
            Self::Month => month_of_day(number),
        }
    }

    /// The instant at which a stretch begins, in microseconds.
    pub(crate) fn start_of(self, number: i64) -> i64 {
        start_of_quarter(match self {
            Self::All | Self::Quarter => number,
            Self::Day => number.saturating_mul(QUARTERS),
            Self::Month => day_of_month(number).saturating_mul(QUARTERS),
        })
    }

    /// The stretch that holds an instant in microseconds.
    pub(crate) fn around(self, ts: i64) -> i64 {
        match self {
            Self::All | Self::Quarter => quarter_of(ts),
            Self::Day => Self::Day.of_finer(quarter_of(ts)),
            Self::Month => Self::Month.of_finer(Self::Day.around(ts)),
        }
    }
}

/// The quarter of an hour that holds an instant in microseconds.
pub(crate) const fn quarter_of(ts: i64) -> i64 {
    ts.div_euclid(QUARTER)
}

/// The instant at which a quarter of an hour begins.
pub(crate) const fn start_of_quarter(quarter: i64) -> i64 {
    quarter.saturating_mul(QUARTER)
}

/// 1970-01-01, as chrono counts days.
const EPOCH_DAY: i64 = 719_163;

pub(super) fn month_of_day(day: i64) -> i64 {
    // Beyond chrono's calendar, 260,000 years away, there are no records.
    let date = i32::try_from(day + EPOCH_DAY).ok().and_then(NaiveDate::from_num_days_from_ce_opt);
    date.map_or(if day < 0 { i64::MIN } else { i64::MAX }, |date| {
        i64::from(date.year()) * 12 + i64::from(date.month0())
    })
}

/// The first day of a month.
pub(super) fn day_of_month(month: i64) -> i64 {
    let year = i32::try_from(month.div_euclid(12)).ok();
    let number = u32::try_from(month.rem_euclid(12) + 1).ok();
    let date = year.zip(number).and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1));
    date.map_or(if month < 0 { i64::MIN } else { i64::MAX }, |date| {
        i64::from(date.num_days_from_ce()) - EPOCH_DAY
    })
}
