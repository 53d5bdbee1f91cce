//! Which stretches of time make up a range: the coarsest that fit.

use std::ops::Range;

use chrono::{Datelike as _, NaiveDate};
use usage_core::TimeRange;
use usage_store::shipped::StretchLevel;

/// A quarter of an hour, in microseconds.
pub(crate) const QUARTER: i64 = 15 * 60 * 1_000_000;
const QUARTERS: i64 = 96;
/// 1970-01-01, as chrono counts days.
const EPOCH_DAY: i64 = 719_163;

/// The quarter of an hour that holds an instant in microseconds.
pub(crate) const fn quarter_of(micros: i64) -> i64 {
    micros.div_euclid(QUARTER)
}

/// The instant at which it begins.
pub(crate) const fn start_of_quarter(quarter: i64) -> i64 {
    quarter.saturating_mul(QUARTER)
}

/// The day in UTC that holds an instant in microseconds.
pub(crate) const fn day_of(micros: i64) -> i64 {
    quarter_of(micros).div_euclid(QUARTERS)
}

/// The instant at which it begins.
pub(crate) const fn start_of_day(day: i64) -> i64 {
    start_of_quarter(day.saturating_mul(QUARTERS))
}

/// The month in UTC that holds a day.
pub(crate) fn month_of_day(day: i64) -> i64 {
    let date = i32::try_from(day.saturating_add(EPOCH_DAY))
        .ok()
        .and_then(NaiveDate::from_num_days_from_ce_opt);
    let of = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    date.map_or(if day < 0 { i64::MIN } else { i64::MAX }, of)
}

/// The first day of a month.
pub(crate) fn day_of_month(month: i64) -> i64 {
    let year = i32::try_from(month.div_euclid(12)).ok();
    let number = u32::try_from(month.rem_euclid(12) + 1).ok();
    let date = year.zip(number).and_then(|(year, number)| NaiveDate::from_ymd_opt(year, number, 1));
    date.map_or(if month < 0 { i64::MIN } else { i64::MAX }, |date| {
        i64::from(date.num_days_from_ce()) - EPOCH_DAY
    })
}

/// The quarters of an hour that a range in microseconds has instants of.
pub(crate) const fn quarters(range: &Range<i64>) -> Range<i64> {
    if range.start >= range.end {
        0..0
    } else {
        quarter_of(range.start)..quarter_of(range.end - 1) + 1
    }
}

/// Whole stretches of a level, for one place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) place: usize,
    pub(crate) level: StretchLevel,
    pub(crate) numbers: Range<i64>,
}

/// The part of a quarter of an hour, in microseconds, for one place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) place: usize,
    pub(crate) micros: Range<i64>,
}

/// Adds what a range is made of. A side without bound must not be far from what there is.
pub(crate) fn cover(range: &Range<i64>, place: usize, parts: &mut Vec<Part>, cuts: &mut Vec<Cut>) {
    let (start, end) = (range.start, range.end);
    if start >= end {
        return;
    }
    let (first, last) = (
        start.div_euclid(QUARTER) + i64::from(start.rem_euclid(QUARTER) != 0),
        end.div_euclid(QUARTER),
    );
    if first > last {
        cuts.push(Cut { place, micros: start..end });
        return;
    }
    for micros in [start..start_of_quarter(first), start_of_quarter(last)..end] {
        if !micros.is_empty() {
            cuts.push(Cut { place, micros });
        }
    }
    let days = first.div_euclid(QUARTERS) + i64::from(first.rem_euclid(QUARTERS) != 0)
        ..last.div_euclid(QUARTERS);
    let months = if days.is_empty() {
        0..0
    } else {
        let month = month_of_day(days.start);
        month + i64::from(day_of_month(month) < days.start)..month_of_day(days.end)
    };
    let mut add = |level, numbers: Range<i64>| {
        if !numbers.is_empty() {
            parts.push(Part { place, level, numbers });
        }
    };
    use StretchLevel::{Day, Month, Quarter};
    if days.is_empty() {
        add(Quarter, first..last);
        return;
    }
    add(Quarter, first..days.start * QUARTERS);
    if months.is_empty() {
        add(Day, days.clone());
    } else {
        add(Day, days.start..day_of_month(months.start));
        add(Month, months.clone());
        add(Day, day_of_month(months.end)..days.end);
    }
    add(Quarter, days.end * QUARTERS..last);
}

/// The range in microseconds, within what there is.
pub(crate) fn micros(range: TimeRange, ends: (i64, i64)) -> Range<i64> {
    let start =
        range.start.map_or(start_of_quarter(quarter_of(ends.0)), usage_core::Timestamp::as_micros);
    let end = range
        .end
        .map_or(start_of_quarter(quarter_of(ends.1) + 1), usage_core::Timestamp::as_micros);
    // Beyond what there is nothing has to be looked at.
    let (first, last) =
        (start_of_day(day_of(ends.0)) - QUARTER, start_of_day(day_of(ends.1) + 1) + QUARTER);
    start.clamp(first, last)..end.clamp(first, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the range, each microsecond of it is in one part or one cut.
    #[test]
    fn parts_and_cuts_are_the_range() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let unit = [1, QUARTER, QUARTER * 96, QUARTER * 96 * 31][random.usize(..4)];
            let start =
                random.i64(-3_000..3_000) * unit + random.i64(0..2) * random.i64(0..QUARTER);
            let range = start..start + random.i64(0..200) * unit + random.i64(0..2);
            let (mut parts, mut cuts) = (Vec::new(), Vec::new());
            cover(&range, 0, &mut parts, &mut cuts);
            let of_part = |part: &Part| match part.level {
                StretchLevel::Quarter => {
                    start_of_quarter(part.numbers.start)..start_of_quarter(part.numbers.end)
                }
                StretchLevel::Day => {
                    start_of_day(part.numbers.start)..start_of_day(part.numbers.end)
                }
                _ => {
                    start_of_day(day_of_month(part.numbers.start))
                        ..start_of_day(day_of_month(part.numbers.end))
                }
            };
            let mut all: Vec<_> =
                parts.iter().map(of_part).chain(cuts.into_iter().map(|cut| cut.micros)).collect();
            all.sort_by_key(|of| of.start);
            let mut at = range.start;
            for of in &all {
                assert!(of.start == at && of.end > at, "{range:?}: {all:?}");
                at = of.end;
            }
            assert!(at == range.end || range.is_empty(), "{range:?}: {all:?}");
        }
    }
}
