//! Making the rollups of sessions again.

use rusqlite::Connection;
use rustc_hash::{FxHashMap, FxHashSet};

use super::table::{self, SessionTotals};
use super::{derived, ends, first_of_rows};
use crate::error::ReadError;

/// The result of making the rollups of sessions again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::rollups) struct RebuiltSessions {
    /// The number of rollups, of days and of whole sessions, that were not what they have to be and are now.
    pub(in crate::rollups) changed: u64,
    /// Days of sessions that cannot be read and whose rows are gone. They are as they were.
    pub(in crate::rollups) lost: Vec<i64>,
}

/// Derives the rollups of all sessions again from the rows there are. Days whose rows are gone stay as they are.
pub(in crate::rollups) fn rebuild(connection: &Connection) -> Result<RebuiltSessions, ReadError> {
    let first = first_of_rows(connection)?;
    let (mut rebuilt, mut buffer) = (RebuiltSessions::default(), Vec::new());
    let mut seen = FxHashSet::default();
    let mut of_rows = FxHashMap::<i64, (i64, i64)>::default();
    derived::from_rows(connection, first, |day, derived| {
        for (session, derived) in derived? {
            seen.insert((session, day));
            of_rows.entry(session).or_insert(derived.ends).1 = derived.ends.1;
            let is_so = table::read(connection, (session, day))
                .is_ok_and(|rollup| rollup == derived.rollup);
            if !is_so {
                table::write(connection, (session, day), &derived.rollup, &mut buffer)?;
                rebuilt.changed += 1;
            }
        }
        Ok(())
    })?;
    let mut others = Vec::new();
    let mut all = FxHashMap::<i64, (SessionTotals, (i64, i64))>::default();
    let mut unreadable = FxHashSet::default();
    table::each(connection, |(session, day), rollup| {
        if day >= first && !seen.contains(&(session, day)) {
            others.push((session, day));
            return Ok(());
        }
        let (sum, days) = all.entry(session).or_insert((SessionTotals::default(), (day, day)));
        days.1 = day;
        match rollup {
            Ok(rollup) => rollup.iter().for_each(|(_, totals)| sum.add(totals, 1)),
            Err(_) => {
                rebuilt.lost.push(day);
                unreadable.insert(session);
            }
        }
        Ok(())
    })?;
    drop(seen);
    for key in others {
        table::write(connection, key, &Default::default(), &mut buffer)?;
        rebuilt.changed += 1;
    }
    let ids: Vec<i64> = connection
        .prepare("SELECT id FROM sessions")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for session in ids.into_iter().filter(|session| !unreadable.contains(session)) {
        let found = SessionTotals::read(connection, session)?.unwrap_or_default();
        let mut expected = SessionTotals::default();
        if let Some((sum, days)) = all.get(&session) {
            let mut ends = ends::within_days(found.ends, *days);
            if let Some(of_rows) = of_rows.get(&session) {
                ends = (if days.0 >= first { of_rows.0 } else { ends.0 }, of_rows.1);
            }
            expected = SessionTotals { ends: Some(ends), ..*sum };
        }
        if found != expected {
            expected.write(connection, session)?;
            rebuilt.changed += 1;
        }
    }
    rebuilt.lost.sort_unstable();
    rebuilt.lost.dedup();
    Ok(rebuilt)
}
