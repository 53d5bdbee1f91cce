//! The copy of a ledger as it was before a migration.

use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ffi};

use super::MigrationStep;
use crate::error::{Result, SqliteErrorKind, StoreError};
use crate::ledger::connect;
use crate::ledger::file::with_ending;
use crate::ledger::part::Part;

/// The number of pages that are copied between two words about it: four megabytes.
const PAGES: i32 = 1_024;

/// So many copies of one version may lie there; each was made from another content.
const MOST_COPIES: u32 = 100;

/// A copy that lies beside the ledger.
pub(super) struct Copied {
    pub(super) path: PathBuf,
    /// Says whether it was made now, and not by a migration that was killed afterwards.
    is_new: bool,
}

impl Copied {
    /// Removes it again, as nothing was migrated.
    pub(super) fn discard(self) {
        if self.is_new {
            // If it stays, it is a copy all the same.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Copies the ledger, page by page, while nobody can write to it. The copy gets its name when it is
/// complete and on the disk; nothing is replaced.
pub(super) fn take(
    real_path: &Path,
    path: &Path,
    version: i32,
    on_progress: &mut dyn FnMut(MigrationStep),
) -> Result<Copied> {
    let part = Part::beside(real_path)?;
    copy_pages(real_path, &part, on_progress).map_err(|source| {
        match SqliteErrorKind::of(&source) {
            SqliteErrorKind::Full => StoreError::sqlite("copy the ledger beside", path, source),
            _ => StoreError::sqlite("copy the ledger", path, source),
        }
    })?;
    publish(part, real_path, version)
}

fn publish(part: Part, real_path: &Path, version: i32) -> Result<Copied> {
    for number in 1..=MOST_COPIES {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let copy = with_ending(real_path, &format!(".v{version}-backup{number}"));
        if copy.symlink_metadata().is_err() {
            return part.publish(&copy).map(|_| Copied { path: copy, is_new: true });
        }
        // A migration that was killed has left it: the same content needs no second copy.
        if part.is_same_as(&copy).unwrap_or(false) {
            return Ok(Copied { path: copy, is_new: false });
        }
    }
    Err(StoreError::Exists { path: with_ending(real_path, &format!(".v{version}-backup")) })
}

fn copy_pages(
    real_path: &Path,
    part: &Part,
    on_progress: &mut dyn FnMut(MigrationStep),
) -> rusqlite::Result<()> {
    let ledger = Connection::open_with_flags(real_path, connect::flags())?;
    ledger.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connect::distrust(&ledger)?;
    let mut copy = Connection::open_with_flags(part.uri(), Part::flags())?;
    // It is a part until it was synced, as a whole: nothing else has to last.
    copy.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    copy.pragma_update(None, "synchronous", "OFF")?;
    let page_bytes: i64 = ledger.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let backup = Backup::new(&ledger, &mut copy)?;
    loop {
        let step = backup.step(PAGES)?;
        let progress = backup.progress();
        let bytes = |pages: i32| u64::from(pages.unsigned_abs()) * page_bytes.unsigned_abs();
        let (bytes, of) =
            (bytes(progress.pagecount - progress.remaining), bytes(progress.pagecount));
        on_progress(MigrationStep::Copying { bytes, of });
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => {
                return Err(rusqlite::Error::SqliteFailure(
                    ffi::Error::new(ffi::SQLITE_BUSY),
                    None,
                ));
            }
        }
    }
}
