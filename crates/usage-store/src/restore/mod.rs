//! Putting a copy in the place of a ledger, and taking that back.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let ledger = folder.path().join("usage.db");
//! # let copy = folder.path().join("copy.db");
//! # usage_store::Store::open(&ledger)?.backup(&copy)?;
//! use usage_store::restore::{restore, undo};
//!
//! let restored = restore(&ledger, &copy)?;
//! assert!(restored.kept.exists());
//! undo(&ledger)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod later;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ffi};
use usage_core::pricing::Pricing;
use usage_core::sink::LedgerId;

use crate::doctor::{self, Depth};
use crate::error::{DamageCode, Result, StoreError};
use crate::ledger::connect::{absolute, flags};
use crate::ledger::file::{self, is_same_file};
use crate::ledger::file_id::OpenedFile;
use crate::ledger::hold::Hold;
use crate::ledger::swap::{self, Swap};
use crate::ledger::transaction::ledger_id;
use crate::ledger::{journal_folders, trusted};
use crate::open::{at_one_moment, make_folder};
use crate::{Migrate, StoreOptions};

/// Options of a restore: the fate of what was stored after the copy was taken.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RestoreOptions {
    /// Records that the ledger has stored since then are brought over, each once, whether it has an event id or not; the
    /// ledger has to be readable for that, and the copy one of its own.
    pub keep_later: bool,
    /// Who prices the records that are brought over; without it they are not priced yet.
    pub pricing: Option<Arc<dyn Pricing>>,
}

impl RestoreOptions {
    /// Brings over what the ledger has stored after the copy was taken.
    #[must_use]
    pub fn with_keep_later(self, pricing: Option<Arc<dyn Pricing>>) -> Self {
        Self { keep_later: true, pricing }
    }
}

/// A copy that is in the place of a ledger now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// The ledger, as an absolute path without links.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The version of its schema: that of the copy.
    pub schema_version: i32,
    /// The folder with all that was replaced.
    pub kept: PathBuf,
    /// Says whether it is the same ledger as the one that was replaced, of another time; `None` where there was none,
    /// or nothing of it can be read. What waits in journals of another one stays for that.
    pub is_same_ledger: Option<bool>,
    /// The number of records that were stored in the one that was replaced after the copy was taken, at most; `None`
    /// where nobody can say. Those that are in no journal any more are in the kept file alone.
    pub later: Option<u64>,
    /// The number of these that were brought over.
    pub brought: u64,
}

/// Puts a copy in the place of a ledger, or where there is none. Whatever was there is kept, with its write-ahead log and
/// its journals, in a folder beside it; [`undo`] brings it back.
///
/// The copy itself stays as it is. It is checked first, as far as [`Depth::Quick`] goes. How far journals are stored is
/// what the copy knows of it, so what it does not have of them is stored by the next program that writes, each record
/// once; and it begins an epoch of its own.
///
/// Nobody may have the ledger open, this process included, and nobody can open it meanwhile. Killed at any moment, this
/// leaves the ledger as it was, or the next program that opens it finds the copy there.
///
/// # Errors
/// [`StoreError::InUse`] when somebody has the ledger open, who is named where that can be found out. Else when the copy
/// is none or damaged, or something cannot be read or written; the ledger is what it was then.
pub fn restore(ledger: impl AsRef<Path>, copy: impl AsRef<Path>) -> Result<Restored> {
    restore_with(ledger, copy, &RestoreOptions::default())
}

/// As [`restore`], with options.
///
/// # Errors
/// As [`restore`]; and [`StoreError::NotALaterOne`] where later records were to be kept and the copy is of another ledger,
/// or there is none.
pub fn restore_with(
    ledger: impl AsRef<Path>,
    copy: impl AsRef<Path>,
    options: &RestoreOptions,
) -> Result<Restored> {
    let (path, copy) = (real(ledger.as_ref())?, absolute(copy.as_ref())?);
    if is_same_file(&path, &copy) {
        return Err(StoreError::ItsOwnCopy { path: copy });
    }
    swap::settle(&path)?;
    let (hold, was) = hold(&path)?;
    make_folder(&path)?;
    let swap = Swap::begin(&path)?;
    let new = swap.new_file();
    copy_to(&copy, &new)?;
    as_the_one_that_goes(&path, &new);
    let is = examined(&new, &copy)?;
    begin_epoch(&new, is.version)?;
    let mut brought = 0;
    if options.keep_later {
        let is_later = was.as_ref().is_some_and(|was| was.id.is_some() && was.id == is.id);
        match (&hold, is.next_record_id) {
            (Some(hold), Some(from)) if is_later => {
                let pricing = options.pricing.clone();
                let options =
                    StoreOptions { pricing, migrate: Migrate::InPlace, ..StoreOptions::default() };
                brought = later::bring(&hold.connection, &path, &new, from, &options)?;
            }
            _ => return Err(StoreError::NotALaterOne { path, copy }),
        }
    }
    swap.keep(&journals(&path, hold.as_ref()))?;
    let number = swap::kept(&path).last().map_or(1, |(number, _)| number.saturating_add(1));
    let kept = swap.carry_out(number)?;
    Ok(Restored { brought, ..Restored::of(path, kept, &is, was.as_ref()) })
}

/// Brings back what the last restoration has replaced, to the byte, and keeps what is there now in its place: done twice,
/// it is as it was.
///
/// # Errors
/// [`StoreError::NothingReplaced`] when there is nothing to be brought back; else as [`restore`].
pub fn undo(ledger: impl AsRef<Path>) -> Result<Restored> {
    let path = real(ledger.as_ref())?;
    swap::settle(&path)?;
    let last = swap::kept(&path).pop().filter(|(_, kept)| swap::has_ledger(kept));
    let Some((number, from)) = last else { return Err(StoreError::NothingReplaced { path }) };
    let (hold, was) = hold(&path)?;
    let swap = Swap::begin(&path)?;
    swap.bring_back(&from)?;
    swap.keep(&journals(&path, hold.as_ref()))?;
    let kept = swap.carry_out(number)?;
    drop(hold);
    // It is what it was, damaged or not.
    let is = at_one_moment(&path, |connection, version| Ok(Facts::of(connection, version)));
    let is = is.unwrap_or(Facts { version: 0, id: None, next_record_id: None });
    Ok(Restored::of(path, kept, &is, was.as_ref()))
}

impl Restored {
    fn of(path: PathBuf, kept: PathBuf, is: &Facts, was: Option<&Facts>) -> Self {
        let is_same_ledger = was.and_then(|was| Some(was.id? == is.id?));
        let later = was
            .filter(|_| is_same_ledger == Some(true))
            .and_then(|was| Some(was.next_record_id?.saturating_sub(is.next_record_id?)))
            .map(|later| u64::try_from(later).unwrap_or(0));
        let bytes = file::bytes(&path);
        Self { path, bytes, schema_version: is.version, kept, is_same_ledger, later, brought: 0 }
    }
}

/// Tells one ledger from another, and one time of it from another.
#[derive(Debug)]
struct Facts {
    version: i32,
    id: Option<LedgerId>,
    next_record_id: Option<i64>,
}

impl Facts {
    fn of(connection: &Connection, version: i32) -> Self {
        let next = "SELECT next_record_id FROM ledger";
        let next_record_id = connection.query_row(next, [], |row| row.get(0)).ok();
        Self { version, id: ledger_id(connection).unwrap_or(None), next_record_id }
    }
}

/// The ledger without links; a path at which there is nothing as it is.
fn real(path: &Path) -> Result<PathBuf> {
    let path = absolute(path)?;
    Ok(path.canonicalize().unwrap_or(path))
}

/// Keeps everybody out, if there is a ledger.
fn hold(path: &Path) -> Result<(Option<Hold>, Option<Facts>)> {
    if !path.try_exists().map_err(|source| StoreError::Find { path: path.to_owned(), source })? {
        return Ok((None, None));
    }
    if !path.is_file() {
        return Err(StoreError::NotALedger { path: path.to_owned(), what: "no file" });
    }
    let hold = Hold::of(path)?;
    let was = Facts::of(&hold.connection, 0);
    Ok((Some(hold), Some(was)))
}

/// Copies it as it is at one moment, page by page, with what is in its write-ahead log.
fn copy_to(copy: &Path, new: &Path) -> Result<()> {
    let failed = |source| StoreError::sqlite("read the copy", copy, source);
    at_one_moment(copy, |connection, _| {
        // A second attempt begins anew.
        let _ = std::fs::remove_file(new);
        make_private(new).map_err(|source| StoreError::Create { path: new.to_owned(), source })?;
        let mut to = Connection::open_with_flags(new, flags()).map_err(failed)?;
        // Until it is synced, as a whole, it counts for nothing.
        to.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(())).map_err(failed)?;
        to.pragma_update(None, "synchronous", "OFF").map_err(failed)?;
        match Backup::new(connection, &mut to).and_then(|backup| backup.step(-1)).map_err(failed)? {
            StepResult::Done => Ok(()),
            _ => {
                let busy = ffi::Error::new(ffi::SQLITE_BUSY);
                Err(failed(rusqlite::Error::SqliteFailure(busy, None)))
            }
        }
    })
}

fn make_private(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path).map(drop)
}

/// Lets those read and write it who may do so with the one that goes, as far as this user can.
fn as_the_one_that_goes(ledger: &Path, new: &Path) {
    let Ok(found) = ledger.metadata() else { return };
    #[cfg(unix)]
    {
        let group = std::os::unix::fs::MetadataExt::gid(&found);
        let _ = std::os::unix::fs::chown(new, None, Some(group));
    }
    let _ = std::fs::set_permissions(new, found.permissions());
}

/// Checks what is about to take the ledger's place.
fn examined(new: &Path, copy: &Path) -> Result<Facts> {
    let of_copy = |error| match error {
        StoreError::Damaged { code, what, .. } => {
            StoreError::Damaged { path: copy.to_owned(), code, what }
        }
        error => error,
    };
    let diagnosis = doctor::examine(new, Depth::Quick).map_err(of_copy)?;
    let wrong = diagnosis.checks.iter().find(|check| !check.is_passed());
    if let Some(check) = wrong {
        let finding = check.findings.first();
        let what = finding.map_or_else(
            || format!("{} cannot be checked", check.name),
            |finding| format!("{}: {}", finding.place, finding.what),
        );
        let code = DamageCode::File;
        return Err(StoreError::Damaged { path: copy.to_owned(), code, what });
    }
    at_one_moment(new, |connection, version| Ok(Facts::of(connection, version)))
}

/// Gives it an epoch of its own: the ids that it hands out from now on are others than those of the ledger that goes.
fn begin_epoch(new: &Path, version: i32) -> Result<()> {
    const FIRST_WITH_EPOCH: i32 = 5;
    if version < FIRST_WITH_EPOCH {
        return Ok(());
    }
    let failed = |source| StoreError::sqlite("write to", new, source);
    let connection = Connection::open_with_flags(new, flags()).map_err(failed)?;
    connection.execute("UPDATE ledger SET epoch = randomblob(16)", []).map_err(failed)?;
    connection.close().map_err(|(_, source)| failed(source))
}

/// The folders with journals of the ledger that goes.
fn journals(path: &Path, hold: Option<&Hold>) -> Vec<PathBuf> {
    let mut folders = vec![journal_folders::beside(path)];
    if let Some(Hold { connection }) = hold
        && let Ok(file) = OpenedFile::at(path)
        && let Ok(Some(ledger)) = ledger_id(connection)
    {
        let remembered = journal_folders::folders(connection, &file).unwrap_or_default();
        folders.extend(
            remembered.into_iter().filter(|folder| trusted::is_journal_of(folder, &file, ledger)),
        );
        folders.dedup();
    }
    folders
}
