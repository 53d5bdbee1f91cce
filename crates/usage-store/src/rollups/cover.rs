//! Covers of ranges: a range of time as the fewest stretches that there are rollups of: whole months inside, then whole
//! days, then quarters of an hour, and at the ends what only rows can tell. All in UTC, whatever
//! zone the range was named in: a day of Kathmandu is some quarters, too.

use std::ops::Range;

use usage_core::TimeRange;

use super::level::{QUARTER, QUARTERS, day_of_month, month_of_day};
use super::{Level, start_of_quarter};

/// A range as pieces. Together they are the range, and no two overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cover {
    /// Stretches by their numbers; none is empty.
    pub(crate) rollups: Vec<(Level, Range<i64>)>,
    /// Instants in microseconds, each within a quarter of an hour; none is empty.
    pub(crate) rows: Vec<Range<i64>>,
}

/// Covers a range, half-open as ever. `all` are the instants that a record may have at all.
pub(crate) fn cover(range: TimeRange, all: Range<i64>) -> Cover {
    let mut cover = cover_in_quarters(range, all);
    if let Some((level, quarters)) = cover.rollups.pop() {
        cover.add_inside(level, quarters);
    }
    cover
}

/// Covers a range by quarters of an hour alone.
pub(crate) fn cover_in_quarters(range: TimeRange, all: Range<i64>) -> Cover {
    let start = range.start.map_or(all.start, |start| start.as_micros().clamp(all.start, all.end));
    let end = range.end.map_or(all.end, |end| end.as_micros().clamp(all.start, all.end));
    let mut cover = Cover::default();
    if start >= end {
        return cover;
    }
    // Rounded up and down to whole quarters; when none is whole, only rows will do.
    let (first, last) = (ceil(start, QUARTER), end.div_euclid(QUARTER));
    if first > last {
        cover.add_rows(start..end);
        return cover;
    }
    cover.add_rows(start..start_of_quarter(first));
    cover.add_rows(start_of_quarter(last)..end);
    if first < last {
        cover.rollups.push((Level::Quarter, first..last));
    }
    cover
}

impl Cover {
    fn add_rows(&mut self, range: Range<i64>) {
        if !range.is_empty() {
            self.rows.push(range);
        }
    }

    /// Adds stretches of this level, or coarser ones where they fit.
    fn add_inside(&mut self, level: Level, range: Range<i64>) {
        if range.is_empty() {
            return;
        }
        let (coarser, inside, edges) = match level {
            Level::Quarter => {
                let inside = ceil(range.start, QUARTERS)..range.end.div_euclid(QUARTERS);
                let edges =
                    inside.start.saturating_mul(QUARTERS)..inside.end.saturating_mul(QUARTERS);
                (Level::Day, inside, edges)
            }
            Level::Day => {
                let month = month_of_day(range.start);
                let start = if day_of_month(month) == range.start { month } else { month + 1 };
                let inside = start..month_of_day(range.end);
                let edges = day_of_month(inside.start)..day_of_month(inside.end);
                (Level::Month, inside, edges)
            }
            Level::All | Level::Month => {
                self.rollups.push((level, range));
                return;
            }
        };
        if inside.is_empty() {
            self.rollups.push((level, range));
            return;
        }
        for edge in [range.start..edges.start, edges.end..range.end] {
            if !edge.is_empty() {
                self.rollups.push((level, edge));
            }
        }
        self.add_inside(coarser, inside);
    }
}

/// Divided and rounded up.
const fn ceil(number: i64, by: i64) -> i64 {
    number.div_euclid(by) + (number.rem_euclid(by) != 0) as i64
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use usage_core::Timestamp;

    use super::super::quarter_of;
    use super::*;

    const ALL: Range<i64> = 0..4_102_444_800_000_000;

    fn at(text: &str) -> Timestamp {
        Timestamp::from(DateTime::parse_from_rfc3339(text).unwrap())
    }

    fn of(start: &str, end: &str) -> Cover {
        cover(TimeRange { start: Some(at(start)), end: Some(at(end)) }, ALL)
    }

    #[test]
    fn all_time_is_months_alone() {
        let months = 1970 * 12..2100 * 12;
        let expected = Cover { rollups: vec![(Level::Month, months)], rows: vec![] };
        assert_eq!(cover(TimeRange::ALL, ALL), expected);
    }

    #[test]
    fn a_long_range_is_coarse_inside_and_fine_at_its_ends() {
        let found = of("2026-01-30T22:44:59.5Z", "2026-04-02T01:30:00.000001Z");
        let day = |text: &str| quarter_of(at(text).as_micros()) / QUARTERS;
        let quarter = |text: &str| quarter_of(at(text).as_micros());
        let expected = Cover {
            rollups: vec![
                (Level::Quarter, quarter("2026-01-30T22:45:00Z")..quarter("2026-01-31T00:00:00Z")),
                (Level::Quarter, quarter("2026-04-02T00:00:00Z")..quarter("2026-04-02T01:30:00Z")),
                (Level::Day, day("2026-01-31T00:00:00Z")..day("2026-02-01T00:00:00Z")),
                (Level::Day, day("2026-04-01T00:00:00Z")..day("2026-04-02T00:00:00Z")),
                (Level::Month, 2026 * 12 + 1..2026 * 12 + 3),
            ],
            rows: vec![
                at("2026-01-30T22:44:59.5Z").as_micros()..at("2026-01-30T22:45:00Z").as_micros(),
                at("2026-04-02T01:30:00Z").as_micros()
                    ..at("2026-04-02T01:30:00.000001Z").as_micros(),
            ],
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn what_lies_within_a_quarter_is_rows() {
        let found = of("2026-01-30T22:44:59Z", "2026-01-30T22:45:00Z");
        assert!(found.rollups.is_empty());
        assert_eq!(found.rows.len(), 1);
        let found = of("2026-01-30T22:44:59Z", "2026-01-30T22:45:01Z");
        assert!(found.rollups.is_empty());
        assert_eq!(found.rows.len(), 2);
        assert_eq!(of("2026-01-30T22:45:00Z", "2026-01-30T22:45:00Z"), Cover::default());
        assert_eq!(of("2026-01-30T22:45:00Z", "2026-01-30T22:44:00Z"), Cover::default());
    }

    #[test]
    fn a_whole_stretch_is_one_number() {
        for (start, end, level) in [
            ("2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", Level::Month),
            ("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z", Level::Day),
            ("2024-02-29T23:45:00Z", "2024-03-01T00:00:00Z", Level::Quarter),
        ] {
            let found = of(start, end);
            assert!(found.rows.is_empty());
            assert_eq!(found.rollups.len(), 1);
            assert_eq!((found.rollups[0].0, found.rollups[0].1.clone().count()), (level, 1));
        }
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_range_and_do_not_overlap(
            start in ALL,
            length in prop_oneof![0..QUARTER * 5, 0..QUARTER * QUARTERS * 90, ALL],
        ) {
            let range = TimeRange {
                start: Some(Timestamp::from_micros(start)),
                end: Some(Timestamp::from_micros(start.saturating_add(length))),
            };
            let found = cover(range, ALL);
            let end = (start + length).min(ALL.end);
            let mut pieces: Vec<_> = found.rows.clone();
            for (level, numbers) in &found.rollups {
                prop_assert!(!numbers.is_empty());
                pieces.push(level.start_of(numbers.start)..level.start_of(numbers.end));
            }
            pieces.sort_by_key(|piece| piece.start);
            let mut reached = start;
            for piece in &pieces {
                prop_assert_eq!(piece.start, reached);
                prop_assert!(!piece.is_empty());
                reached = piece.end;
            }
            prop_assert_eq!(reached, if length == 0 { start } else { end });
            // No more than two days' worth of quarters, two months' worth of days, and two edges.
            let count = |level| -> usize {
                let of = found.rollups.iter().filter(|(found, _)| *found == level);
                of.map(|(_, numbers)| numbers.clone().count()).sum()
            };
            prop_assert!(count(Level::Quarter) <= 2 * 95 && count(Level::Day) <= 2 * 30 + 1);
            prop_assert!(found.rows.iter().all(|rows| rows.end - rows.start < QUARTER));
        }

        #[test]
        fn a_stretch_holds_what_lies_between_its_ends(ts in ALL) {
            let mut number = quarter_of(ts);
            for level in Level::EACH {
                number = level.of_finer(number);
                prop_assert!((level.start_of(number)..level.start_of(number + 1)).contains(&ts));
            }
        }
    }
}
