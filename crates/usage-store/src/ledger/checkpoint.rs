//! Checkpoints: bringing the write-ahead log into the ledger's file.
//!
//! The writing connection does it whenever a commit leaves a thousand pages in the log. SQLite does the
//! same by itself and keeps to itself how it went: a disk on which the file cannot grow would let the log
//! grow for ever, and nobody would be notified. So what a checkpoint fails with is kept, and the doctor,
//! which is another program, finds it among the ledger's settings; these go through the log, which can
//! still be written.

use std::cell::RefCell;
use std::ffi::c_int;

use rusqlite::hooks::{CheckpointMode, Wal};
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::{SqliteError, SqliteErrorKind};

/// As many pages as SQLite waits for.
const PAGES: c_int = 1_000;

/// The name of the setting.
const SETTING: &str = "failing_checkpoint";

thread_local! {
    /// The outcome of the last checkpoint of this thread, since it was asked for last. SQLite calls
    /// [`committed`] on the thread that commits.
    static LAST: RefCell<Option<Result<(), String>>> = const { RefCell::new(None) };
}

/// Makes the connection's checkpoints known.
pub(crate) fn watch(connection: &Connection) {
    connection.wal_hook(Some(committed));
}

fn committed(log: &Wal, pages: c_int) -> rusqlite::Result<()> {
    if pages >= PAGES {
        let result = match log.checkpoint_v2(CheckpointMode::PASSIVE) {
            Ok(_) => Some(Ok(())),
            // Another connection is in the way; the next commit tries again.
            Err(error) if SqliteErrorKind::of(&error) == SqliteErrorKind::Busy => None,
            Err(error) => Some(Err(SqliteError::from(error).to_string())),
        };
        if result.is_some() {
            LAST.replace(result);
        }
    }
    // The commit is one, whatever becomes of the log.
    Ok(())
}

/// The outcome of the checkpoints of a writing connection.
#[derive(Debug, Default)]
pub(crate) struct Checkpoints {
    /// The reason why the last one failed, if it did.
    failing: Option<String>,
}

impl Checkpoints {
    /// Takes note of how the last one went. To be called after each transaction.
    pub(crate) fn note(&mut self, connection: &Connection) {
        let Some(result) = LAST.take() else { return };
        let failing = result.err();
        // Of no use to anybody while it stays the same.
        if failing.is_none() || failing != self.failing {
            // The log takes it, or the next time.
            let _ = remember(connection, failing.as_deref());
            LAST.take();
        }
        self.failing = failing;
    }

    pub(crate) fn failing(&self) -> Option<&str> {
        self.failing.as_deref()
    }
}

fn remember(connection: &Connection, failing: Option<&str>) -> rusqlite::Result<()> {
    if remembered(connection)?.as_deref() == failing {
        return Ok(());
    }
    match failing {
        Some(why) => connection.execute(
            "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
            [SETTING, why],
        ),
        None => connection.execute("DELETE FROM settings WHERE name = ?1", [SETTING]),
    }
    .map(drop)
}

/// The reason why the last checkpoint of whoever wrote to the ledger failed, if it did.
pub(crate) fn remembered(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([SETTING], |row| row.get(0))
        .optional()
}

/// Gives up to that many free pages back, or with 0 all of them; says how many.
pub(crate) fn free_pages(connection: &Connection, most: i64) -> rusqlite::Result<u64> {
    // Each row is a page that was moved to the end and cut off; a statement that is not stepped
    // to its end frees one only.
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({most})"))?;
    let mut rows = statement.query([])?;
    let mut freed = 0;
    while rows.next()?.is_some() {
        freed += 1;
    }
    Ok(freed)
}
