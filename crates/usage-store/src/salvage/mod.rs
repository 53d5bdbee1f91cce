//! Taking all that can be read out of a damaged ledger.
//!
//! The damaged file is read page by page, as a file, and never opened as a database. Rows are taken wherever they are
//! whole, also from pages that nothing leads to any more; names, sessions and terms of prices from the indexes over them
//! where their tables are damaged. What is there decides: sums are made again from the records, but for those whose
//! records were deleted. The old sums then say what is missing.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let ledger = folder.path().join("usage.db");
//! # drop(usage_store::Store::open(&ledger)?);
//! # let new = folder.path().join("new.db");
//! let salvaged = usage_store::salvage::salvage(&ledger, &new)?;
//! assert!(salvaged.is_complete() && salvaged.is_sound);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cells;
mod mend;
mod pages;
mod take;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use usage_core::{TimeRange, Timestamp};

use crate::Store;
use crate::doctor::{self, Depth};
use crate::error::{ReadError, Result, StoreError};
use crate::ledger::connect::absolute;
use crate::ledger::file::{self, FileStamp};
use crate::ledger::schema::SCHEMA_VERSION;
use crate::ledger::workshop::Workshop;
use crate::open::refuse_place;
use crate::rollups::{Level, Rebuilt, of_all_quarter};
use crate::write::event_ids::{Stray, strays};
use pages::Pages;
use tree::Trees;

/// The account of a salvage: all that was taken out of a damaged ledger, and all that was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// The new ledger, as an absolute path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The number of pages of the damaged one.
    pub pages: u64,
    /// Each table, with what of it could be read and what not; those without rows are left out.
    pub tables: Vec<SalvagedTable>,
    /// The number of records in the new ledger.
    pub records: u64,
    /// Stretches of time whose sums count more requests than there are records, or sums without records, in the order of
    /// time.
    pub missing: Vec<MissingRequests>,
    /// Stretches of time with as many requests as there were, but with other counts, names or times.
    pub changed: Vec<TimeRange>,
    /// Stretches of time of which only sums were left, which cannot be read: nobody knows what they counted.
    pub lost_sums: Vec<TimeRange>,
    /// The number of records that the counter of the ledger speaks of and that are not there, where no sum says more:
    /// those that were deleted are among them. `None` where that counter is lost.
    pub ids_without_record: Option<u64>,
    /// The number of combinations of names that are lost: their records are under `(lost)`.
    pub lost_names: u64,
    /// The number of records without the session, tags, prices or event id that they had.
    pub lost_context: u64,
    /// The number of event ids of records that the ledger did not know: they are not what was stored.
    pub changed_ids: u64,
    /// The number of days of sessions whose records were deleted and that cannot be read.
    pub lost_sessions: u64,
    /// The number of things beside the records that no ledger can have, such as a policy that makes no sense; left out.
    pub left_out: u64,
    /// Says whether the new ledger passes [`examine`](doctor::examine).
    pub is_sound: bool,
}

/// The account of one table of a salvage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvagedTable {
    /// Its name, as in the reference of the schema.
    pub name: String,
    /// The number of rows that were taken.
    pub rows: u64,
    /// The number of its pages that cannot be read.
    pub damaged_pages: u64,
    /// The number of rows on readable pages that cannot be read.
    pub damaged_rows: u64,
}

/// Requests that are known to be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingRequests {
    /// Within this stretch of time.
    pub range: TimeRange,
    /// Their number.
    pub requests: u64,
    /// Their tokens.
    pub tokens: u64,
}

impl Salvaged {
    /// Returns whether everything is there, as far as can be told.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
            && self.changed.is_empty()
            && self.lost_sums.is_empty()
            && self.lost_names
                + self.lost_context
                + self.changed_ids
                + self.lost_sessions
                + self.left_out
                == 0
            && self
                .tables
                .iter()
                .filter(|table| table.is_content())
                .all(|table| !table.has_damage())
    }

    /// Returns the number of requests that are known to be missing.
    #[must_use]
    pub fn missing_requests(&self) -> u64 {
        self.missing.iter().map(|missing| missing.requests).sum()
    }
}

impl SalvagedTable {
    /// Returns whether something of it cannot be read.
    #[must_use]
    pub const fn has_damage(&self) -> bool {
        self.damaged_pages + self.damaged_rows > 0
    }

    /// Returns whether it holds what nothing else does: what follows from the records is made again.
    #[must_use]
    pub fn is_content(&self) -> bool {
        !matches!(
            self.name.as_str(),
            "rollups_quarter"
                | "rollups_all"
                | "rollups_day"
                | "rollups_month"
                | "rollup_pieces"
                | "rollups_folded"
                | "session_sums"
                | "event_ids"
        )
    }
}

/// Takes all that can be read out of a ledger, damaged or not, into a new one, which appears when it is complete. The
/// damaged one is only read; nobody may write to it meanwhile, and this process must not have it open.
///
/// # Errors
/// [`StoreError::Exists`] when there is something at the place of the new one; [`StoreError::OlderVersion`] for a ledger
/// of before schema version 5; [`StoreError::NotALedger`] for a file that nothing of a ledger can be found in, an empty
/// one for instance. Else when a file cannot be read or written. No other damage is an error.
pub fn salvage(ledger: impl AsRef<Path>, new: impl AsRef<Path>) -> Result<Salvaged> {
    let (path, new) = (absolute(ledger.as_ref())?, absolute(new.as_ref())?);
    let found = path.metadata().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => StoreError::NotFound { path: path.clone() },
        _ => StoreError::Find { path: path.clone(), source },
    })?;
    if !found.is_file() {
        return Err(StoreError::NotALedger { path, what: "no file" });
    }
    if new.symlink_metadata().is_ok() {
        return Err(StoreError::Exists { path: new });
    }
    refuse_place(&new)?;
    check_version(&path)?;
    let cannot_create = |source| StoreError::Create { path: new.clone(), source };
    let workshop =
        Workshop::within(new.parent().unwrap_or(Path::new("/"))).map_err(cannot_create)?;
    let making = workshop.path().join("new.db");
    let mut salvaged = fill(&path, &making)?;
    std::fs::File::open(&making).and_then(|file| file.sync_all()).map_err(cannot_create)?;
    std::fs::hard_link(&making, &new).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::Exists { path: new.clone() },
        _ => cannot_create(source),
    })?;
    salvaged.bytes = file::bytes(&new);
    salvaged.path = new;
    Ok(salvaged)
}

fn fill(path: &Path, making: &Path) -> Result<Salvaged> {
    let read = |source| StoreError::Find { path: path.to_owned(), source };
    let stamps = || [path.to_owned(), file::write_ahead_log(path)].map(|path| FileStamp::of(&path));
    let before = stamps();
    let store = Store::open(making)?;
    let mut found = Pages::open(path).map_err(read)?;
    let (pages, is_marked) =
        (found.count, found.read(1).is_some_and(|first| file::is_marked_as_ledger(&first)));
    let mut salvaged = Salvaged { pages: pages.into(), ..Salvaged::default() };
    let fresh = store.read("read the new ledger", |connection| Ok(roots(connection)?))?;
    let mut trees = Trees::find(found, &fresh);
    let old = store.write("write to the new ledger", |writer| {
        writer.ledger.write(|transaction, _| -> Result<_, ReadError> {
            let old = take::take(&mut trees, transaction, &mut salvaged)?;
            mend::mend(transaction, &mut trees, &old, &mut salvaged)?;
            Ok(old)
        })
    })?;
    drop(store);
    if !is_marked && !old.is_anything() && salvaged.tables.iter().all(|table| table.rows == 0) {
        let what = if pages == 0 { "empty" } else { "something in which nothing of a ledger is" };
        return Err(StoreError::NotALedger { path: path.to_owned(), what });
    }
    // Another ledger's id is in it now, which the one that was open would refuse.
    let store = Store::open(making)?;
    salvaged.changed_ids = store.read("read the new ledger", |connection| {
        let mut unknown = 0;
        strays(connection, |stray| unknown += u64::from(matches!(stray, Stray::Unknown(_))))?;
        Ok(unknown)
    })?;
    // Of what cannot be read nobody can say whether it knew them.
    if salvaged.tables.iter().all(|table| table.name != "event_ids" || table.has_damage()) {
        salvaged.changed_ids = 0;
    }
    let Rebuilt { records, lost, .. } = doctor::rebuild(&store)?;
    salvaged.records = records;
    salvaged.lost_sums.extend(lost);
    let compared =
        store.read("read the new ledger", |connection| Ok(compare(connection, &old)?))?;
    (salvaged.missing, salvaged.changed) = compared;
    let highest = old.next_record_id.map(|next| u64::try_from(next - 1).unwrap_or(0));
    salvaged.ids_without_record = highest.map(|highest| highest.saturating_sub(records));
    drop(store);
    salvaged.is_sound = doctor::examine(making, Depth::Full)?.is_sound();
    if stamps() != before {
        let what = "was written to while it was read";
        return Err(StoreError::Replaced { path: path.to_owned(), what });
    }
    Ok(salvaged)
}

/// Refuses what is no ledger, or one of a version that this program cannot take apart. A header that is damaged says
/// nothing.
fn check_version(path: &Path) -> Result<()> {
    const OLDEST: i32 = 5;
    let failed = |source| StoreError::Find { path: path.to_owned(), source };
    let mut pages = Pages::open(path).map_err(failed)?;
    let Some(first) = pages.read(1).filter(|first| first.starts_with(b"SQLite format 3\0")) else {
        return Ok(());
    };
    let found = cells::word(&first, 60).map_or(0, u32::cast_signed);
    match found {
        OLDEST..=SCHEMA_VERSION | ..=0 => Ok(()),
        1..OLDEST => Err(StoreError::OlderVersion { path: path.to_owned(), found }),
        _ => Err(StoreError::NewerVersion { path: path.to_owned(), found }),
    }
}

/// Finds the first pages of the tables and indexes of a ledger that was just made.
fn roots(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u32>> {
    let mut statement =
        connection.prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0")?;
    let roots = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    roots.collect()
}

/// Requests, tokens and the hash of the records of quarters of an hour, by number.
pub(crate) type Sums = BTreeMap<i64, (u64, u64, u32)>;

/// Compares what there is with what the sums of the damaged ledger say: what is missing, and what is otherwise.
fn compare(
    connection: &Connection,
    old: &take::Old,
) -> rusqlite::Result<(Vec<MissingRequests>, Vec<TimeRange>)> {
    let mut is = Sums::new();
    let mut statement = connection.prepare("SELECT number, cells FROM rollups_all")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some((totals, hash)) = of_all_quarter(row.get_ref(1)?.as_blob()?) {
            is.insert(row.get(0)?, (totals.requests, totals.tokens(), hash));
        }
    }
    let (mut missing, mut changed) = (Vec::<MissingRequests>::new(), Vec::<TimeRange>::new());
    for (number, was) in &old.sums {
        let found = is.get(number).copied().unwrap_or_default();
        let range = stretch(*number);
        if found.0 < was.0 {
            let (requests, tokens) = (was.0 - found.0, was.1.saturating_sub(found.1));
            match missing.last_mut() {
                Some(last) if last.range.end == range.start => {
                    last.range.end = range.end;
                    last.requests += requests;
                    last.tokens += tokens;
                }
                _ => missing.push(MissingRequests { range, requests, tokens }),
            }
        } else if found != *was {
            match changed.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => changed.push(range),
            }
        }
    }
    Ok((missing, changed))
}

/// The time of a quarter of an hour.
pub(crate) fn stretch(number: i64) -> TimeRange {
    let at = |number| Some(Timestamp::from_micros(Level::Quarter.start_of(number)));
    TimeRange { start: at(number), end: at(number + 1) }
}
