//! The rollups of each session, by day in UTC and label set: kept in the transactions that change the rows, as the rollups
//! over time are, and in the row of the session the rollups of all its days.
//!
//! A session whose rows were pruned is frozen: its days stay as they are. From
//! [`sessions_from`](retained::sessions_from) on, days are what their rows come to; a day that this instant cuts holds
//! both. Label sets are those of the rows: nothing is folded here.

mod blob;
mod cut_day;
mod delta;
mod derived;
mod ends;
mod frozen;
mod rebuild;
mod table;

use rusqlite::Connection;

pub(crate) use cut_day::recount_cut_day;
pub(super) use delta::SessionDelta;
pub(crate) use derived::{SessionFault, each_session_fault};
pub(crate) use frozen::{forget_frozen, forget_old, forget_unused_sessions};
pub(super) use rebuild::rebuild;
pub(super) use table::each_label_set;
pub(crate) use table::forget_unreadable;
#[cfg(feature = "zones")]
pub(crate) use table::{read as session_day, totals_by_day};

use crate::ledger::retained;

/// A day in UTC, in microseconds.
pub(crate) const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// The day in UTC of an instant, numbered from 1970-01-01.
pub(crate) const fn day_of(ts: i64) -> i64 {
    ts.div_euclid(DAY)
}

/// The instant at which a day begins.
pub(crate) const fn start_of_day(day: i64) -> i64 {
    day.saturating_mul(DAY)
}

/// The first day that is nothing but what its rows come to.
fn first_of_rows(connection: &Connection) -> rusqlite::Result<i64> {
    let from = retained::sessions_from(connection)?;
    Ok(from.map_or(i64::MIN, |from| day_of(from) + i64::from(from.rem_euclid(DAY) != 0)))
}
