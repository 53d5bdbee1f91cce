//! One state of the ledger's sums and records, as far as it differs from what somebody has of it elsewhere.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};
use usage_core::stats::Summary;
use usage_core::{Labels, Timestamp};

use super::rows::StoredRecord;
use super::shipping;
use crate::Store;
use crate::error::{ReadError, Result};
use crate::ledger::forgotten;
use crate::ledger::labels::LabelSets;
use crate::ledger::retained;
use crate::ledger::tag_keys::Declared;

mod find;

use find::Found;

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
    /// Counts how often a name was forgotten: sums stay the same then, and texts of sessions and records do not.
    pub forgotten: u32,
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
        forgotten: forgotten::count(connection)?,
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
