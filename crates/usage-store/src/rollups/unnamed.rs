//! The rollups of ranges of time, of all names together: from the small series of these, however many
//! names there are.

use std::ops::Range;

use rusqlite::Connection;
use usage_core::TimeRange;
use usage_core::stats::Summary;

use super::cover::cover_in_quarters;
use super::seals::Seal;
use super::table::each_head;
use super::total::{ALL, each_row};
use super::{Level, RollupError, Seen, all};
use crate::error::ReadError;

/// Adds up each of some ranges of time, which follow each other and do not overlap. Runs inside the
/// caller's read transaction, which has to check what was seen before it gives any of it to anybody.
pub(crate) fn totals_of_all(
    connection: &Connection,
    ranges: impl Iterator<Item = TimeRange>,
    seen: &mut Seen,
) -> Result<Vec<Summary>, ReadError> {
    let (mut totals, mut quarters) = (Vec::new(), Vec::new());
    for range in ranges {
        let cover = cover_in_quarters(range, ALL);
        let mut sum = Summary::default();
        each_row(connection, &cover.rows, seen, |_, found| sum.merge(found))?;
        quarters.extend(cover.rollups.into_iter().map(|(_, of_range)| (of_range, totals.len())));
        totals.push(sum);
    }
    let (Some((first, _)), Some((last, _))) = (quarters.first(), quarters.last()) else {
        return Ok(totals);
    };
    let day = |quarter| Level::Day.of_finer(quarter);
    let days = day(first.start)..day(last.end - 1) + 1;
    seen.add_days(days.clone());
    let mut wanted = quarters.into_iter().peekable();
    each_of_days(connection, &days, |quarter, found| {
        while wanted.next_if(|(of_range, _)| of_range.end <= quarter).is_some() {}
        if let Some((of_range, place)) = wanted.peek()
            && of_range.contains(&quarter)
        {
            totals[*place].merge(found);
        }
    })?;
    Ok(totals)
}

/// Hands out the quarters of an hour of whole days, in order, and checks that they are those that
/// belong to these days.
fn each_of_days(
    connection: &Connection,
    days: &Range<i64>,
    mut found: impl FnMut(i64, &Summary),
) -> Result<(), ReadError> {
    let begin = |day| Level::All.around(Level::Day.start_of(day));
    let mut statement = connection.prepare_cached(
        "SELECT number, cells FROM rollups_all WHERE number >= ?1 AND number < ?2 ORDER BY number",
    )?;
    let mut rows = statement.query([begin(days.start), begin(days.end)])?;
    // The sums of the checksums, by day.
    let mut checksums: Vec<(i64, u32)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, bytes): (i64, _) = (row.get(0)?, row.get_ref(1)?);
        let bytes = bytes.as_blob().map_err(rusqlite::Error::from)?;
        let of_all = all::decode(bytes).map_err(rusqlite::Error::from)?;
        found(number, &of_all.totals);
        let (day, checksum) = (Level::Day.of_finer(number), all::checksum(number, bytes));
        match checksums.last_mut().filter(|(last, _)| *last == day) {
            Some((_, sum)) => *sum = sum.wrapping_add(checksum),
            None => checksums.push((day, checksum)),
        }
    }
    let mut checksums = checksums.into_iter().filter(|(_, sum)| *sum != 0).peekable();
    let mut first = None;
    each_head(connection, Level::Day, days, |day, head| match head {
        Ok(head) => {
            let sum = checksums.next_if(|(of, _)| *of == day).map_or(0, |(_, sum)| sum);
            if head.seals[Seal::OfAll.place()] != sum {
                first.get_or_insert(RollupError::Torn);
            }
        }
        Err(error) => {
            first.get_or_insert(error);
        }
    })?;
    // A day that is not there leaves its sum.
    let first = first.or(checksums.next().map(|_| RollupError::Torn));
    first.map_or(Ok(()), |error| Err(rusqlite::Error::from(error).into()))
}
