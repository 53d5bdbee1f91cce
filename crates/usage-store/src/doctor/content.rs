//! The content of a ledger, in numbers.

use std::collections::HashMap;

use rusqlite::Connection;
use serde::Serialize;
use usage_core::{Label, Timestamp};

use super::quarantine::{QuarantineContents, text};
use super::walk::Walk;
use crate::error::ReadError;
use crate::ledger::labels::LabelSets;
use crate::ledger::migrations::{FIRST_WITH_PIECES, FIRST_WITH_SOURCES};
use crate::rollups::folded_by_month;

/// About what is in a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Content {
    /// The number of records.
    pub records: u64,
    /// The time of the oldest.
    pub oldest: Option<Timestamp>,
    /// The time of the newest.
    pub newest: Option<Timestamp>,
    /// The number of combinations of names.
    pub label_sets: u64,
    /// The number of them that no record has any more.
    pub unused_label_sets: u64,
    /// The number of combinations of names that are counted under `(other)` in rollups, as a month had too many. Those of
    /// several months count several times.
    pub folded_label_sets: u64,
    /// The records by each of their names.
    pub dimensions: Vec<Dimension>,
    /// The imports that are remembered.
    pub imports: Vec<Import>,
}

/// The records by one of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Dimension {
    /// The name of a label, such as `model`.
    pub name: &'static str,
    /// The number of different names.
    pub distinct: u64,
    /// Those with the most records, most first. An empty profile counts as
    /// `default`, as in reports.
    pub top: Vec<NameCount>,
}

/// The number of records that have a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NameCount {
    /// The name.
    pub name: String,
    /// The number of records that have it.
    pub records: u64,
}

/// The place up to which an origin has been imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Import {
    /// The thing that was imported.
    pub source: String,
    /// The number of its rows that became records.
    pub imported: i64,
    /// The number of rows that were in the ledger already, those included that told more of what was.
    pub already_there: i64,
    /// The number of rows that could not be read.
    pub refused: i64,
}

/// The number of names of a dimension that are shown.
const TOP: usize = 5;

/// `None` where not all of it can be read, which the checks have found.
pub(super) fn read(
    connection: &Connection,
    version: i32,
    walk: &Walk,
) -> Result<Option<Content>, ReadError> {
    if !walk.is_complete {
        return Ok(None);
    }
    match counted(connection, version, walk) {
        Err(error) if error.is_damage() => Ok(None),
        result => result.map(Some),
    }
}

/// Nothing where it cannot be read, which the checks have found.
pub(super) fn quarantine(
    connection: &Connection,
    version: i32,
) -> Result<QuarantineContents, ReadError> {
    if version < 3 {
        return Ok(QuarantineContents::default());
    }
    match QuarantineContents::read(connection, version) {
        Err(error) if error.is_damage() => Ok(QuarantineContents::default()),
        result => result,
    }
}

fn counted(connection: &Connection, version: i32, walk: &Walk) -> Result<Content, ReadError> {
    let sets = LabelSets::read(connection)?;
    let mut statement = connection.prepare("SELECT id FROM label_sets")?;
    let ids: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let unused = ids.iter().filter(|id| !walk.by_label_set.contains_key(id)).count();
    Ok(Content {
        records: walk.count,
        oldest: walk.oldest,
        newest: walk.newest,
        label_sets: ids.len() as u64,
        unused_label_sets: unused as u64,
        folded_label_sets: folded(connection, version)?,
        dimensions: Label::ALL.map(|label| dimension(label, &sets, walk)).into(),
        imports: if version < 2 { Vec::new() } else { imports(connection, version)? },
    })
}

fn folded(connection: &Connection, version: i32) -> rusqlite::Result<u64> {
    if version < FIRST_WITH_PIECES {
        return Ok(0);
    }
    Ok(folded_by_month(connection)?.values().map(|folded| folded.label_sets).sum())
}

fn dimension(label: Label, sets: &LabelSets, walk: &Walk) -> Dimension {
    let mut counts = HashMap::<&str, u64>::new();
    for (id, count) in &walk.by_label_set {
        // Records without names are among the findings.
        if let Some(labels) = sets.get(*id) {
            *counts.entry(label.reported(labels.name(label))).or_default() += count;
        }
    }
    let distinct = counts.len() as u64;
    let mut top: Vec<_> = counts.into_iter().collect();
    top.sort_unstable_by(|(a, left), (b, right)| right.cmp(left).then(a.cmp(b)));
    top.truncate(TOP);
    let top = top.into_iter();
    let top = top.map(|(name, records)| NameCount { name: name.to_owned(), records }).collect();
    Dimension { name: label.name(), distinct, top }
}

fn imports(connection: &Connection, version: i32) -> Result<Vec<Import>, ReadError> {
    let sql = if version < FIRST_WITH_SOURCES {
        "SELECT source, unhex(printf('%016x%016x%016x%016x', imported, already_there, refused, 0)) \
         FROM imports ORDER BY source"
    } else {
        "SELECT substr(name, 10), counts FROM sources WHERE name GLOB 'ccrouter:*' ORDER BY name"
    };
    let mut statement = connection.prepare(sql)?;
    let imports = statement.query_map([], |row| {
        let counts = row.get_ref(1)?.as_blob()?;
        // What is no count looks as if it were one that cannot be.
        let number = |at: usize| -> i64 {
            counts
                .get(at * 8..at * 8 + 8)
                .and_then(|bytes| bytes.try_into().ok())
                .map_or(-1, i64::from_be_bytes)
        };
        let source = text(row.get_ref(0)?)?;
        // A number that cannot be stays one.
        let already_there = match [number(1), number(3)] {
            numbers if numbers.iter().any(|number| *number < 0) => -1,
            numbers => numbers.into_iter().fold(0, i64::saturating_add),
        };
        Ok(Import { source, imported: number(0), already_there, refused: number(2) })
    })?;
    Ok(imports.collect::<Result<_, _>>()?)
}
