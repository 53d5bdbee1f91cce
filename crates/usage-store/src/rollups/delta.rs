//! The delta of a transaction to the rollups.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::stats::Summary;
use usage_core::{Money, Record};

use super::all::{OfAll, Quarters};
use super::piece::Seals;
use super::root::Root;
use super::sessions::SessionDelta;
use super::stretch::StretchDelta;
use super::sum::{Sum, Sums};
use super::table::Pieces;
use super::{Level, Rollup, fold, quarter_of, stretch};
use crate::ledger::deleted;

/// Totals of records that come or go, by quarter of an hour and label set.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    quarters: Sums,
    /// The sums of the hashes of the records, by quarter of an hour.
    rows: FxHashMap<i64, u32>,
    /// The label sets are those that rollups are kept under, not those of records.
    is_of_rollups: bool,
    /// They are deleted, and no others come in their place.
    is_deleted: bool,
    sessions: SessionDelta,
}

/// Totals of a label set in a stretch of time. Lists of them are in this order; they point to the totals, which
/// are large to be moved about.
type Totals<'a> = ((i64, i64), &'a Sum);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

impl Delta {
    /// Makes room for so many records: to grow is to move all that is there.
    pub(crate) fn reserve(&mut self, records: usize) {
        self.quarters.reserve(records);
    }

    /// A record that comes or goes, by its label set and its session, with the [hash](crate::ledger::columns::hash_of_row) of its row.
    /// Its session is `None` where it has none, or where what that comes to stays.
    pub(crate) fn record(
        &mut self,
        ts: i64,
        (label_set, session): (i64, Option<i64>),
        hash: u32,
        counts: &Summary,
    ) {
        if let Some(session) = session {
            self.sessions.record(ts, session, label_set, counts);
        }
        let quarter = quarter_of(ts);
        self.quarters.of((quarter, label_set)).merge(&counts.into());
        self.hash(quarter, hash);
    }

    /// As [`record`](Self::record), of a record as it was handed over, with what it costs by list price.
    pub(crate) fn new_record(
        &mut self,
        (label_set, session): (i64, Option<i64>),
        hash: u32,
        (record, cost): (&Record, Option<Money>),
    ) {
        if let Some(session) = session {
            self.sessions.new_record(session, label_set, (record, cost));
        }
        let quarter = quarter_of(record.timestamp().as_micros());
        self.quarters.of((quarter, label_set)).add(record, cost);
        self.hash(quarter, hash);
    }

    /// Leaves when sessions begin and end, and how much they come to, as it is: for records that stay and are only
    /// priced anew.
    pub(crate) fn keeping_sessions(mut self) -> Self {
        self.sessions.keep_ends();
        self
    }

    /// Keeps what goes among what was [deleted].
    pub(crate) const fn deleting(mut self) -> Self {
        self.is_deleted = true;
        self
    }

    fn hash(&mut self, quarter: i64, hash: u32) {
        let sum = self.rows.entry(quarter).or_default();
        *sum = sum.wrapping_add(hash);
    }

    /// Totals of rollups that go as they are, and nothing of records.
    pub(crate) fn quarter(&mut self, quarter: i64, label_set: i64, totals: &Summary) {
        self.is_of_rollups = true;
        self.quarters.of((quarter, label_set)).merge(&totals.into());
    }

    /// Counts the records in, at every level.
    pub(crate) fn count_in(self, connection: &Connection) -> rusqlite::Result<()> {
        self.apply(connection, Way::In)
    }

    /// Counts the records out again, at every level. They are not among the rows any more: what a session begins and
    /// ends with is looked up there.
    pub(crate) fn count_out(self, connection: &Connection) -> rusqlite::Result<()> {
        self.apply(connection, Way::Out)
    }

    fn apply(mut self, connection: &Connection, way: Way) -> rusqlite::Result<()> {
        std::mem::take(&mut self.sessions).apply(connection, way)?;
        if self.quarters.is_empty() {
            return Ok(());
        }
        let mut levels = Levels { connection, way, buffer: Vec::new() };
        let mut root = Root::read(connection)?;
        let quarters = if self.is_of_rollups {
            self.quarters
        } else {
            fold::fold(connection, self.quarters, &mut root, way == Way::In)?
        };
        if self.is_deleted {
            let of = quarters.iter().map(|((_, label_set), totals)| (label_set, totals.whole()));
            deleted::add(connection, of)?;
        }
        let quarters = sorted(&quarters);
        let mut days = BTreeMap::<i64, Seals>::new();
        for (quarter, by) in levels.apply(Level::Quarter, &quarters, &BTreeMap::new())? {
            add(&mut days.entry(Level::Day.of_finer(quarter)).or_default()[0], by.checksum);
        }
        for (quarter, by) in levels.apply_to_all(&quarters, &self.rows)? {
            add(&mut days.entry(Level::Day.of_finer(quarter)).or_default()[1], by);
        }
        // From one level to the next there are fewer.
        let of_days = coarser(Level::Day, &quarters);
        let of_days = sorted(&of_days);
        let mut months = BTreeMap::<i64, Seals>::new();
        for (day, by) in levels.apply(Level::Day, &of_days, &days)? {
            add(&mut months.entry(Level::Month.of_finer(day)).or_default()[0], by.checksum);
        }
        let of_months = coarser(Level::Month, &of_days);
        let of_months = sorted(&of_months);
        for (month, by) in levels.apply(Level::Month, &of_months, &months)? {
            if root.apply(month, by) {
                fold::forget(connection, month)?;
            }
        }
        root.write(connection)
    }
}

fn add(sum: &mut u32, by: u32) {
    *sum = sum.wrapping_add(by);
}

struct Levels<'a> {
    connection: &'a Connection,
    way: Way,
    buffer: Vec<u8>,
}

impl Levels<'_> {
    /// Applies totals to the stretches of a level; returns by how much each changes.
    fn apply(
        &mut self,
        level: Level,
        totals: &[Totals<'_>],
        seals: &BTreeMap<i64, Seals>,
    ) -> rusqlite::Result<Vec<(i64, StretchDelta)>> {
        let (mut deltas, mut of_one) = (Vec::new(), Vec::new());
        let way = self.way;
        let with = |rollup: &mut Rollup, sums: &[(i64, &Sum)]| {
            let sums = sums.iter().copied();
            match way {
                Way::In => rollup.add_sums(sums),
                Way::Out => {
                    let totals: Vec<_> = sums.map(|(id, sum)| (id, sum.whole())).collect();
                    rollup.take_away(totals.iter().map(|(id, totals)| (*id, totals)))?;
                }
            }
            Ok(())
        };
        let mut pieces = Pieces::of(self.connection, level)?;
        for group in totals.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
            let Some(&((number, _), _)) = group.first() else { continue };
            of_one.clear();
            of_one.extend(group.iter().map(|((_, label_set), totals)| (*label_set, *totals)));
            let seals = seals.get(&number).copied().unwrap_or_default();
            let by = stretch::apply(&mut pieces, number, &of_one, seals, with, &mut self.buffer)?;
            deltas.push((number, by));
        }
        Ok(deltas)
    }

    /// As [`apply`](Self::apply), of all names together; returns by how much the checksum of each
    /// changes.
    fn apply_to_all(
        &mut self,
        quarters: &[Totals<'_>],
        rows: &FxHashMap<i64, u32>,
    ) -> rusqlite::Result<Vec<(i64, u32)>> {
        let (mut deltas, mut all) = (Vec::new(), Quarters::of(self.connection)?);
        for group in quarters.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
            let Some(&((number, _), _)) = group.first() else { continue };
            let mut by =
                OfAll { rows: rows.get(&number).copied().unwrap_or(0), ..OfAll::default() };
            group.iter().for_each(|(_, sum)| sum.add_to(&mut by.totals));
            let is_out = self.way == Way::Out;
            let by = all.apply(number, &by, is_out, &mut self.buffer)?;
            deltas.push((number, by));
        }
        Ok(deltas)
    }
}

fn sorted(totals: &Sums) -> Vec<Totals<'_>> {
    let mut sorted: Vec<_> = totals.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    sorted
}

/// The same totals by the stretches of a coarser level.
fn coarser(level: Level, finer: &[Totals<'_>]) -> Sums {
    let mut totals = Sums::default();
    totals.reserve(finer.len());
    for ((number, label_set), of_finer) in finer {
        totals.of((level.of_finer(*number), *label_set)).merge(of_finer);
    }
    totals
}
