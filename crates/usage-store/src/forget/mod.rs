//! Forgetting a name: another one takes its place in all that the ledger holds, and what is left of it in the file is
//! wiped.
//!
//! 1. What waits in journals of stopped programs is stored, so that it does not bring the name back.
//! 2. In one transaction the name gives way everywhere, and a note is left, without the name, that wiping is due.
//! 3. The file is written anew, which leaves out what pages and the write-ahead log still held, and the note goes.
//!
//! Rows and rollups know names by numbers only, so that no sum can change, nor those whose records were deleted.
//! Whatever stops it in between, [`Store::finish_forgetting`] goes on from the note.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use self::names::{placeholder, rename};
use self::renaming::Renaming;
use crate::error::{ReadError, Result, WorkError};
use crate::ledger::connect::set_busy_timeout;
use crate::status::LastBackup;
use crate::{Store, StoreError};

mod copies;
mod ids;
mod names;
mod notes;
mod places;
mod remains;
pub(crate) mod renaming;
pub(crate) mod state;
mod texts;
mod words;

pub use copies::Copies;
pub use names::NameUse;
pub use renaming::NameKind;

/// What stands in the place of a name that was forgotten, `(forgotten 2)` and so on where an instance or a session has
/// it already.
pub const FORGOTTEN: &str = "(forgotten)";

/// The result of forgetting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForgetOutcome {
    /// The places where the name was.
    pub names: NameUse,
    /// What stands there now.
    pub placeholder: String,
    /// Whether the file holds nothing of it any more. If not, somebody was reading all the time, and
    /// [`Store::finish_forgetting`] goes on.
    pub is_wiped: bool,
    /// Where the name may still be.
    pub copies: Copies,
    /// Columns of the ledger that hold it still, such as `label_sets.project`: as another kind of name or a part of
    /// one, in prices, or in a path by which journals are found. Not looked for while the file is not wiped.
    pub remains: Vec<String>,
}

impl Store {
    /// Returns where in the ledger a name is, without changing anything. What waits in journals is not looked at.
    ///
    /// # Errors
    /// When the ledger cannot be read, or has names that are not what was stored.
    pub fn plan_forgetting(&self, kind: NameKind, name: &str) -> Result<NameUse> {
        self.read("read the ledger", |connection| {
            let renaming = renaming(connection, kind, name)?;
            rename(connection, &renaming, true)
        })
    }

    /// Forgets a name: puts [`FORGOTTEN`] in its place in rows, sums, sessions, tags, the quarantine and settings,
    /// and wipes what is left of it in the file. Every sum stays, and so do those whose records were deleted; names
    /// that become the same are added up by every report.
    ///
    /// The name gives way in one transaction; wiping writes the file anew, while other programs can read, and those
    /// that write wait. Needs as much free space as the ledger has bytes, twice. Stopped in between,
    /// [`is_forgetting`](Self::is_forgetting) says so and [`finish_forgetting`](Self::finish_forgetting) goes on.
    ///
    /// What is recorded under the name afterwards is a new name to the ledger. An instance that is forgotten takes its
    /// event ids along: what it records again is stored again.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::Label;
    /// use usage_store::forget::NameKind;
    ///
    /// let outcome = store.forget_name(NameKind::Label(Label::User), "anna")?;
    /// assert!(outcome.names.is_none() && outcome.is_wiped);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be written, what waits in a journal cannot be stored, or the ledger has names that are
    /// not what was stored: nothing was changed then. Where wiping failed, for the disk was full, the name
    /// is in no report any more, and [`is_forgetting`](Self::is_forgetting) says that wiping is due.
    pub fn forget_name(&self, kind: NameKind, name: &str) -> Result<ForgetOutcome> {
        self.journals().recover_all()?;
        // Its path may hold the name.
        let last_backup =
            self.read("read the ledger", |connection| Ok(LastBackup::read(connection)?))?;
        let (names, placeholder) = self.write::<_, StoreError>("forget a name in", |writer| {
            writer.ledger.write(|transaction, _| -> Result<_, ReadError> {
                let renaming = renaming(transaction, kind, name)?;
                let names = rename(transaction, &renaming, false)?;
                // Where it was deleted from the ledger before, its bytes may still be in the file.
                state::begin(transaction)?;
                Ok((names, renaming.into))
            })
        })?;
        let is_wiped = self.wipe()?;
        let remains = if is_wiped { self.remains(name)? } else { Vec::new() };
        let copies = self.copies_with(name, last_backup)?;
        Ok(ForgetOutcome { names, placeholder, is_wiped, copies, remains })
    }

    /// Returns whether forgetting was stopped before its end: the name is in no report, but may be in the file's
    /// bytes.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_forgetting(&self) -> Result<bool> {
        self.read("read the ledger", |connection| Ok(state::is_unfinished(connection)?))
    }

    /// Goes on with forgetting that was stopped; says whether the file is wiped now, which it is too where nothing
    /// was to be done.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn finish_forgetting(&self) -> Result<bool> {
        if self.is_forgetting()? { self.wipe() } else { Ok(true) }
    }

    /// Writes the file anew and empties the write-ahead log; says whether nobody was in the way.
    fn wipe(&self) -> Result<bool> {
        let patience = self.busy_timeout();
        self.write::<_, StoreError>("wipe what was forgotten from", |writer| {
            let connection = &writer.ledger.connection;
            connection.execute_batch("VACUUM")?;
            if !is_log_emptied(connection, patience)? {
                return Ok::<_, WorkError<StoreError>>(false);
            }
            writer.ledger.write(|transaction, _| state::finish(transaction))?;
            Ok(true)
        })
    }

    fn copies_with(&self, name: &str, last_backup: Option<LastBackup>) -> Result<Copies> {
        let folders = self.journals().folders()?;
        let last = last_backup.map(|last| PathBuf::from(last.path));
        Ok(copies::find(self.path(), &folders, last, name))
    }

    /// Looks at the bytes first: hardly ever are there any.
    fn remains(&self, name: &str) -> Result<Vec<String>> {
        // A file that cannot be read so is looked into all the same.
        if !remains::is_in_file(self.path(), name).unwrap_or(true) {
            return Ok(Vec::new());
        }
        self.read("read the ledger", |connection| Ok(remains::columns_with(connection, name)?))
    }
}

fn renaming(connection: &Connection, kind: NameKind, name: &str) -> rusqlite::Result<Renaming> {
    let into = placeholder(connection, kind)?;
    Ok(Renaming { kind, from: name.to_owned(), into })
}

/// The time to wait for readers of what was before. Writers wait meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);

/// A row that says "busy" is no error: somebody reads what was before.
fn is_log_emptied(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    set_busy_timeout(connection, PATIENCE.min(patience))?;
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0).map(|busy| busy == 0)
    });
    set_busy_timeout(connection, patience)?;
    emptied
}
