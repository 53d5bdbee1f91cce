//! A write-ahead log that belongs to another file than the ledger that it lies beside.
//!
//! SQLite cannot tell: it reads the pages of any log that is whole in itself in place of the file's. So a log that was
//! left where a copy was put would hide the copy, and be written into it.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use usage_core::sink::LedgerId;

use crate::error::{DamageCode, Result, StoreError};
use crate::ledger::connect::distrust;
use crate::ledger::file::{bytes, uri, write_ahead_log};
use crate::ledger::transaction::ledger_id;

/// The size of a log without a frame.
const HEADER: u64 = 32;

/// Refuses a ledger whose log says what no log of it can say: that it is another ledger, or of another epoch, as each
/// copy has one of its own; or that counters which only ever grow have gone back. The connection must not have changed
/// anything.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<()> {
    let log = write_ahead_log(path);
    if !cfg!(unix) || bytes(&log) <= HEADER {
        return Ok(());
    }
    // Twice, as a checkpoint may be writing the pages that are read.
    if is_foreign(connection, path) && is_foreign(connection, path) {
        let what = format!("{} is the write-ahead log of another file", log.display());
        let code = DamageCode::ForeignLog;
        return Err(StoreError::Damaged { path: path.to_owned(), code, what });
    }
    Ok(())
}

fn is_foreign(connection: &Connection, path: &Path) -> bool {
    // The file first: the log is ahead of it.
    let Some(file) = of_file(path) else { return false };
    let log = match read(connection) {
        Ok(log) => log,
        // Its pages are whole, so they do not belong together with those of the file, which make sense alone.
        Err(error) => return error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt),
    };
    // A migration that is in the log alone has given the first epoch.
    let epochs = file.epoch.zip(log.epoch);
    let is_another = file.id != log.id || epochs.is_some_and(|(file, log)| file != log);
    is_another || file.counters.iter().zip(log.counters).any(|(file, log)| *file > log)
}

/// By which a log of another file is noticed.
struct Marks {
    id: Option<LedgerId>,
    /// Nothing before version 5.
    epoch: Option<Vec<u8>>,
    /// The next record's id, the generation of names, and SQLite's count of changes to the schema.
    counters: [i64; 3],
}

/// Reads the file alone, as if there were no log.
fn of_file(path: &Path) -> Option<Marks> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(path, "immutable=1"), flags).ok()?;
    distrust(&connection).ok()?;
    read(&connection).ok()
}

fn read(connection: &Connection) -> rusqlite::Result<Marks> {
    let id = ledger_id(connection)?;
    let sql = "SELECT next_record_id, label_generation FROM ledger";
    let (next, generation) = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // Before version 5 there is none.
    let epoch = connection.query_row("SELECT epoch FROM ledger", [], |row| row.get(0));
    let schema = connection.pragma_query_value(None, "schema_version", |row| row.get(0))?;
    Ok(Marks { id, epoch: epoch.unwrap_or(None), counters: [next, generation, schema] })
}
