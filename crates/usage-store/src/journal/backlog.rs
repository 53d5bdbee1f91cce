//! The records that wait in journals, found without changing anything.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Serialize, Serializer};
use usage_core::sink::LedgerId;
use usage_journal::{RealDisk, SurveyedSegment, survey};

/// Whose a [`JournalSegment`] is, from `usage-journal`.
pub use usage_journal::SegmentState;

use crate::error::{ReadError, Result};
use crate::journal::journals;
use crate::journal::recovery::Journals;
use crate::ledger::file::bytes;
use crate::ledger::readers::Stop;

/// The records that wait in the journals of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalBacklog {
    /// The files of the journals, by folder and name.
    pub segments: Vec<JournalSegment>,
}

/// A file of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JournalSegment {
    /// The place where it is.
    #[serde(serialize_with = "shown")]
    pub path: PathBuf,
    /// Whose it is.
    #[serde(serialize_with = "named")]
    pub state: SegmentState,
    /// The number of records in it that the ledger does not have yet. 0 where that cannot be said:
    /// of other ledgers, of newer versions, and where it cannot be read.
    pub records: u64,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The parts of it that cannot be read, each as a text that says where and why; or why it cannot be looked into.
    pub damage: Vec<String>,
}

/// A path as it is shown to people: it need not be UTF-8.
fn shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

fn named<S: Serializer>(state: &SegmentState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match state {
        SegmentState::Live => "running",
        SegmentState::Abandoned => "stopped",
        SegmentState::Foreign => "foreign",
        SegmentState::Newer => "newer",
        SegmentState::Inaccessible => "inaccessible",
        _ => "unreadable",
    })
}

impl JournalBacklog {
    /// Returns the number of records that wait in the journals of stopped programs. The next
    /// program that writes to the ledger stores them.
    #[must_use]
    pub fn of_stopped(&self) -> u64 {
        self.records_of(SegmentState::Abandoned)
    }

    /// Returns the number of records that wait in the journals of running programs, which are about to store them.
    #[must_use]
    pub fn of_running(&self) -> u64 {
        self.records_of(SegmentState::Live)
    }

    /// Returns the number of bytes that all the files take on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// The files of that state.
    pub fn of(&self, state: SegmentState) -> impl Iterator<Item = &JournalSegment> {
        self.segments.iter().filter(move |segment| segment.state == state)
    }

    fn records_of(&self, state: SegmentState) -> u64 {
        self.of(state).map(|segment| segment.records).sum()
    }
}

impl Journals<'_> {
    /// Returns what waits in the journals of this ledger: of programs that were stopped before they could
    /// store it, and of running ones. Changes nothing, and works where the ledger can only be read.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// let backlog = store.journals().backlog()?;
    /// assert_eq!((backlog.of_stopped(), backlog.bytes()), (0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read. A journal that cannot is reported as
    /// [`SegmentState::Inaccessible`](crate::SegmentState::Inaccessible).
    pub fn backlog(&self) -> Result<JournalBacklog> {
        self.backlog_until(None)
    }

    /// As [`backlog`](Self::backlog), until it is to stop.
    pub(crate) fn backlog_until(&self, stop: Option<&Stop>) -> Result<JournalBacklog> {
        let folders = self.folders_until(stop)?;
        let folders: Vec<_> = folders.into_iter().filter(|folder| may_exist(folder)).collect();
        if folders.is_empty() {
            return Ok(JournalBacklog::default());
        }
        let ledger = self.store.id()?;
        self.store.read_until("read the ledger", stop, |connection| {
            let mut backlog = JournalBacklog::default();
            for folder in &folders {
                if stop.is_some_and(Stop::is_over) {
                    return Err(ReadError::stopped());
                }
                look_into(connection, folder, ledger, &mut backlog);
            }
            Ok(backlog)
        })
    }
}

fn may_exist(folder: &Path) -> bool {
    // What cannot be looked for is an error to report.
    folder.try_exists().unwrap_or(true)
}

/// Looks into folders, with the positions as a transaction sees them.
pub(crate) fn look(
    connection: &Connection,
    folders: &[PathBuf],
    ledger: LedgerId,
) -> JournalBacklog {
    let mut backlog = JournalBacklog::default();
    for folder in folders {
        look_into(connection, folder, ledger, &mut backlog);
    }
    backlog
}

fn look_into(
    connection: &Connection,
    folder: &Path,
    ledger: LedgerId,
    backlog: &mut JournalBacklog,
) {
    // A position that cannot be read is damage, which others find; the segment then counts as
    // one of which nothing is stored.
    let mut position =
        |segment| journals::position_of_any_version(connection, segment).ok().flatten();
    let found = survey(&RealDisk, folder, ledger, &mut position);
    backlog.segments.extend(found.segments.into_iter().map(from_survey));
    backlog.segments.extend(given_up(folder));
}

fn from_survey(segment: SurveyedSegment) -> JournalSegment {
    let SurveyedSegment { path, state, records, bytes, damage, error, .. } = segment;
    let damage = damage.iter().map(ToString::to_string).chain(error).collect();
    JournalSegment { path, state, records, bytes, damage }
}

/// The files that a replay could not read, and has renamed so that nothing looks at them again.
fn given_up(folder: &Path) -> Vec<JournalSegment> {
    // A folder that cannot be read is reported already.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "damaged") {
            let bytes = bytes(&path);
            let (state, damage) = (SegmentState::Unreadable, Vec::new());
            found.push(JournalSegment { path, state, records: 0, bytes, damage });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}
