//! Telling a ledger from other files, without leaving a trace on what is not ours.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::{DamageCode, Result, SqliteErrorKind, StoreError};
use crate::ledger::file::parts;
use crate::ledger::immutable;
use crate::ledger::migrations::MIGRATIONS;
use crate::ledger::schema::{APPLICATION_ID, SCHEMA_VERSION};

/// The identity that a database that may be opened claims.
pub(crate) enum Identity {
    /// No tables and no marks: nobody's yet.
    Empty,
    /// A ledger of that schema version, not newer than this program.
    Ledger(i32),
}

/// Says what the database is, or refuses it.
///
/// What the file says is not trusted: it may come from a stranger. A view in the place of a table
/// would be computed whenever somebody reads it, and need never come to an end.
pub(crate) fn identify(connection: &Connection, path: &Path) -> Result<Identity> {
    let failed = |source| {
        if SqliteErrorKind::of(&source) == SqliteErrorKind::NotADatabase {
            if is_wreck(path) {
                return wreck(path);
            }
            return StoreError::NotALedger { path: path.to_owned(), what: "no SQLite database" };
        }
        StoreError::sqlite("open the ledger", path, source)
    };
    if let Some(name) = impostor(connection).map_err(failed)? {
        let what = format!("{name} is not the table that it should be");
        return Err(StoreError::Damaged { path: path.to_owned(), code: DamageCode::Table, what });
    }
    let (application_id, version, tables) = marks(connection).map_err(failed)?;
    match (application_id, version, tables) {
        (0, 0, 0) => Ok(Identity::Empty),
        (APPLICATION_ID, 1..=SCHEMA_VERSION, _) => Ok(Identity::Ledger(version)),
        (APPLICATION_ID, ..=0, _) => {
            let what = format!("it has schema version {version}");
            let code = DamageCode::SchemaVersion;
            Err(StoreError::Damaged { path: path.to_owned(), code, what })
        }
        (APPLICATION_ID, found, _) => {
            Err(StoreError::NewerVersion { path: path.to_owned(), found })
        }
        _ if is_wreck(path) => Err(wreck(path)),
        _ => {
            let what = "another program's SQLite database";
            Err(StoreError::NotALedger { path: path.to_owned(), what })
        }
    }
}

fn wreck(path: &Path) -> StoreError {
    let what = "its first page is not what was written".to_owned();
    StoreError::Damaged { path: path.to_owned(), code: DamageCode::File, what }
}

/// Returns whether a file that says it is something else holds the statements that make a ledger: its first page is
/// damaged then.
fn is_wreck(path: &Path) -> bool {
    /// They lie in the first pages.
    const MOST: u64 = 1 << 18;
    const MARKS: [&[u8]; 2] = [b"CREATE TABLE label_sets", b"CREATE TABLE journal_folders ("];
    let mut bytes = Vec::new();
    // To open anything but a file may wait for ever.
    let is_read = path.is_file()
        && File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes)).is_ok();
    let holds = |mark: &&[u8]| bytes.windows(mark.len()).any(|window| window == *mark);
    is_read && MARKS.iter().any(holds)
}

/// Returns the name of an object that is called like one of a ledger's tables and is something
/// else; or a name by which SQLite itself answers what [`marks`] asks. Of another program's
/// database, nothing.
fn impostor(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let marked: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if marked != APPLICATION_ID {
        return Ok(None);
    }
    // The older name: a table could be called by the newer one.
    let mut statement = connection.prepare_cached(
        "SELECT name, type = 'table' AND rootpage > 0 FROM sqlite_master
         WHERE type IN ('table', 'view')",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, is_table): (String, bool) = (row.get(0)?, row.get(1)?);
        let name = name.to_ascii_lowercase();
        if name.starts_with("pragma_") || (!is_table && is_ours(&name)) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Returns whether a version of the schema has a table of that name.
fn is_ours(name: &str) -> bool {
    MIGRATIONS
        .iter()
        .copied()
        .flatten()
        .flat_map(|step| step.split("CREATE TABLE ").skip(1))
        .any(|table| table.split_whitespace().next() == Some(name))
}

/// Application id, schema version and number of tables, all of the same moment: read one after
/// the other, a ledger that is being made would look like somebody else's database.
fn marks(connection: &Connection) -> rusqlite::Result<(i32, i32, i64)> {
    connection.query_row(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// A ledger of an earlier version that nobody has open, read as a file like any other.
pub(crate) struct OlderImmutable {
    pub(crate) connection: Connection,
    pub(crate) version: i32,
}

/// Refuses what is certainly no ledger of ours before SQLite touches anything: opening it for
/// real would leave companion files beside it, or play a journal back into it.
///
/// Returns an older ledger that nobody has open: nothing appears beside it either until it is known what is to
/// become of it. What cannot be read like that is for those who open it.
pub(crate) fn refuse_untouched(path: &Path) -> Result<Option<OlderImmutable>> {
    let file =
        path.metadata().map_err(|source| StoreError::Find { path: path.to_owned(), source })?;
    // SQLite takes a file of one byte for an empty one, and would fill it. To open anything but a
    // file may wait for ever, or do something to a device.
    let what = if !file.is_file() {
        Some(kind_of(&file))
    } else {
        (file.len() == 1).then_some("no SQLite database")
    };
    if let Some(what) = what {
        return Err(StoreError::NotALedger { path: path.to_owned(), what });
    }
    // What belongs beside it is opened with it. One look at each: who closes the ledger last takes them away.
    let is_no_file = |part: &PathBuf| part.metadata().is_ok_and(|found| !found.is_file());
    let [_, beside @ .., _] = parts(path);
    if beside.iter().any(is_no_file) {
        let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        let source = rusqlite::Error::SqliteFailure(error, None);
        return Err(StoreError::sqlite("open the ledger", path, source));
    }
    if immutable::is_current(path) {
        return Ok(None);
    }
    let Some(connection) = immutable::open(path) else { return Ok(None) };
    match identify(&connection, path) {
        Err(error @ (StoreError::NotALedger { .. } | StoreError::NewerVersion { .. })) => {
            Err(error)
        }
        Ok(Identity::Ledger(version)) if version < SCHEMA_VERSION => {
            Ok(Some(OlderImmutable { connection, version }))
        }
        // Damage included: without locks, what another process is just writing looks like it.
        _ => Ok(None),
    }
}

/// Returns the kind of a thing that is no file.
fn kind_of(found: &Metadata) -> &'static str {
    if found.is_dir() {
        return "a folder";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = found.file_type();
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    "no file"
}
