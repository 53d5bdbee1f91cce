//! The rollups of sessions as they have to be: derived from the rows, and compared with what there is.

use rusqlite::Connection;
use rustc_hash::{FxHashMap, FxHashSet};
use usage_core::stats::Summary;

use super::table::{self, SessionTotals};
use super::{day_of, ends, first_of_rows, start_of_day};
use crate::error::{ReadError, RollupError};
use crate::ledger::columns::{SELECT_COUNTS, TS, session, summary};
use crate::ledger::terms::Costs;
use crate::rollups::Rollup;

/// The rollups of the rows of a session in a day.
#[derive(Debug, Default)]
pub(super) struct Derived {
    pub(super) rollup: Rollup,
    /// The times of the first and the last of them.
    pub(super) ends: (i64, i64),
}

/// Derives what each session comes to in a day from its rows, from a day on. `found` gets them day by day; an error in
/// place of those of a day that has a record that is damaged.
pub(super) fn from_rows(
    connection: &Connection,
    from: i64,
    mut found: impl FnMut(i64, Result<Vec<(i64, Derived)>, ReadError>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut statement =
        connection.prepare(&format!("{} WHERE ts >= ?1 ORDER BY ts", *SELECT_COUNTS))?;
    let mut rows = statement.query([start_of_day(from)])?;
    let mut open = Open::default();
    let mut costs = Costs::new(connection);
    while let Some(row) = rows.next()? {
        let ts = row.get(TS)?;
        if open.day != day_of(ts) {
            open.close(&mut found)?;
            open.day = day_of(ts);
        }
        let Some(session) = session(row)? else { continue };
        match summary(row, &mut costs) {
            Ok(totals) => open.add(ts, session, row.get(0)?, &totals),
            Err(error @ ReadError::Damaged(..)) => {
                open.spoilt.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    open.close(&mut found)
}

type ByLabelSet = FxHashMap<i64, Summary>;

/// The day that is being added up.
#[derive(Default)]
struct Open {
    day: i64,
    sessions: FxHashMap<i64, (ByLabelSet, (i64, i64))>,
    spoilt: Option<ReadError>,
}

impl Open {
    fn add(&mut self, ts: i64, session: i64, label_set: i64, totals: &Summary) {
        let (by_name, ends) =
            self.sessions.entry(session).or_insert_with(|| (ByLabelSet::default(), (ts, ts)));
        by_name.entry(label_set).or_default().merge(totals);
        ends.1 = ts;
    }

    fn close(
        &mut self,
        found: &mut impl FnMut(i64, Result<Vec<(i64, Derived)>, ReadError>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let sessions = self.sessions.drain();
        let mut derived: Vec<_> = sessions
            .map(|(session, (by_name, ends))| {
                (session, Derived { rollup: by_name.into_iter().collect(), ends })
            })
            .collect();
        derived.sort_unstable_by_key(|(session, _)| *session);
        match self.spoilt.take() {
            Some(error) => found(self.day, Err(error)),
            None if derived.is_empty() => Ok(()),
            None => found(self.day, Ok(derived)),
        }
    }
}

/// A fault of the rollups of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionFault {
    /// Its rollups of a day cannot be read; the rows of it are there, or not.
    Unreadable { day: i64, has_rows: bool },
    /// It is not what its records come to.
    Rows { day: i64 },
    /// The row of the session says something else than its days, or than the first and the last record.
    Totals,
    /// It is missing, and its days are there.
    Missing,
}

/// Compares the rollups of sessions with the rows from an instant on, and all of them with each other; gives what is
/// wrong, with the session.
pub(crate) fn each_session_fault(
    connection: &Connection,
    from: i64,
    mut give: impl FnMut(i64, SessionFault),
) -> Result<(), ReadError> {
    let first_of_rows = first_of_rows(connection)?;
    // A day that it cuts would be added up in part.
    let first = first_of_rows.max(day_of(from.saturating_sub(1)).saturating_add(1));
    let (mut seen, mut spoilt) = <(FxHashSet<(i64, i64)>, FxHashSet<i64>)>::default();
    from_rows(connection, first, |day, derived| {
        // The check of the records names what is damaged.
        let Ok(derived) = derived else {
            spoilt.insert(day);
            return Ok(());
        };
        for (session, derived) in derived {
            seen.insert((session, day));
            match table::read(connection, (session, day)) {
                Ok(rollup) if rollup == derived.rollup => {}
                Ok(_) => give(session, SessionFault::Rows { day }),
                // It is found below.
                Err(error) if RollupError::is_unreadable(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    })?;
    let mut all = FxHashMap::<i64, (SessionTotals, (i64, i64))>::default();
    let mut unreadable = FxHashSet::default();
    table::each(connection, |(session, day), rollup| {
        let (sum, days) = all.entry(session).or_insert((SessionTotals::default(), (day, day)));
        days.1 = day;
        match rollup {
            Ok(rollup) => rollup.iter().for_each(|(_, totals)| sum.add(totals, 1)),
            Err(_) => {
                unreadable.insert(session);
                give(session, SessionFault::Unreadable { day, has_rows: day >= first_of_rows });
            }
        }
        if day >= first && !seen.contains(&(session, day)) && !spoilt.contains(&day) {
            give(session, SessionFault::Rows { day });
        }
        Ok(())
    })?;
    drop(seen);
    let mut statement =
        connection.prepare("SELECT id, first, last, requests, tokens FROM sessions ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let session = row.get(0)?;
        let ends = row.get::<_, Option<i64>>(1)?.zip(row.get(2)?);
        let found = SessionTotals { ends, requests: row.get(3)?, tokens: row.get(4)? };
        let expected = all.remove(&session).map(|(sum, days)| {
            let ends = ends::within_days(found.ends, days);
            SessionTotals { ends: Some(ends), ..sum }
        });
        if !unreadable.contains(&session) && found != expected.unwrap_or_default() {
            give(session, SessionFault::Totals);
        }
    }
    let mut missing: Vec<_> = all.into_keys().collect();
    missing.sort_unstable();
    missing.into_iter().for_each(|session| give(session, SessionFault::Missing));
    Ok(())
}
