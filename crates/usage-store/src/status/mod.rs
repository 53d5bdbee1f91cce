//! The health and the size of a ledger in one look, which takes milliseconds however large it is: nothing reads records.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
//! use usage_core::Timestamp;
//! use usage_store::status::StatusLimits;
//!
//! let status = store.status(&StatusLimits::at(Timestamp::from_micros(1_777_787_761_000_000)))?;
//! assert!(status.attention.is_empty());
//! assert!(status.open_metrics().ends_with("# EOF\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attention;
mod backup;
mod metrics;

use std::path::PathBuf;

use rusqlite::Connection;
use serde::{Serialize, Serializer};
use usage_core::stats::Summary;
use usage_core::{Measure, TimeRange, Timestamp};

use crate::error::{ReadError, Result, shown};
use crate::forget;
use crate::journal::backlog::{JournalBacklog, SegmentState};
use crate::ledger::checkpoint;
use crate::ledger::file::{bytes, write_ahead_log};
use crate::ledger::retained;
use crate::open::migration::free;
use crate::retention::{Age, policy_of};
use crate::rollups::{Level, Seen, Totals, quarter_of, start_of_quarter, total};
use crate::store::reconciled::{Reconciled, reconciled};
use crate::write::before_horizon::Quarantined;
use crate::{SCHEMA_VERSION, Store};

pub use attention::Attention;
pub use backup::LastBackup;

/// Now, and what is asked of a ledger besides being well.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StatusLimits {
    /// The instant that ages are reckoned from.
    pub now: Timestamp,
    /// The last copy may be so old.
    pub backup_within: Option<Age>,
    /// The newest record may be so old.
    pub record_within: Option<Age>,
}

impl StatusLimits {
    /// Asks for nothing besides being well.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { now, backup_within: None, record_within: None }
    }

    /// Sets how old the last copy may be; there has to be one then.
    #[must_use]
    pub const fn with_backup_within(self, age: Age) -> Self {
        Self { backup_within: Some(age), ..self }
    }

    /// Sets how old the newest record may be; there has to be one then.
    #[must_use]
    pub const fn with_record_within(self, age: Age) -> Self {
        Self { record_within: Some(age), ..self }
    }
}

/// The health and the size of a ledger. Serialises as what `usage status --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The version of this form: 1.
    pub schema: u32,
    /// The ledger, as an absolute path.
    #[serde(serialize_with = "as_path")]
    pub ledger: PathBuf,
    /// The version of its schema.
    pub schema_version: i32,
    /// What needs a look.
    pub attention: Vec<Attention>,
    /// The sizes of its files.
    pub size: Size,
    /// What it holds, sums without records included.
    pub content: ContentSize,
    /// How sure its numbers are: requests of each kind.
    pub quality: QualityCounts,
    /// What two ways told of the same sessions, of agents whose ways share no ids.
    pub reconciled: Vec<Reconciled>,
    /// What waits in journals.
    pub backlog: Backlog,
    /// How long things are kept, and since when.
    pub retention: RetentionStatus,
    /// What was refused and kept.
    pub quarantine: QuarantineSize,
    /// The last copy that is remembered.
    pub last_backup: Option<LastBackup>,
    /// The reason why the write-ahead log cannot be brought into the file, if it cannot.
    pub failing_checkpoint: Option<String>,
    /// Whether forgetting a name was stopped before the file was wiped; printed as a thing to look at only.
    #[serde(skip)]
    pub is_forgetting: bool,
}

/// The sizes of a ledger's files in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Size {
    /// Of the file.
    pub file_bytes: u64,
    /// Of the write-ahead log.
    pub log_bytes: u64,
    /// Within the file, of what holds nothing.
    pub free_bytes: u64,
    /// What the disk has free; `None` where that cannot be found out.
    pub disk_free_bytes: Option<u64>,
}

/// The counts of a ledger: requests, tokens, what is recent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ContentSize {
    /// Requests.
    pub requests: u64,
    /// Tokens.
    pub tokens: u64,
    /// Requests of the last 24 hours, up to the quarter of an hour that now is in.
    pub requests_of_day: u64,
    /// Requests of the last seven days.
    pub requests_of_week: u64,
    /// The time of the newest record that is not far ahead of now; of sums, when their quarter of an hour begins.
    #[serde(serialize_with = "as_instant")]
    pub newest: Option<Timestamp>,
    /// The time of the newest record that is far ahead of now, by a wrong clock.
    #[serde(serialize_with = "as_instant")]
    pub far_ahead: Option<Timestamp>,
    /// Combinations of names that are counted under `(other)`, as a month had too many; by month.
    pub folded_label_sets: u64,
}

/// Requests whose numbers are less sure than others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QualityCounts {
    /// Counts are a placeholder, or were cut short.
    pub partial: u64,
    /// Counts were guessed.
    pub estimated: u64,
    /// Counts did not add up.
    pub inconsistent: u64,
    /// Without a list price.
    pub unpriced: u64,
    /// Also recorded by another instance.
    pub elsewhere: u64,
}

/// What waits in journals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Backlog {
    /// Records in those of stopped programs.
    pub of_stopped: u64,
    /// Records in those of running programs.
    pub of_running: u64,
    /// Files that belong to another ledger, or are copies.
    pub foreign: u64,
    /// Files that only a newer version of this program can read.
    pub newer: u64,
    /// Files that cannot be read.
    pub unreadable: u64,
    /// Files and folders that cannot be looked into.
    pub inaccessible: u64,
    /// The bytes of all of them.
    pub bytes: u64,
}

/// How long things are kept, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RetentionStatus {
    /// How long records are kept, as `30d`; `None` is forever.
    pub rows: Option<String>,
    /// How long sums are kept.
    pub sums: Option<String>,
    /// How long sessions are kept: `None` as sums are.
    pub sessions: Option<String>,
    /// The horizon: older records are refused.
    #[serde(serialize_with = "as_instant")]
    pub records_from: Option<Timestamp>,
    /// Of what is older, only sums are left.
    #[serde(serialize_with = "as_instant")]
    pub rows_from: Option<Timestamp>,
}

/// What was refused and kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QuarantineSize {
    /// Records: older than the ledger took, or refused by the database itself.
    pub records: u64,
    /// Further records that found no room and are lost.
    pub overflow: u64,
    /// Pieces of journals that could not be read.
    pub pieces: u64,
}

/// Further ahead of now than this, a record has the time of a wrong clock.
const FAR: i64 = 24 * 60 * 60 * 1_000_000;
const QUARTERS_OF_DAY: i64 = 96;

impl Store {
    /// Returns the health and the size of the ledger. All of it but the files is of one moment.
    ///
    /// # Errors
    /// When the ledger cannot be read, or is damaged where this looks.
    pub fn status(&self, limits: &StatusLimits) -> Result<Status> {
        let backlog = Backlog::of(&self.journals().backlog()?);
        let path = self.path().to_owned();
        let free = free(self.file().real_path());
        let (file, log) = (bytes(&path), bytes(&write_ahead_log(&path)));
        let mut status = self.read("read the ledger", |connection| {
            let size = Size {
                file_bytes: file,
                log_bytes: log,
                free_bytes: free_bytes(connection)?,
                disk_free_bytes: free,
            };
            let (content, quality) = content(connection, limits.now)?;
            Ok(Status {
                schema: 1,
                ledger: path.clone(),
                schema_version: SCHEMA_VERSION,
                attention: Vec::new(),
                size,
                content,
                quality,
                reconciled: reconciled(connection)?,
                backlog,
                retention: RetentionStatus::read(connection)?,
                quarantine: QuarantineSize::read(connection)?,
                last_backup: LastBackup::read(connection)?,
                failing_checkpoint: checkpoint::remembered(connection)?,
                is_forgetting: forget::state::is_unfinished(connection)?,
            })
        })?;
        status.attention = attention::of(&status, limits);
        Ok(status)
    }
}

fn free_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let number =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    Ok((number("freelist_count")? * number("page_size")?).unsigned_abs())
}

/// Adds up sums: those of months where they fit.
fn content(
    connection: &Connection,
    now: Timestamp,
) -> Result<(ContentSize, QualityCounts), ReadError> {
    let sum = |range: TimeRange| {
        let (mut totals, mut seen) = (Totals::default(), Seen::default());
        total(connection, range, &mut totals, &mut seen)?;
        seen.check(connection)?;
        let mut sum = Summary::default();
        totals.drain().for_each(|(_, of_one)| sum.merge(&of_one));
        Ok::<_, ReadError>(sum)
    };
    let end = quarter_of(now.as_micros()) + 1;
    let last = |days: i64| {
        let at = |quarter| Some(Timestamp::from_micros(start_of_quarter(quarter)));
        TimeRange { start: at(end - days * QUARTERS_OF_DAY), end: at(end) }
    };
    let all = sum(TimeRange::ALL)?;
    let [newest, far_ahead] = newest(connection, now.as_micros())?;
    let folded = "SELECT count(*) FROM rollups_folded";
    let folded: i64 = connection.query_row(folded, [], |row| row.get(0))?;
    let content = ContentSize {
        requests: all.requests,
        tokens: all.tokens(),
        requests_of_day: sum(last(1))?.requests,
        requests_of_week: sum(last(7))?.requests,
        newest,
        far_ahead,
        folded_label_sets: folded.unsigned_abs(),
    };
    let quality = QualityCounts {
        partial: all[Measure::Partial],
        estimated: all[Measure::Estimated],
        inconsistent: all[Measure::Inconsistent],
        unpriced: all.requests.saturating_sub(all[Measure::Priced]),
        elsewhere: all[Measure::Elsewhere],
    };
    Ok((content, quality))
}

/// The newest time that is not far ahead of now, and the newest that is.
fn newest(connection: &Connection, now: i64) -> rusqlite::Result<[Option<Timestamp>; 2]> {
    let far = now.saturating_add(FAR);
    let of_records =
        |sql: &str| connection.query_row(sql, [far], |row| row.get::<_, Option<i64>>(0));
    let newest = of_records("SELECT max(ts) FROM records WHERE ts <= ?1")?;
    let ahead = of_records("SELECT max(ts) FROM records WHERE ts > ?1")?;
    let newest = match newest {
        Some(newest) => Some(newest),
        None => connection
            .query_row(
                &format!("SELECT max(number) FROM {} WHERE number <= ?1", Level::Quarter.table()),
                [quarter_of(far)],
                |row| row.get::<_, Option<i64>>(0),
            )?
            .map(start_of_quarter),
    };
    Ok([newest, ahead].map(|at| at.map(Timestamp::from_micros)))
}

impl Backlog {
    fn of(backlog: &JournalBacklog) -> Self {
        let count = |state| backlog.of(state).count() as u64;
        Self {
            of_stopped: backlog.of_stopped(),
            of_running: backlog.of_running(),
            foreign: count(SegmentState::Foreign),
            newer: count(SegmentState::Newer),
            unreadable: count(SegmentState::Unreadable),
            inaccessible: count(SegmentState::Inaccessible),
            bytes: backlog.bytes(),
        }
    }
}

impl RetentionStatus {
    fn read(connection: &Connection) -> Result<Self, ReadError> {
        let ages = retained::ages(connection)?;
        if policy_of(ages.clone()).is_none() {
            return Err(ReadError::unreadable_policy());
        }
        let [rows, sums, sessions] = ages;
        let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
        let records_from = at(retained::records_from(connection)?);
        let rows_from = at(retained::rows_from(connection)?);
        Ok(Self { rows, sums, sessions, records_from, rows_from })
    }
}

impl QuarantineSize {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let (records, pieces): (i64, i64) = connection.query_row(
            "SELECT count(*) FILTER (WHERE kind = 'record'), \
                    count(*) FILTER (WHERE kind = 'journal') FROM set_aside",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let overflow = Quarantined::read(connection)?.overflow;
        Ok(Self { records: records.unsigned_abs(), overflow, pieces: pieces.unsigned_abs() })
    }
}

/// A path as it is shown to people: it need not be UTF-8.
fn as_path<S: Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// RFC 3339 in UTC.
#[expect(clippy::ref_option, reason = "so serde calls it")]
fn as_instant<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(shown).serialize(serializer)
}
