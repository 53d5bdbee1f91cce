//! The checks of everything beside the records themselves.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use usage_core::Labels;

use super::advice::Remedy;
use super::check::{Check, MAX_FINDINGS, Place, message};
use super::content::Content;
use super::depth::Depth;
use super::walk::Walk;
use crate::error::{DamageCode, ReadError};
use crate::ledger::books::wrong_books;
use crate::ledger::contexts::{SESSIONS, TAG_SETS, damaged_entries};
use crate::ledger::labels::{is_right, names_of, select_sets};
use crate::ledger::migrations::{
    FIRST_WITH_EVENT_IDS, FIRST_WITH_PRICES, FIRST_WITH_SESSIONS, FIRST_WITH_SOURCES, MIGRATIONS,
};
use crate::ledger::schema::{NEWEST, SCHEMA_VERSION, views};
use crate::ledger::terms::wrong_terms;

/// A check that damage has stopped has found something.
pub(super) fn or_damage(
    checked: Result<Check, ReadError>,
    name: &'static str,
) -> Result<Check, ReadError> {
    match checked {
        Err(error) if error.is_damage() => {
            let mut check = Check::new(name);
            check.add(Place::Database, message(&error), Remedy::Restore);
            Ok(check)
        }
        result => result,
    }
}

/// Checks whether SQLite finds its own structures, the types of the columns and the indexes in order.
pub(super) fn database(connection: &Connection, depth: Depth) -> Result<Check, ReadError> {
    or_damage(integrity(connection, depth), "database")
}

fn integrity(connection: &Connection, depth: Depth) -> Result<Check, ReadError> {
    let mut check = Check::new("database");
    let pragma = match depth {
        Depth::Full | Depth::Usual => "integrity_check",
        Depth::Quick => "quick_check",
    };
    let most = MAX_FINDINGS + 1;
    let mut statement = connection.prepare(&format!("PRAGMA {pragma}({most})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        // A heading, where there is one, is a line of its own in the first text.
        for line in text.lines().filter(|line| *line != "ok" && !line.starts_with("***")) {
            let of_index = line.contains(" missing from index ")
                || line.starts_with("wrong # of entries in index");
            let remedy = if of_index { Remedy::Reindex } else { Remedy::Restore };
            check.add(Place::Database, line, remedy);
        }
    }
    Ok(check)
}

/// Checks whether every table, index and view is there, and is as this program makes it. What
/// somebody has added is left alone.
pub(super) fn tables(connection: &Connection, version: i32) -> Result<Check, ReadError> {
    let (expected, found) = (expected(version)?, objects(connection)?);
    let mut check = Check::new("tables");
    for (object @ (kind, name), sql) in expected.iter() {
        let place = || Place::Table(format!("{kind} {name}"));
        match found.get(object) {
            None => {
                // Tables hold something; the others are made from them.
                let remedy = match kind.as_str() {
                    "table" => Remedy::Restore,
                    _ => Remedy::MakeAgain(sql.clone()),
                };
                check.add(place(), "it is missing", remedy);
            }
            // A view holds nothing, and every version makes it anew.
            Some(found) if found != sql && kind != "view" => {
                let what = format!("it is not what schema version {version} makes");
                check.add(place(), what, Remedy::Restore);
            }
            Some(_) => {}
        }
    }
    Ok(check)
}

/// Kind and name of everything in the schema, with the statement that made it, on one line.
type Objects = BTreeMap<(String, String), String>;

fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    let mut statement = connection
        .prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'")?;
    let objects = statement.query_map([], |row| {
        let sql: String = row.get(2)?;
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(((row.get(0)?, row.get(1)?), sql))
    })?;
    objects.collect()
}

/// Returns the objects of a new ledger of a version: they are made once for each version.
fn expected(version: i32) -> rusqlite::Result<Arc<Objects>> {
    static MADE: Mutex<BTreeMap<i32, Arc<Objects>>> = Mutex::new(BTreeMap::new());
    let mut all = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = all.get(&version) {
        return Ok(Arc::clone(made));
    }
    let made = Arc::new(make(version)?);
    all.insert(version, Arc::clone(&made));
    Ok(made)
}

fn make(version: i32) -> rusqlite::Result<Objects> {
    let fresh = Connection::open_in_memory()?;
    if version == SCHEMA_VERSION {
        fresh.execute_batch(NEWEST)?;
    } else {
        let steps = usize::try_from(version).unwrap_or(0);
        for step in MIGRATIONS.iter().take(steps).copied().flatten() {
            fresh.execute_batch(step)?;
        }
    }
    fresh.execute_batch(&views())?;
    objects(&fresh)
}

/// Checks whether the ledger has its one row about the whole, and the next id is one that no record has.
pub(super) fn counters(
    connection: &Connection,
    version: i32,
    walk: &Walk,
) -> Result<Check, ReadError> {
    let mut check = Check::new("counters");
    let row = connection
        .query_row(
            "SELECT length(ledger_id), next_record_id, label_generation FROM ledger",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((id_bytes, next_id, generation)): Option<(i64, i64, i64)> = row else {
        check.add(Place::Ledger, "its only row is missing", Remedy::Restore);
        return Ok(check);
    };
    if id_bytes != 16 {
        let what = format!("ledger_id has {id_bytes} bytes instead of 16");
        check.add(Place::Ledger, what, Remedy::Restore);
    }
    if version >= FIRST_WITH_EVENT_IDS {
        let key_bytes: Option<i64> =
            connection
                .query_row("SELECT length(event_id_key) FROM ledger", [], |row| row.get(0))?;
        if key_bytes != Some(16) {
            let what = format!("event_id_key has {} bytes instead of 16", key_bytes.unwrap_or(0));
            check.add(Place::Ledger, what, Remedy::Restore);
        }
    }
    if generation < 1 {
        let what = format!("label_generation is {generation}");
        check.add(Place::Ledger, what, Remedy::Restore);
    }
    let largest = walk.largest_id.unwrap_or(0);
    if next_id <= largest {
        let what = format!("next_record_id is {next_id}, a record has the id {largest}");
        let remedy = largest.checked_add(1).map_or(Remedy::Restore, Remedy::SetNextRecordId);
        check.add(Place::Ledger, what, remedy);
    }
    texts(connection, version, &mut check)?;
    Ok(check)
}

/// The columns with text, other than names and event ids, and the versions that have them.
const TEXTS: [(RangeInclusive<i32>, &str, &str); 8] = [
    (2..=FIRST_WITH_SOURCES - 1, "imports", "source"),
    (3..=i32::MAX, "set_aside", "reason"),
    (4..=i32::MAX, "retention", "rows_age"),
    (4..=i32::MAX, "retention", "sums_age"),
    (FIRST_WITH_SESSIONS..=i32::MAX, "retention", "sessions_age"),
    (5..=i32::MAX, "settings", "name"),
    (5..=i32::MAX, "settings", "value"),
    (FIRST_WITH_SOURCES..=i32::MAX, "sources", "name"),
];

/// Checks whether text is text: SQLite takes any bytes for it.
fn texts(connection: &Connection, version: i32, check: &mut Check) -> Result<(), ReadError> {
    for (_, table, column) in TEXTS.iter().filter(|(versions, ..)| versions.contains(&version)) {
        let mut statement = connection.prepare(&format!("SELECT {column} FROM {table}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(0)?.as_bytes_or_null().map_err(rusqlite::Error::from)?;
            if text.is_some_and(|text| str::from_utf8(text).is_err()) {
                let place = Place::Table(format!("table {table}"));
                check.add(place, format!("{column} is not UTF-8"), Remedy::Restore);
            }
        }
    }
    Ok(())
}

/// Checks whether each combination of names, each session and each set of tags is one that a record can have, and the
/// one that was stored.
pub(super) fn names(connection: &Connection, version: i32) -> Result<Check, ReadError> {
    let mut check = Check::new("names");
    let (sql, checked) = select_sets(connection)?;
    let mut statement = connection.prepare(&format!("{sql} ORDER BY id"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let damage = match names_of(row) {
            Ok(names) => match Labels::new(names) {
                Err(error) => Some(error.to_string()),
                Ok(_) if checked && !is_right(row)? => {
                    Some("they are not the names that were stored".to_owned())
                }
                Ok(_) => None,
            },
            Err(error) => Some(error.to_string()),
        };
        if let Some(what) = damage {
            check.add(Place::LabelSet(id), what, Remedy::Restore);
        }
    }
    if version >= FIRST_WITH_SESSIONS {
        for table in [SESSIONS, TAG_SETS] {
            for id in damaged_entries(connection, table)? {
                let place = Place::Table(format!("table {table}"));
                check.add(place, format!("{id} is not what was stored"), Remedy::Restore);
            }
        }
    }
    Ok(check)
}

/// Checks whether the books of prices in force, and the terms that records were priced by, are what was stored.
pub(super) fn prices(connection: &Connection, version: i32) -> Result<Check, ReadError> {
    let mut check = Check::new("prices");
    if version < FIRST_WITH_PRICES {
        return Ok(check);
    }
    let place = |table: &str| Place::Table(format!("table {table}"));
    for book in wrong_books(connection)? {
        let what = format!("{} ({}) is not what was put in", book.id, book.book.name);
        // The user's own comes from a file; others from the next program that writes.
        check.add(place("books"), what, Remedy::PutBookAgain);
    }
    for (id, code) in wrong_terms(connection)? {
        let (what, remedy) = match code {
            DamageCode::PricesNewer => {
                ("says what only a newer version of this program can read", Remedy::Update)
            }
            _ => ("is not what was stored", Remedy::PriceAgain),
        };
        check.add(place("terms"), format!("{id} {what}"), remedy);
    }
    Ok(check)
}

/// Checks whether the state that is remembered of imports can be true.
pub(super) fn imports(content: Option<&Content>) -> Result<Check, ReadError> {
    let Some(content) = content else { return Ok(Check::skipped("imports")) };
    let mut check = Check::new("imports");
    for import in &content.imports {
        for (name, count) in [
            ("imported", import.imported),
            ("already_there", import.already_there),
            ("refused", import.refused),
        ] {
            if count < 0 {
                let place = Place::Import(import.source.clone());
                check.add(place, format!("{name} is {count}"), Remedy::ForgetImport);
            }
        }
    }
    Ok(check)
}
