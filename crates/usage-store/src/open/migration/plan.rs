//! The needs of a migration: time and space, before anything is changed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::{Migrated, MigrationStep, carry_out};
use crate::StoreOptions;
use crate::error::{Result, StoreError};
use crate::ledger::connect::absolute;
use crate::ledger::file_id::OpenedFile;
use crate::ledger::schema::SCHEMA_VERSION;
use crate::open::{self, at_one_moment};

/// Of what a migration takes. A plan changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationPlan {
    /// The ledger, as an absolute path.
    pub path: PathBuf,
    /// The version of its schema.
    pub from: i32,
    /// The version that it will have. The same where it is up to date.
    pub to: i32,
    /// About how many records it holds; not fewer.
    pub records: u64,
    /// The number of bytes it has.
    pub bytes: u64,
    /// Says whether a copy is made first.
    pub with_copy: bool,
    /// The number of bytes of free space that the migration may take, the copy included.
    pub space: u64,
    /// The number of bytes that its disk has free; `None` where that cannot be found out.
    pub free: Option<u64>,
    /// About how long it takes. Other programs cannot write meanwhile.
    pub takes: Duration,
}

impl MigrationPlan {
    /// Looks at a ledger and says what its migration would take.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("usage.db");
    /// # usage_store::Store::open(&path)?;
    /// use usage_store::MigrationPlan;
    ///
    /// let plan = MigrationPlan::new(&path, true)?;
    /// if plan.is_needed() {
    ///     println!("up to {} bytes, about {:?}", plan.space, plan.takes);
    ///     plan.carry_out(&mut |_| {})?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no ledger, or it is of a newer version or cannot be read.
    pub fn new(path: impl AsRef<Path>, with_copy: bool) -> Result<Self> {
        let path = absolute(path.as_ref())?;
        let (from, bytes, records) = at_one_moment(&path, |connection, version| {
            let failed = |source| StoreError::sqlite("read the ledger", &path, source);
            let bytes = bytes(connection).map_err(failed)?;
            let records = connection
                .query_row("SELECT next_record_id - 1 FROM ledger", [], |row| row.get::<_, i64>(0))
                .map_err(failed)?;
            Ok((version, bytes, u64::try_from(records).unwrap_or(0)))
        })?;
        let file = OpenedFile::at(&path)?;
        let Space { needed, .. } = space(bytes, with_copy);
        Ok(Self {
            from,
            to: SCHEMA_VERSION,
            records,
            bytes,
            with_copy,
            space: needed,
            free: free(file.real_path()),
            takes: takes(bytes, records, with_copy),
            path,
        })
    }

    /// Returns whether the ledger is of an earlier version.
    #[must_use]
    pub const fn is_needed(&self) -> bool {
        self.from < self.to
    }

    /// Migrates the ledger, while other programs wait; tells how far it is. `None` if it is up to
    /// date, perhaps as another program was faster. Killed at any moment, it leaves the ledger of the
    /// old version or of the new one.
    ///
    /// # Errors
    /// [`StoreError::NoSpace`] when the disk has not enough space. Else when another program has
    /// the ledger locked, when the copy cannot be made, or the ledger not be read or written; it is
    /// what it was then.
    pub fn carry_out(
        &self,
        on_progress: &mut dyn FnMut(MigrationStep),
    ) -> Result<Option<Migrated>> {
        let options = StoreOptions::default();
        let (mut connection, file) = open::for_writing(&self.path, &options)?;
        let migrated = carry_out(&mut connection, &file, &self.path, self.with_copy, on_progress)?;
        // What was written lies in the log; whoever opens the ledger last brings it into the file.
        open::ready(connection, &self.path, &options).map(|_| migrated)
    }
}

/// Returns the number of bytes of the ledger, what lies in its write-ahead log included.
pub(super) fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let number =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    Ok((number("page_count")? * number("page_size")?).unsigned_abs())
}

/// The space that a migration may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Space {
    needed: u64,
}

/// The copy, and what is added and written anew, such as rollups: it goes through the write-ahead log, and
/// into the file.
pub(super) const fn space(bytes: u64, with_copy: bool) -> Space {
    let copy = if with_copy { bytes } else { 0 };
    Space { needed: copy.saturating_add(bytes / 4 * 3).saturating_add(8 << 20) }
}

impl Space {
    /// Fails where there is less.
    pub(super) fn check(self, real_path: &Path, path: &Path) -> Result<()> {
        self.compare(free(real_path), path)
    }

    fn compare(self, free: Option<u64>, path: &Path) -> Result<()> {
        match free {
            Some(free) if free < self.needed => {
                Err(StoreError::NoSpace { path: path.to_owned(), needed: self.needed, free })
            }
            _ => Ok(()),
        }
    }
}

/// Returns the number of bytes that the disk with that file has for this user.
#[cfg(unix)]
pub(crate) fn free(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
pub(crate) fn free(_: &Path) -> Option<u64> {
    None
}

/// About a second for 50 megabytes that are copied, and for 150,000 records: rather too much than too
/// little. On a busy machine a million records took 1.4 s, with event ids 3 to 5 s, five million of these
/// 20 s.
fn takes(bytes: u64, records: u64, with_copy: bool) -> Duration {
    let copy = if with_copy { bytes / 50_000 } else { 0 };
    Duration::from_millis((copy + records / 150).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_is_refused() {
        let path = Path::new("/usage.db");
        let needs = space(1_000, true);
        assert_eq!(needs.needed, 1_750 + (8 << 20));
        assert_eq!(space(1_000, false).needed, 750 + (8 << 20));
        assert!(needs.compare(None, path).is_ok());
        assert!(needs.compare(Some(needs.needed), path).is_ok());
        let error = needs.compare(Some(needs.needed - 1), path).unwrap_err();
        assert!(matches!(error, StoreError::NoSpace { .. }), "{error:?}");
    }

    #[test]
    #[cfg(unix)]
    fn the_disk_of_a_file_has_some_space() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(free(file.path()).is_some_and(|bytes| bytes > 0));
        assert_eq!(free(Path::new("/no/such")), None);
    }
}
