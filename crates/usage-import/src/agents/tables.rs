//! Tables of agents' databases, which their agents may have open.

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use super::progress::Progress;
use super::told::Told;
use crate::error::ImportError;
use crate::sqlite::{Database, Kind, QueryError};

/// For how long a database that an agent has alone is waited for. It is looked at again with the next import.
const PATIENCE: Duration = Duration::from_secs(2);

/// Texts and blobs beyond this stay on disk.
const MAX_CELL: usize = 16 * 1024 * 1024;

/// So many bytes are read at a time, and a cell more.
const MAX_PAGE: usize = 32 * 1024 * 1024;

/// How much of a page is read.
#[derive(Debug)]
pub(super) struct Budget {
    rows: usize,
    bytes: usize,
}

impl Budget {
    /// For so many rows at most.
    pub(super) const fn of(rows: usize) -> Self {
        Self { rows, bytes: MAX_PAGE }
    }

    /// Takes a row of so many bytes; returns whether the page is full.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.rows == 0 || self.bytes == 0
    }
}

/// Opens a database; `None` for what is another program's, which is told. It is read again when it has changed.
pub(super) fn open(
    kind: Kind,
    file: &Path,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<Option<Database>> {
    let found = Database::find(kind, file, None, PATIENCE);
    sort_out(found, progress, told)
}

/// Runs a query in one read transaction; `None` for what is another program's, which is told.
pub(super) fn query<T>(
    database: &mut Database,
    progress: &mut Progress,
    told: &mut Told<'_>,
    query: &mut dyn FnMut(&Connection) -> Result<T, QueryError>,
) -> io::Result<Option<T>> {
    let found = database.read(query);
    sort_out(found, progress, told)
}

/// What may be over the next time is an error; what stays as it is until the file changes is told.
fn sort_out<T>(
    found: Result<T, ImportError>,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<Option<T>> {
    match found {
        Ok(found) => {
            progress.offset = u64::MAX;
            Ok(Some(found))
        }
        Err(ImportError::Io { source, .. }) => Err(source),
        Err(ImportError::NotFound { .. }) => Err(io::Error::from(io::ErrorKind::NotFound)),
        Err(ImportError::NotAnOrigin { kind, what, .. }) => {
            progress.offset = u64::MAX;
            told.malformed(0, format!("not a {kind}: {what}"));
            Ok(None)
        }
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Returns the columns of an ordinary table, in small letters; `None` where there is no such table. Computed columns,
/// which could compute anything, are as good as none.
pub(super) fn columns(
    connection: &Connection,
    table: &str,
) -> Result<Option<Vec<String>>, QueryError> {
    let kind: Option<(String, i64)> = connection
        .query_row(
            "SELECT type, rootpage FROM sqlite_schema WHERE lower(name) = ?1 AND type IN ('table', 'view')",
            [table],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match kind {
        None => return Ok(None),
        Some((kind, rootpage)) if kind == "table" && rootpage != 0 => {}
        // A virtual table would run who knows what.
        Some(_) => {
            return Err(QueryError::NotAnOrigin(format!("its {table} is no ordinary table")));
        }
    }
    let mut statement =
        connection.prepare("SELECT lower(name) FROM pragma_table_xinfo(?1) WHERE hidden = 0")?;
    let columns = statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Some(columns))
}

/// Refuses a table that is not there, or lacks a column.
pub(super) fn require(
    columns: Option<Vec<String>>,
    table: &str,
    names: &[&str],
) -> Result<Vec<String>, QueryError> {
    let Some(columns) = columns else {
        return Err(QueryError::NotAnOrigin(format!("it has no table {table}")));
    };
    match names.iter().find(|name| !has(&columns, name)) {
        Some(name) => {
            Err(QueryError::NotAnOrigin(format!("its table {table} has no column {name}")))
        }
        None => Ok(columns),
    }
}

/// Returns whether a column is there.
pub(super) fn has(columns: &[String], name: &str) -> bool {
    columns.iter().any(|column| column == name)
}

/// Returns the expression of a column that need not be there, `NULL` where it is too long to be read.
pub(super) fn cell(columns: &[String], table: &str, name: &str) -> String {
    match has(columns, name) {
        true => format!("iif(octet_length({table}.{name}) > {MAX_CELL}, NULL, {table}.{name})"),
        false => "NULL".to_owned(),
    }
}

/// Returns what a cell holds, as bytes.
pub(super) fn bytes(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_owned(),
        ValueRef::Integer(number) => number.to_string().into_bytes(),
        ValueRef::Real(_) | ValueRef::Null => Vec::new(),
    })
}

/// Returns what a cell holds, as a text.
pub(super) fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(String::from_utf8_lossy(&bytes(row, at)?).into_owned())
}

/// Returns a number, 0 for what is none.
pub(super) fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<i64> {
    Ok(match row.get_ref(at)? {
        ValueRef::Integer(number) => number,
        _ => 0,
    })
}
