//! Making the best of rollups whose records are gone, and of which only a part could be read.

use std::collections::BTreeSet;

use rusqlite::Connection;
use usage_core::stats::Summary;

use super::piece::Seals;
use super::table::each_label_set;
use super::{Level, Rollup, RollupError, all, numbers, read, sessions, stretch};
use crate::error::ReadError;

/// Makes the quarters of an hour before one readable: of those that are not, what all names came to is put under one
/// label set, or where that cannot be read either, nothing is left. Returns these.
pub(crate) fn mend_frozen(
    connection: &Connection,
    before: i64,
    lost: &mut dyn FnMut() -> rusqlite::Result<i64>,
) -> rusqlite::Result<Vec<i64>> {
    let mut quarters: BTreeSet<_> =
        numbers(connection, Level::Quarter, i64::MIN)?.into_iter().collect();
    quarters.extend(numbers(connection, Level::All, i64::MIN)?);
    let (mut gone, mut buffer) = (Vec::new(), Vec::new());
    for number in quarters.range(..before).copied() {
        let of_all = match all::read(connection, number) {
            Err(error) if RollupError::is_unreadable(&error) => None,
            result => Some(result?.0.totals).filter(|totals| totals.requests > 0),
        };
        match read(connection, Level::Quarter, number) {
            Err(error) if RollupError::is_unreadable(&error) => {}
            result => {
                if !result?.is_empty() {
                    continue;
                }
            }
        }
        let rollup: Rollup = match of_all {
            Some(totals) => [(lost()?, totals)].into_iter().collect(),
            None => {
                gone.push(number);
                Rollup::default()
            }
        };
        stretch::write(
            connection,
            (Level::Quarter, number),
            &rollup,
            Seals::default(),
            &mut buffer,
        )?;
    }
    Ok(gone)
}

/// The label sets that stretches of time and sessions are counted under.
pub(crate) fn label_sets_of_rollups(connection: &Connection) -> Result<BTreeSet<i64>, ReadError> {
    let mut found = BTreeSet::new();
    each_label_set(connection, |label_set| {
        found.insert(label_set);
    })?;
    sessions::each_label_set(connection, |label_set| {
        found.insert(label_set);
    })?;
    Ok(found)
}

/// Reads what a row of the series of all names says: the totals of its quarter of an hour, and the hash of its records.
pub(crate) fn of_all_quarter(bytes: &[u8]) -> Option<(Summary, u32)> {
    all::decode(bytes).ok().map(|of_all| (of_all.totals, of_all.rows))
}
