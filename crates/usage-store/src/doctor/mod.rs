//! Examining a ledger without changing it: whether it is sound, and what is in it.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("usage.db");
//! # drop(usage_store::Store::open(&path)?);
//! use usage_store::doctor::{Depth, examine};
//!
//! let diagnosis = examine(&path, Depth::Full)?;
//! assert!(diagnosis.is_sound());
//! assert_eq!(diagnosis.content.map(|content| content.records), Some(0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checks;
mod content;
mod event_ids;
mod file;
mod horizon;
mod journals;
mod rebuild;
mod set_aside;
mod sums;
mod walk;

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use usage_core::Timestamp;

use crate::error::{ReadError, Result, StoreError};
use crate::journal::waiting::Waiting;
use crate::ledger::checkpoint;
use crate::ledger::connect::absolute;
use crate::open::at_one_moment;

pub use content::{Content, Dimension, Import};
pub use file::{Advice, FileFacts};
pub use set_aside::{Kind, Reason, SetAside};

pub use crate::rollups::Rebuilt;

/// How thoroughly a ledger is examined. Either way every record is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Depth {
    /// All that SQLite can check (`PRAGMA integrity_check`), and all sums.
    Full,
    /// All that SQLite can check, and the sums of the last 40 days, or of the last million records
    /// if that is less. Sums are written together with their records, so that those of long ago
    /// have hardly become wrong since they were compared last.
    #[default]
    Usual,
    /// As [`Usual`](Self::Usual), without comparing indexes with their tables
    /// (`PRAGMA quick_check`) and the known event ids with the records, which is most of the work on
    /// a large ledger whose records have event ids.
    Quick,
}

/// What was found out about a ledger, all of it at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The ledger, as an absolute path.
    pub path: PathBuf,
    /// About the file.
    pub file: FileFacts,
    /// About what is in it. `None` when not all of it could be read.
    pub content: Option<Content>,
    /// What was checked, in this order, and what is wrong.
    pub checks: Vec<Check>,
    /// What is not wrong, but could be better.
    pub advice: Vec<Advice>,
    /// What waits in journals. That is no fault of the ledger.
    pub waiting: Waiting,
    /// What could not become a record and is kept. That is no fault of the ledger either.
    pub set_aside: SetAside,
}

impl Diagnosis {
    /// Whether everything was checked and nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.checks.iter().all(Check::is_passed)
    }

    /// How many things are wrong.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.checks.iter().map(Check::wrong).sum()
    }
}

/// One kind of thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// A short name that does not change: `database`, `tables`, `counters`, `names`, `records`,
    /// `record-ids`, `event-ids`, `imports`, `sums`, `sessions`, `journals`.
    pub name: &'static str,
    /// Whether it was done. What cannot be read because of something worse is not.
    pub is_done: bool,
    /// What is wrong; the first [`MAX_FINDINGS`] of it.
    pub findings: Vec<Finding>,
    /// How many more findings there are.
    pub more: u64,
}

/// How many findings of a check are kept. More of a kind are counted.
pub const MAX_FINDINGS: usize = 20;

impl Check {
    fn new(name: &'static str) -> Self {
        Self { name, is_done: true, findings: Vec::new(), more: 0 }
    }

    fn skipped(name: &'static str) -> Self {
        Self { is_done: false, ..Self::new(name) }
    }

    /// Whether it was done and found nothing wrong.
    #[must_use]
    pub const fn is_passed(&self) -> bool {
        self.is_done && self.findings.is_empty()
    }

    /// How many things are wrong.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.findings.len() as u64 + self.more
    }

    fn add(&mut self, place: Place, what: impl Into<String>, remedy: Remedy) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { place, what: what.into(), remedy });
        } else {
            self.more += 1;
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What. May hold text from the ledger.
    pub what: String,
    /// What to do about it.
    pub remedy: Remedy,
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In the database as such.
    Database,
    /// In the row about the whole ledger.
    Ledger,
    /// In a table, index or view.
    Table(String),
    /// In a combination of names.
    LabelSet(i64),
    /// In a record.
    Record {
        /// Its id.
        id: i64,
        /// Its time.
        timestamp: Timestamp,
    },
    /// In what is remembered of an import.
    Import(String),
    /// In the sums of a stretch of time.
    Sums(String),
    /// In what a session comes to, by its id in the ledger.
    Session(i64),
    /// In a file of a journal.
    Journal(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("database"),
            Self::Ledger => f.write_str("table ledger"),
            Self::Table(name) => f.write_str(name),
            Self::LabelSet(id) => write!(f, "names {id}"),
            Self::Record { id, timestamp } => write!(f, "record {id} of {timestamp}"),
            Self::Import(source) => write!(f, "import of {source}"),
            Self::Sums(stretch) => write!(f, "sums of {stretch}"),
            Self::Session(id) => write!(f, "sums of session {id}"),
            Self::Journal(path) => write!(f, "journal {}", path.display()),
        }
    }
}

/// What to do about something that is wrong. Displays as an advice of one line, in which `LEDGER`
/// stands for the path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Only a backup or a recovery helps.
    Restore,
    /// SQLite can make an index again.
    Reindex,
    /// With this statement, what is missing is made again.
    MakeAgain(String),
    /// A record that cannot be right has to go.
    RemoveRecord {
        /// Its id.
        id: i64,
        /// Its time, in microseconds: with the id, the table's key.
        timestamp: Timestamp,
    },
    /// [`Store::rebuild_sums`](crate::Store::rebuild_sums) makes sums and known event ids again.
    Rebuild,
    /// A counter has to be set.
    SetNextRecordId(i64),
    /// What is remembered of an import has to be forgotten: the next one finds out again.
    ForgetImport,
    /// A file of no more use has to be moved elsewhere.
    MoveAway,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restore => {
                f.write_str("restore a backup, or try `sqlite3 LEDGER .recover` on a copy")
            }
            Self::Reindex => f.write_str("on a copy, try `sqlite3 LEDGER REINDEX`"),
            Self::MakeAgain(sql) => write!(f, "`sqlite3 LEDGER \"{sql}\"`"),
            Self::RemoveRecord { id, timestamp } => write!(
                f,
                "restore a backup, or remove it: `sqlite3 LEDGER \"DELETE FROM records WHERE ts = \
                 {} AND id = {id}\"`, then `usage doctor --rebuild`",
                timestamp.as_micros()
            ),
            Self::Rebuild => f.write_str("`usage doctor --rebuild` remakes them"),
            Self::SetNextRecordId(id) => {
                write!(f, "`sqlite3 LEDGER \"UPDATE ledger SET next_record_id = {id}\"`")
            }
            Self::ForgetImport => {
                f.write_str("`sqlite3 LEDGER \"DELETE FROM sources WHERE name GLOB 'ccrouter:*'\"`, then import \
                              again")
            }
            Self::MoveAway => f.write_str("move it elsewhere"),
        }
    }
}

/// Examines a ledger without changing it, though SQLite's companion files may appear beside one
/// that is in use. Other programs may read and write it meanwhile; all that is examined is of one
/// moment, so that the write-ahead log grows until it is done.
///
/// # Errors
/// When there is no ledger, when it cannot be opened, or when reading it fails for another reason
/// than damage. A ledger that is damaged so badly that it cannot be opened at all is such an error
/// too, with [`StoreError::is_damage`].
pub fn examine(path: impl AsRef<Path>, depth: Depth) -> Result<Diagnosis> {
    examine_with(path.as_ref(), depth, None)
}

/// As [`examine`], and says what lies far from now: records, and an instant before which the ledger
/// refuses them.
///
/// # Errors
/// As [`examine`].
pub fn examine_at(path: impl AsRef<Path>, depth: Depth, now: Timestamp) -> Result<Diagnosis> {
    examine_with(path.as_ref(), depth, Some(now))
}

fn examine_with(path: &Path, depth: Depth, now: Option<Timestamp>) -> Result<Diagnosis> {
    let path = absolute(path)?;
    at_one_moment(&path, |connection, version| {
        let failed = |error| StoreError::read("examine the ledger", &path, error);
        let waiting = journals::waiting(connection, &path)?;
        diagnose(connection, version, &path, (depth, now), waiting).map_err(failed)
    })
}

fn diagnose(
    connection: &Connection,
    version: i32,
    path: &Path,
    (depth, now): (Depth, Option<Timestamp>),
    waiting: Waiting,
) -> Result<Diagnosis, ReadError> {
    let file = FileFacts::read(connection, version, path)?;
    let mut checks = vec![
        checks::database(connection, depth)?,
        checks::or_damage(checks::tables(connection, version), "tables")?,
    ];
    let (mut content, mut set_aside, mut of_clocks) = (None, SetAside::default(), Vec::new());
    // Without its tables there is nothing more to look at; it gets along without an index.
    let tables = checks.iter().filter(|check| check.name == "tables");
    let mut findings = tables.flat_map(|check| &check.findings);
    if findings.all(|finding| matches!(finding.remedy, Remedy::MakeAgain(_))) {
        let walk = walk::walk(connection)?;
        checks.push(checks::or_damage(checks::counters(connection, version, &walk), "counters")?);
        checks.push(checks::or_damage(checks::names(connection, version), "names")?);
        content = content::read(connection, version, &walk)?;
        checks.extend([walk.records, walk.record_ids]);
        checks.push(checks::or_damage(
            event_ids::event_ids(connection, version, depth),
            "event-ids",
        )?);
        checks.push(checks::or_damage(checks::imports(content.as_ref()), "imports")?);
        checks.push(checks::or_damage(sums::sums(connection, version, depth), "sums")?);
        checks.push(checks::or_damage(sums::sessions(connection, version, depth), "sessions")?);
        set_aside = content::set_aside(connection, version)?;
        of_clocks = horizon::advice(connection, version, &set_aside, now)?;
    } else {
        let rest = [
            "counters",
            "names",
            "records",
            "record-ids",
            "event-ids",
            "imports",
            "sums",
            "sessions",
        ];
        checks.extend(rest.map(Check::skipped));
    }
    checks.push(journals::check(&waiting));
    // Before version 5, or where that is damaged, nothing is known of it.
    let failing = checkpoint::remembered(connection).unwrap_or(None);
    let mut advice = file.advice(failing);
    if waiting.of_stopped() > 0 {
        advice.push(Advice::Waiting(waiting.of_stopped()));
    }
    advice.extend(journals::elsewhere(connection, path));
    advice.extend(of_clocks);
    let path = path.to_owned();
    Ok(Diagnosis { path, file, content, checks, advice, waiting, set_aside })
}

/// What damage says of itself.
fn message(error: &ReadError) -> String {
    match error {
        ReadError::Sqlite(error) => error.to_string(),
        ReadError::VersionChanged(version) => format!("schema version {version}"),
        ReadError::Damaged(what) => what.clone(),
        ReadError::RowsGone { edge, .. } => format!("no records at {}", edge.as_micros()),
        ReadError::NamesFolded { names, .. } => format!("{names} names are folded"),
        ReadError::TagsGone { key, .. } => format!("nothing is told apart by {key}"),
        #[cfg(feature = "zones")]
        ReadError::TooManyBuckets(error) => error.to_string(),
    }
}
