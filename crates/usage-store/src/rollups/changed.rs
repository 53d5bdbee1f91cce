//! Which stretches of time are others than somebody has seen: from the root down, so that what is the same costs nothing.
//!
//! Each rollup seals the finer ones, by the sums of their checksums: where a month's is known, its days are.

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::Connection;

use super::level::day_of_month;
use super::root::Root;
use super::table::each_checksum;
use super::{Level, QUARTERS};

/// The checksums of the stretches of a level, by number.
pub(crate) type Checksums = BTreeMap<i64, u32>;

/// Returns the checksum of each month.
pub(crate) fn months(connection: &Connection) -> rusqlite::Result<Checksums> {
    Ok(Root::read(connection)?.range(i64::MIN..i64::MAX))
}

/// Returns the number of label sets that are counted under others in a month.
pub(crate) fn folded(connection: &Connection, month: i64) -> rusqlite::Result<u64> {
    Ok(Root::read(connection)?.names(month).folded.label_sets)
}

/// Returns the checksum of each day of some months.
pub(crate) fn days(connection: &Connection, months: Range<i64>) -> rusqlite::Result<Checksums> {
    sums(connection, &[Level::Day], &(day_of_month(months.start)..day_of_month(months.end)))
}

/// Returns the checksum of each quarter of an hour of a day: of its totals, and of what tells its rows.
pub(crate) fn quarters(connection: &Connection, day: i64) -> rusqlite::Result<Checksums> {
    let first = day.saturating_mul(QUARTERS);
    sums(connection, &[Level::Quarter, Level::All], &(first..first.saturating_add(QUARTERS)))
}

fn sums(
    connection: &Connection,
    levels: &[Level],
    numbers: &Range<i64>,
) -> rusqlite::Result<Checksums> {
    let mut sums = Checksums::new();
    for level in levels {
        each_checksum(connection, *level, numbers, |number, checksum| {
            let sum = sums.entry(number).or_default();
            // In an order, so that what one level gains another one does not lose.
            *sum = sum.rotate_left(1).wrapping_add(checksum);
        })?;
    }
    Ok(sums)
}
