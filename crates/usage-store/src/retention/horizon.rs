//! Taking back from when on records are accepted, as far as no rollup would be counted twice by it.

use rusqlite::Connection;
use usage_core::Timestamp;

use super::policy::Retention;
use super::steps::newest_kept;
use crate::Result;
use crate::ledger::retained;
use crate::rollups::{quarter_of, start_of_quarter};
use crate::write::event_ids;

/// The result of [`Retention::reset_horizon`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HorizonReset {
    /// Older records were refused before; `None` when none were.
    pub was: Option<Timestamp>,
    /// Older records are refused now; `None` when none are.
    pub records_from: Option<Timestamp>,
    /// Rollups without rows end here, those of sessions too, so that nothing older can be accepted; `None` without such
    /// rollups.
    pub floor: Option<Timestamp>,
}

impl Retention<'_> {
    /// Accepts older records again: those from `to` on, or as old ones as is safe. No rollup changes.
    ///
    /// It is never safe to accept records of a time of which only rollups are left, as they would be
    /// counted twice; the horizon stays at the end of the last quarter of an hour that has such rollups.
    /// It never rises either. Records that were deleted with their rollups are accepted again when
    /// somebody records them again.
    ///
    /// Records that were refused meanwhile are quarantined;
    /// [`Quarantine::retry`](crate::Quarantine::retry) takes them in. What earlier deletions were given as
    /// now is forgotten, as it may have been wrong.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn reset_horizon(&self, to: Option<Timestamp>) -> Result<HorizonReset> {
        const DOING: &str = "take the horizon back in";
        // What is left of event ids that were deleted would be known again.
        self.store.sweep_event_ids(DOING, &(0..0))?;
        self.store
            .write(DOING, |writer| writer.ledger.write(|transaction, _| reset(transaction, to)))
    }
}

/// The last instant of which a session may count a record that is gone.
fn newest_frozen(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let Some(from) = retained::sessions_from(connection)? else { return Ok(None) };
    connection.query_row(
        "SELECT max(min(last, ?1 - 1)) FROM sessions WHERE first < ?1",
        [from],
        |row| row.get(0),
    )
}

fn reset(connection: &Connection, to: Option<Timestamp>) -> rusqlite::Result<HorizonReset> {
    let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    let was = retained::records_from(connection)?;
    // Rows that a prune has left half done lie in quarters that have rollups, so before this too.
    let after = |quarter| start_of_quarter(quarter + 1);
    let of_rollups = newest_kept(connection)?.map(after);
    let of_sessions = newest_frozen(connection)?.map(|last| after(quarter_of(last)));
    let floor = of_rollups.max(of_sessions);
    let to = to.map(Timestamp::as_micros);
    let records_from = was.and_then(|was| to.max(floor).map(|to| to.min(was)));
    retained::set_horizon(connection, records_from, of_rollups.and(floor), of_sessions.and(floor))?;
    event_ids::know_from(connection, records_from)?;
    retained::forget_now(connection)?;
    Ok(HorizonReset { was: at(was), records_from: at(records_from), floor: at(floor) })
}
