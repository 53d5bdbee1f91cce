//! Looks from the months down for what is other than somebody has it.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, params};
use usage_core::stats::Summary;

use super::super::rows::{StoredRecord, stored_record};
use super::{Known, LedgerHead, ShippedSession, Stretch, StretchLevel, session_of};
use crate::error::ReadError;
use crate::ledger::contexts::Contexts;
use crate::ledger::labels::LabelSets;
use crate::ledger::records::SELECT_RECORDS;
use crate::ledger::retained;
use crate::ledger::terms::Costs;
use crate::rollups::changed::{self, Checksums};
use crate::rollups::{self, DAY, Level, quarter_of, start_of_day, start_of_quarter};

/// Sums by label set and session.
type Sums = Vec<(i64, i64, Summary)>;

/// Looks for what is other than known.
pub(super) struct Found<'a> {
    pub(super) connection: &'a Connection,
    pub(super) known: &'a Known,
    pub(super) with_records: bool,
    pub(super) most: usize,
    pub(super) size: usize,
    pub(super) head: &'a LedgerHead,
    pub(super) into: Vec<Stretch>,
}

type Read<T> = Result<T, ReadError>;

impl Found<'_> {
    /// Returns whether there is more.
    pub(super) fn all(&mut self) -> Read<bool> {
        let months = changed::months(self.connection)?;
        for (month, checksum) in self.differing(StretchLevel::Month, &months, &(i64::MIN..i64::MAX))
        {
            // Who has its sums may lack its records.
            if self.month(month)? {
                return Ok(true);
            }
            self.take(StretchLevel::Month, month, checksum)?;
        }
        Ok(false)
    }

    fn month(&mut self, month: i64) -> Read<bool> {
        let days = changed::days(self.connection, month..month + 1)?;
        let numbers = Level::Month.start_of(month).div_euclid(DAY)
            ..Level::Month.start_of(month + 1).div_euclid(DAY);
        for (day, checksum) in self.differing(StretchLevel::Day, &days, &numbers) {
            if self.size >= self.most {
                return Ok(true);
            }
            let quarters = changed::quarters(self.connection, day)?;
            let first = quarter_of(start_of_day(day));
            let numbers = first..quarter_of(start_of_day(day + 1));
            for (quarter, checksum) in self.differing(StretchLevel::Quarter, &quarters, &numbers) {
                self.take(StretchLevel::Quarter, quarter, checksum)?;
            }
            if self.with_records {
                let kept = |quarter: &i64| {
                    self.head
                        .rows_from
                        .is_none_or(|from| start_of_quarter(*quarter) >= from.as_micros())
                };
                let quarters: Checksums =
                    quarters.into_iter().filter(|(quarter, _)| kept(quarter)).collect();
                for (quarter, checksum) in
                    self.differing(StretchLevel::Records, &quarters, &numbers)
                {
                    if self.size >= self.most {
                        return Ok(true);
                    }
                    self.take(StretchLevel::Records, quarter, checksum)?;
                }
            }
            self.take(StretchLevel::SessionDay, day, checksum)?;
            self.take(StretchLevel::Day, day, checksum)?;
        }
        Ok(false)
    }

    /// The stretches among some that are other than known, or are gone.
    fn differing(
        &self,
        level: StretchLevel,
        now: &Checksums,
        numbers: &Range<i64>,
    ) -> Vec<(i64, u32)> {
        let known = self.known.checksums.range((level, numbers.start)..(level, numbers.end));
        let gone = known.filter(|((_, number), sum)| **sum != 0 && !now.contains_key(number));
        let gone = gone.map(|((_, number), _)| (*number, 0));
        let changed = now.iter().map(|(number, sum)| (*number, self.mark(level, *sum)));
        let changed = changed
            .filter(|(number, sum)| self.known.checksums.get(&(level, *number)) != Some(sum));
        gone.chain(changed).collect()
    }

    /// The checksum under which it is known: what holds records, or texts of sessions, is another one with records than
    /// without, and after a name was forgotten.
    fn mark(&self, level: StretchLevel, checksum: u32) -> u32 {
        let mut mark = checksum;
        if level != StretchLevel::Quarter {
            mark ^= self.head.forgotten.wrapping_mul(0x9E37_79B1);
        }
        if self.with_records && matches!(level, StretchLevel::Day | StretchLevel::Month) {
            mark ^= 0x5EC0_4D50;
        }
        // None is 0, which stands for nothing.
        mark.max(1)
    }

    fn take(&mut self, level: StretchLevel, number: i64, checksum: u32) -> Read<()> {
        let mut stretch = Stretch {
            level,
            number,
            checksum,
            times: None,
            folded: 0,
            sums: Vec::new(),
            sessions: Vec::new(),
            records: Vec::new(),
        };
        let connection = self.connection;
        match level {
            _ if checksum == 0 => {}
            StretchLevel::Quarter => {
                stretch.times = Some(times(connection, number)?);
                stretch.sums = sums(connection, Level::Quarter, number)?;
            }
            StretchLevel::Day => stretch.sums = sums(connection, Level::Day, number)?,
            StretchLevel::Month => {
                stretch.folded = changed::folded(connection, number)?;
                stretch.sums = sums(connection, Level::Month, number)?;
            }
            StretchLevel::SessionDay => {
                (stretch.sessions, stretch.sums) = sessions(connection, number)?;
            }
            StretchLevel::Records => stretch.records = records(connection, number)?,
        }
        self.size += 1 + stretch.sums.len() + stretch.records.len();
        self.into.push(stretch);
        Ok(())
    }
}

fn sums(connection: &Connection, level: Level, number: i64) -> Read<Sums> {
    let rollup = rollups::read(connection, level, number)?;
    Ok(rollup.iter().map(|(label_set, totals)| (label_set, 0, *totals)).collect())
}

fn times(connection: &Connection, quarter: i64) -> Read<(i64, i64)> {
    let (start, end) = (start_of_quarter(quarter), start_of_quarter(quarter + 1));
    let rows_from = retained::rows_from(connection)?.unwrap_or(i64::MIN);
    let end_of = |sql| -> rusqlite::Result<Option<i64>> {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_row([start.max(rows_from), end], |row| row.get(0)).optional()
    };
    let first = end_of("SELECT ts FROM records WHERE ts >= ?1 AND ts < ?2 ORDER BY ts LIMIT 1")?;
    let last =
        end_of("SELECT ts FROM records WHERE ts >= ?1 AND ts < ?2 ORDER BY ts DESC LIMIT 1")?;
    Ok((first.unwrap_or(start), last.unwrap_or(end - 1)))
}

/// The sessions that have something in a day: an index over their last instants finds them.
fn sessions(connection: &Connection, day: i64) -> Read<(Vec<ShippedSession>, Sums)> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, s.instance_id, s.session_id, s.first, s.last FROM sessions AS s \
         WHERE s.last >= ?1 AND s.first < ?2 \
         AND EXISTS (SELECT 1 FROM session_sums WHERE session = s.id AND day = ?3)",
    )?;
    let found =
        statement.query_map(params![start_of_day(day), start_of_day(day + 1), day], session_of)?;
    let sessions: Vec<_> = found.collect::<rusqlite::Result<_>>()?;
    let mut sums = Vec::new();
    for session in &sessions {
        let rollup = rollups::session_day(connection, (session.id, day))?;
        sums.extend(rollup.iter().map(|(label_set, totals)| (label_set, session.id, *totals)));
    }
    Ok((sessions, sums))
}

fn records(connection: &Connection, quarter: i64) -> Read<Vec<StoredRecord>> {
    let sets = LabelSets::read(connection)?;
    let sql = format!("{} WHERE ts >= ?1 AND ts < ?2 ORDER BY ts, id", *SELECT_RECORDS);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([quarter, quarter + 1].map(start_of_quarter))?;
    let (mut contexts, mut costs) = (Contexts::default(), Costs::new(connection));
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(stored_record(connection, row, &sets, &mut contexts, &mut costs)?);
    }
    Ok(records)
}
