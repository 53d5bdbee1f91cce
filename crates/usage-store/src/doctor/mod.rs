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

mod advice;
mod check;
mod checks;
mod content;
mod depth;
mod diagnosis;
mod event_ids;
mod file;
mod horizon;
mod journals;
mod quarantine;
mod rebuild;
mod rollups;
mod walk;

use std::path::Path;

use rusqlite::Connection;

use crate::error::{ReadError, Result, StoreError};
use crate::forget;
use crate::journal::backlog::JournalBacklog;
use crate::ledger::checkpoint;
use crate::ledger::connect::absolute;
use crate::open::at_one_moment;

pub use advice::{Advice, Remedy};
pub use check::{Check, CheckResult, Finding, MAX_FINDINGS, Place};
pub use content::{Content, Dimension, Import, NameCount};
pub use depth::{Depth, ExamineOptions};
pub use diagnosis::Diagnosis;
pub use file::FileFacts;
pub use quarantine::{Kind, QuarantineContents, Reason};

pub use rebuild::rebuild;

pub use crate::rollups::Rebuilt;

/// Examines a ledger without changing it, though SQLite's companion files may appear beside one
/// that is in use. Other programs may read and write it meanwhile; all that is examined is of one
/// moment, so that the write-ahead log grows until it is done.
///
/// # Errors
/// When there is no ledger, when it cannot be opened, or when reading it fails for another reason
/// than damage. A ledger that is damaged so badly that it cannot be opened at all is such an error
/// too, with [`StoreError::is_damage`].
pub fn examine(path: impl AsRef<Path>, options: impl Into<ExamineOptions>) -> Result<Diagnosis> {
    let options = options.into();
    let path = absolute(path.as_ref())?;
    at_one_moment(&path, |connection, version| {
        let failed = |error| StoreError::read("examine the ledger", &path, error);
        let backlog = journals::backlog(connection, &path)?;
        diagnose(connection, version, &path, options, backlog).map_err(failed)
    })
}

fn diagnose(
    connection: &Connection,
    version: i32,
    path: &Path,
    ExamineOptions { depth, now }: ExamineOptions,
    backlog: JournalBacklog,
) -> Result<Diagnosis, ReadError> {
    let file = FileFacts::read(connection, version, path)?;
    let mut checks = vec![
        checks::database(connection, depth)?,
        checks::or_damage(checks::tables(connection, version), "tables")?,
    ];
    let (mut content, mut quarantine, mut of_clocks) =
        (None, QuarantineContents::default(), Vec::new());
    // Without its tables there is nothing more to look at; it gets along without an index.
    let tables = checks.iter().filter(|check| check.name == "tables");
    let mut findings = tables.flat_map(|check| &check.findings);
    if findings.all(|finding| matches!(finding.remedy, Remedy::MakeAgain(_))) {
        let walk = walk::walk(connection)?;
        checks.push(checks::or_damage(checks::counters(connection, version, &walk), "counters")?);
        checks.push(checks::or_damage(checks::names(connection, version), "names")?);
        checks.push(checks::or_damage(checks::prices(connection, version), "prices")?);
        content = content::read(connection, version, &walk)?;
        checks.extend([walk.records, walk.record_ids]);
        checks.push(checks::or_damage(
            event_ids::event_ids(connection, version, depth),
            "event-ids",
        )?);
        checks.push(checks::or_damage(checks::imports(content.as_ref()), "imports")?);
        checks.push(checks::or_damage(rollups::rollups(connection, version, depth), "sums")?);
        checks.push(checks::or_damage(rollups::sessions(connection, version, depth), "sessions")?);
        quarantine = content::quarantine(connection, version)?;
        of_clocks = horizon::advice(connection, version, &quarantine, now)?;
    } else {
        let rest = [
            "counters",
            "names",
            "prices",
            "records",
            "record-ids",
            "event-ids",
            "imports",
            "sums",
            "sessions",
        ];
        checks.extend(rest.map(Check::skipped));
    }
    checks.push(journals::check(&backlog));
    // Before version 5, or where that is damaged, nothing is known of it.
    let failing = checkpoint::remembered(connection).unwrap_or(None);
    let mut advice = file.advice(failing);
    // As above.
    if forget::state::is_unfinished(connection).unwrap_or(false) {
        advice.push(Advice::Forgetting);
    }
    if backlog.of_stopped() > 0 {
        advice.push(Advice::Backlog(backlog.of_stopped()));
    }
    advice.extend(journals::elsewhere(connection, path));
    advice.extend(of_clocks);
    let path = path.to_owned();
    Ok(Diagnosis { path, file, content, checks, advice, backlog, quarantine })
}
