//! The database of opencode, and of what came of it: messages page by page, each once unless it was changed.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Rows, params};
use serde::{Deserialize, Serialize};
use usage_store::file::with_ending;

use super::opencode::{Beside, message};
use super::progress::{Progress, hash};
use super::tables::{Budget, bytes, cell, columns, has, number, open, query, require, text};
use super::tell::By;
use super::told::Told;
use crate::sqlite::{Kind, QueryError};

pub(super) const OPENCODE: Kind =
    Kind { name: "database of opencode", reading: "read the database of opencode" };
pub(super) const KILO: Kind =
    Kind { name: "database of Kilo Code", reading: "read the database of Kilo Code" };

/// So many rows are read at a time.
const PAGE: usize = 2_000;

/// How far a table is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The last row, in the order of insertion.
    row: i64,
    /// A hash of the id of that row: it says whether this is the database that was read.
    id: u64,
    /// From when on rows that were changed have not been seen, in milliseconds.
    changed: i64,
}

/// How far the tables are read, by their place in [`TABLES`].
type Places = [Place; 2];

/// Tables of messages, and whether each row of an answer is one: newer versions write the second one.
const TABLES: [(&str, bool); 2] = [("message", false), ("session_message", true)];

/// Messages that follow each other.
#[derive(Default)]
struct Page {
    rows: Vec<Stored>,
    is_last: bool,
}

impl Page {
    fn of(mut rows: Rows<'_>) -> Result<Self, QueryError> {
        let (mut page, mut budget) = (Self::default(), Budget::of(PAGE));
        while let Some(row) = rows.next()? {
            let stored = stored(row)?;
            let is_full = budget.take(stored.data.len());
            page.rows.push(stored);
            if is_full {
                return Ok(page);
            }
        }
        Ok(Self { is_last: true, ..page })
    }
}

/// A message as it is stored.
struct Stored {
    row: i64,
    id: String,
    session: String,
    folder: String,
    has_parent: bool,
    data: Vec<u8>,
}

/// Returns the log that changes while an agent has the database open.
pub(super) fn beside(path: &Path) -> Option<PathBuf> {
    path.extension().is_some_and(|ending| ending == "db").then(|| with_ending(path, "-wal"))
}

/// Reads what is new.
pub(super) fn read(
    file: &Path,
    by: By,
    kind: Kind,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<()> {
    let Some(mut database) = open(kind, file, progress, told)? else { return Ok(()) };
    let mut places: Places = serde_json::from_slice(&progress.memory).unwrap_or_default();
    for (at, (table, _)) in TABLES.into_iter().enumerate() {
        let before = places[at];
        let look = query(&mut database, progress, told, &mut |it| look(it, table, before))?;
        let Some(look) = look else { return Ok(()) };
        // It has no such table.
        let Some((newest, before)) = look else { continue };
        places[at] = Place { changed: newest, ..before };
        let mut after = i64::MIN;
        loop {
            let page = query(&mut database, progress, told, &mut |it| page(it, at, after, before))?;
            let Some(page) = page else { return Ok(()) };
            tell(&page, at, by, told);
            if let Some(last) = page.rows.last() {
                after = last.row;
                if last.row > places[at].row {
                    (places[at].row, places[at].id) = (last.row, hash(last.id.as_bytes()));
                }
            }
            if page.is_last {
                break;
            }
            if told.is_full() {
                // What was read is read again if it ends here: rows behind it may change meanwhile.
                told.hand_over(progress);
            }
            if told.is_over() {
                return Ok(());
            }
        }
    }
    progress.memory = serde_json::to_vec(&places).unwrap_or_default();
    Ok(())
}

fn tell(page: &Page, at: usize, by: By, told: &mut Told<'_>) {
    for stored in &page.rows {
        let beside = Beside {
            id: &stored.id,
            session: &stored.session,
            folder: &stored.folder,
            has_parent: stored.has_parent,
            is_answer: TABLES[at].1,
        };
        let number = stored.row.unsigned_abs();
        let read = message(&stored.data, &beside, &mut |logged| by.tell(number, &logged, told));
        if let Err(why) = read {
            told.malformed(number, why);
        }
    }
}

/// Returns when the row that was changed last was, and how far this database is read; `None` where there is no such
/// table.
fn look(
    connection: &Connection,
    table: &str,
    before: Place,
) -> Result<Option<(i64, Place)>, QueryError> {
    let found = columns(connection, table)?;
    if found.is_none() && table != TABLES[0].0 {
        return Ok(None);
    }
    let found = require(found, table, &["id", "session_id", "data"])?;
    let last = format!("SELECT id FROM {table} WHERE rowid = ?1");
    let last = connection.query_row(&last, [before.row], |row| text(row, 0)).optional()?;
    let is_same = last.is_some_and(|id| hash(id.as_bytes()) == before.id);
    let before = if is_same { before } else { Place::default() };
    if !has(&found, "time_updated") {
        // All rows are looked at again.
        return Ok(Some((0, Place::default())));
    }
    let newest = format!("SELECT max(time_updated) FROM {table}");
    let newest = connection.query_row(&newest, [], |row| number(row, 0))?;
    Ok(Some((newest, before)))
}

/// Returns a page of rows behind one, of those that were inserted or changed since.
fn page(connection: &Connection, at: usize, after: i64, before: Place) -> Result<Page, QueryError> {
    let found = columns(connection, TABLES[at].0)?.unwrap_or_default();
    let is_new = match has(&found, "time_updated") {
        true => "(m.rowid > ?2 OR m.time_updated >= ?3)",
        false => "?2 = ?2 AND ?3 = ?3",
    };
    let sql = format!(
        "{} AND m.rowid > ?1 AND {is_new} ORDER BY m.rowid LIMIT {PAGE}",
        select(connection, at)?
    );
    let mut statement = connection.prepare(&sql)?;
    Page::of(statement.query(params![after, before.row, before.changed])?)
}

/// Returns the query of answers, to which conditions are added.
fn select(connection: &Connection, at: usize) -> Result<String, QueryError> {
    let (table, has_type) = TABLES[at];
    let messages = columns(connection, table)?.unwrap_or_default();
    let sessions = columns(connection, "session")?.filter(|columns| has(columns, "id"));
    let join =
        if sessions.is_some() { "LEFT JOIN session AS s ON s.id = m.session_id" } else { "" };
    let sessions = sessions.unwrap_or_default();
    let answers = match has_type && has(&messages, "type") {
        true => "m.type = 'assistant'",
        // Most rows are of users, and some of them are long.
        false => "instr(m.data, '\"assistant\"')",
    };
    let folder = cell(&sessions, "s", "directory");
    let parent = if has(&sessions, "parent_id") { "s.parent_id IS NOT NULL" } else { "0" };
    let data = cell(&messages, "m", "data");
    Ok(format!(
        "SELECT m.rowid, m.id, m.session_id, {folder}, {parent}, {data} \
         FROM {table} AS m {join} WHERE {answers}"
    ))
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        row: number(row, 0)?,
        id: text(row, 1)?,
        session: text(row, 2)?,
        folder: text(row, 3)?,
        has_parent: number(row, 4)? != 0,
        data: bytes(row, 5)?,
    })
}
