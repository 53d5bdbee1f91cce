//! One state of the ledger's sums and records, as far as it differs from what somebody has of it elsewhere.

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, Row, params};
use usage_core::stats::Summary;
use usage_core::{Labels, Timestamp};

use super::rows::{StoredRecord, stored_record};
use super::shipping;
use crate::Store;
use crate::error::{ReadError, Result};
use crate::ledger::contexts::Contexts;
use crate::ledger::labels::LabelSets;
use crate::ledger::records::SELECT_RECORDS;
use crate::ledger::retained;
use crate::ledger::tag_keys::Declared;
use crate::ledger::terms::Costs;
use crate::rollups::changed::{self, Checksums};
use crate::rollups::{self, DAY, Level, quarter_of, start_of_day, start_of_quarter};

/// The stretches of time that are handed over whole, each with a checksum of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum StretchLevel {
    /// The sums of a quarter of an hour, numbered from 1970.
    Quarter = 1,
    /// Those of a day in UTC, numbered from 1970-01-01.
    Day = 2,
    /// Those of a month in UTC: twelve times the year, and the month from 0.
    Month = 3,
    /// Those of each session in a day in UTC.
    SessionDay = 4,
    /// The records of a quarter of an hour.
    Records = 5,
}

/// The stretches that somebody has, by level and number, each with its checksum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The checksums.
    pub checksums: BTreeMap<(StretchLevel, i64), u32>,
    /// The generation of the label sets that it has, and the greatest id among them.
    pub label_sets: (i64, i64),
}

/// A stretch of time as it is in the ledger now; without sums, sessions and records where there is nothing any more.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stretch {
    /// The kind of stretch.
    pub level: StretchLevel,
    /// Its number.
    pub number: i64,
    /// What changes when it does; 0 where there is nothing.
    pub checksum: u32,
    /// Of a quarter of an hour the first and the last time of its records, or its ends where these are gone, in
    /// microseconds.
    pub times: Option<(i64, i64)>,
    /// Of a month the number of label sets that are counted under others.
    pub folded: u64,
    /// The sums by label set and session; the latter 0 but for a [`SessionDay`](StretchLevel::SessionDay).
    pub sums: Vec<(i64, i64, Summary)>,
    /// The sessions that have sums in it.
    pub sessions: Vec<ShippedSession>,
    /// The records.
    pub records: Vec<StoredRecord>,
}

/// A session, and between which instants its records lie, in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShippedSession {
    /// Its number in the ledger.
    pub id: i64,
    /// The instance that it belongs to.
    pub instance: String,
    /// Its id, unique for the instance.
    pub session_id: String,
    /// The times of its first and its last record.
    pub times: (i64, i64),
}

/// Names, and the declared tags that stand for them beside, under their number in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShippedLabels {
    /// Their number.
    pub id: i64,
    /// The names with the tags.
    pub labels: Labels,
}

/// What concerns a ledger as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerHead {
    /// The [epoch](Store::shipping_epoch) under which it is shipped; empty where it never was.
    pub epoch: String,
    /// The horizon: older records are refused.
    pub records_from: Option<Timestamp>,
    /// Records are kept from here on.
    pub rows_from: Option<Timestamp>,
    /// Sessions that began before are frozen.
    pub sessions_from: Option<Timestamp>,
    /// No session that is left has its last record before.
    pub sessions_since: Option<Timestamp>,
    /// The declared keys of tags, each with the instant in microseconds from which on sums tell it apart.
    pub tag_keys: Vec<(String, Option<i64>)>,
    /// The generation of its label sets, and the greatest id among them.
    pub label_sets: (i64, i64),
}

/// What is other than known, all of one state of the ledger.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Changes {
    /// What concerns it as a whole.
    pub head: LedgerHead,
    /// The label sets that are new; all of them where some may have changed.
    pub labels: Vec<ShippedLabels>,
    /// The stretches.
    pub stretches: Vec<Stretch>,
    /// Says whether there is more that is other than known.
    pub has_more: bool,
}

impl Store {
    /// Returns what is other than somebody knows, in one state of the ledger: whole stretches, about as many as hold
    /// `most` sums and records; with the records themselves where `with_records` says so.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn changes_from(&self, known: &Known, with_records: bool, most: usize) -> Result<Changes> {
        self.read("read the sums of", |connection| {
            let head = head(connection)?;
            let mut found = Found {
                connection,
                known,
                with_records,
                most,
                size: 0,
                head: &head,
                into: Vec::new(),
            };
            let has_more = found.all()?;
            let stretches = found.into;
            let labels = labels(connection, known.label_sets, head.label_sets)?;
            Ok(Changes { head, labels, stretches, has_more })
        })
    }
}

impl Store {
    /// Returns some sessions as they are now, those that have no record any more left out: for those that are gone from a
    /// day, and so may have begun or ended anew.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn shipped_sessions(&self, ids: &[i64]) -> Result<Vec<ShippedSession>> {
        self.read("read the sessions of", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, instance_id, session_id, first, last FROM sessions WHERE id = ?1 AND last IS NOT NULL",
            )?;
            let mut sessions = Vec::new();
            for id in ids {
                sessions.extend(statement.query_row([id], session_of).optional()?);
            }
            Ok::<_, ReadError>(sessions)
        })
    }
}

fn session_of(row: &Row<'_>) -> rusqlite::Result<ShippedSession> {
    Ok(ShippedSession {
        id: row.get(0)?,
        instance: row.get(1)?,
        session_id: row.get(2)?,
        times: (row.get(3)?, row.get(4)?),
    })
}

fn head(connection: &Connection) -> std::result::Result<LedgerHead, ReadError> {
    let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    let since: Option<i64> = connection
        .prepare_cached("SELECT min(last) FROM sessions")?
        .query_row([], |row| row.get(0))?;
    let declared = Declared::read(connection)?;
    let key = |key: usage_core::TagKey| (key.as_str().to_owned(), declared.from(key).flatten());
    Ok(LedgerHead {
        epoch: shipping::epoch(connection)?.map(|(epoch, _)| epoch).unwrap_or_default(),
        records_from: at(retained::records_from(connection)?),
        rows_from: at(retained::rows_from(connection)?),
        sessions_from: at(retained::sessions_from(connection)?),
        sessions_since: at(since),
        tag_keys: declared.keys().into_iter().map(key).collect(),
        label_sets: LabelSets::mark(connection)?,
    })
}

fn labels(
    connection: &Connection,
    known: (i64, i64),
    now: (i64, i64),
) -> std::result::Result<Vec<ShippedLabels>, ReadError> {
    if known == now {
        return Ok(Vec::new());
    }
    let from = if known.0 == now.0 { known.1 } else { 0 };
    let found = LabelSets::read(connection)?.tagged_from(from);
    let labels = found.map_err(rusqlite::Error::from)?;
    Ok(labels.into_iter().map(|(id, labels)| ShippedLabels { id, labels }).collect())
}

/// Looks for what is other than known.
struct Found<'a> {
    connection: &'a Connection,
    known: &'a Known,
    with_records: bool,
    most: usize,
    size: usize,
    head: &'a LedgerHead,
    into: Vec<Stretch>,
}

type Read<T> = std::result::Result<T, ReadError>;

impl Found<'_> {
    /// Returns whether there is more.
    fn all(&mut self) -> Read<bool> {
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

    /// The checksum under which it is known: a day and a month with records are others than those without.
    fn mark(&self, level: StretchLevel, checksum: u32) -> u32 {
        let has_records =
            self.with_records && matches!(level, StretchLevel::Day | StretchLevel::Month);
        // None is 0, which stands for nothing.
        (if has_records { checksum ^ 0x5EC0_4D50 } else { checksum }).max(1)
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

fn sums(connection: &Connection, level: Level, number: i64) -> Read<Vec<(i64, i64, Summary)>> {
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
fn sessions(
    connection: &Connection,
    day: i64,
) -> Read<(Vec<ShippedSession>, Vec<(i64, i64, Summary)>)> {
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
