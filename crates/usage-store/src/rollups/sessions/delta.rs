//! The delta of a transaction to the rollups of sessions.

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::stats::Summary;
use usage_core::{Money, Record};

use super::super::delta::Way;
use super::{day_of, ends, table};
use crate::rollups::sessions::table::SessionTotals;

/// Totals of records that come or go, by session, day in UTC and label set.
#[derive(Debug, Default)]
pub(in crate::rollups) struct SessionDelta {
    totals: FxHashMap<(i64, i64, i64), Summary>,
    /// The times of the first and the last of these records, by session.
    ends: FxHashMap<i64, (i64, i64)>,
}

impl SessionDelta {
    pub(in crate::rollups) fn record(
        &mut self,
        ts: i64,
        session: i64,
        label_set: i64,
        counts: &Summary,
    ) {
        self.totals_at(ts, session, label_set).merge(counts);
    }

    /// As [`record`](Self::record), of a record as it was handed over.
    pub(in crate::rollups) fn new_record(
        &mut self,
        session: i64,
        label_set: i64,
        (record, cost): (&Record, Option<Money>),
    ) {
        let totals = self.totals_at(record.timestamp().as_micros(), session, label_set);
        totals.add(record);
        if let Some(cost) = cost {
            totals.add_cost(cost);
        }
    }

    /// Leaves the rows of the sessions as they are.
    pub(in crate::rollups) fn keep_ends(&mut self) {
        self.ends.clear();
    }

    /// The totals that a record counts in, whose time its session spans from then on.
    fn totals_at(&mut self, ts: i64, session: i64, label_set: i64) -> &mut Summary {
        let (first, last) = self.ends.entry(session).or_insert((ts, ts));
        (*first, *last) = ((*first).min(ts), (*last).max(ts));
        self.totals.entry((session, day_of(ts), label_set)).or_default()
    }

    /// Counts the records in or out.
    pub(in crate::rollups) fn apply(
        self,
        connection: &Connection,
        way: Way,
    ) -> rusqlite::Result<()> {
        let mut totals: Vec<_> = self.totals.into_iter().collect();
        totals.sort_unstable_by_key(|(key, _)| *key);
        let (mut buffer, mut moved) = (Vec::new(), Vec::new());
        for of_session in totals.chunk_by(|((one, ..), _), ((other, ..), _)| one == other) {
            let Some(&((session, ..), _)) = of_session.first() else { continue };
            let (mut sum, mut has_emptied_day) = (SessionTotals::default(), false);
            for of_day in of_session.chunk_by(|((_, one, _), _), ((_, other, _), _)| one == other) {
                let Some(&((_, day, _), _)) = of_day.first() else { continue };
                let mut rollup = table::read(connection, (session, day))?;
                let deltas = of_day.iter().map(|((.., label_set), totals)| (*label_set, totals));
                match way {
                    Way::In => rollup.add(deltas),
                    Way::Out => rollup.take_away(deltas)?,
                }
                let sign = if way == Way::In { 1 } else { -1 };
                of_day.iter().for_each(|(_, totals)| sum.add(totals, sign));
                has_emptied_day |= rollup.is_empty();
                table::write(connection, (session, day), &rollup, &mut buffer)?;
            }
            let Some(&(first, last)) = self.ends.get(&session) else { continue };
            if way == Way::In {
                sum.ends = Some((first, last));
            }
            sum.add_to(connection, session)?;
            if way == Way::Out {
                let found = SessionTotals::read(connection, session)?.unwrap_or_default();
                // An end that is not known exactly lies in its day without a record that is there.
                let has_moved = |ends: (i64, i64)| first <= ends.0 || last >= ends.1;
                if has_emptied_day || found.ends.is_none_or(has_moved) {
                    moved.push(session);
                }
            }
        }
        ends::settle(connection, &moved)
    }
}
