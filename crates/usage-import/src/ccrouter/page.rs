//! Rows of the origin, a page at a time in the order of their ids.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};
use usage_core::{LabelInterner, Record};

use super::cursor::Cursor;
use super::layout::{Layout, TABLE};
use super::row::{MOST_BYTES, OriginRow};
use crate::error::ImportError;
use crate::sqlite::{Database, QueryError};

/// The number of rows that are read and then written at a time: what a writer beside the import
/// waits for, a few hundredths of a second.
const PAGE: usize = 2_000;

/// The label sets that the rows of a run share.
const INTERNED: usize = 16_384;

/// Rows that follow each other in the origin.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<OriginRow>,
    /// The largest id in the origin; there may be none.
    max_id: Option<i64>,
}

impl Page {
    /// At most how many rows come after these.
    pub(super) fn left_at_most(&self) -> u64 {
        match (self.rows.last(), self.max_id) {
            (Some(last), Some(max)) if last.id < max => last.id.abs_diff(max),
            _ => 0,
        }
    }

    /// The records, each with the text of its time, in every way that the page writes it.
    pub(super) fn texts_of<'a>(&'a self, records: &'a [Record]) -> Vec<(&'a str, &'a Record)> {
        let wanted: HashSet<&Record> = records.iter().collect();
        let rows = self.rows.iter();
        rows.filter_map(|row| Some((row.timestamp.as_str(), row.record.as_ref().ok()?)))
            .filter(|(_, record)| wanted.contains(record))
            .collect()
    }

    pub(super) fn is_last(&self) -> bool {
        self.rows.len() < PAGE
    }
}

/// Reads an origin's rows.
pub(super) struct Pages {
    origin: Database,
    labels: LabelInterner,
}

impl Pages {
    pub(super) fn new(origin: Database) -> Self {
        Self { origin, labels: LabelInterner::new(INTERNED) }
    }

    pub(super) const fn origin(&mut self) -> &mut Database {
        &mut self.origin
    }

    /// Returns whether the origin still has the row that the cursor is about.
    pub(super) fn still_has(&mut self, cursor: &Cursor) -> Result<bool, ImportError> {
        let labels = &mut self.labels;
        self.origin.read(&mut |connection| {
            let layout = Layout::of(connection)?;
            let rows = rows(connection, layout, labels, cursor.last_id, 1)?;
            Ok(rows
                .first()
                .is_some_and(|row| (row.id, row.fingerprint) == (cursor.last_id, cursor.last_row)))
        })
    }

    /// The rows from an id on.
    pub(super) fn read(&mut self, from: i64) -> Result<Page, ImportError> {
        let labels = &mut self.labels;
        self.origin.read(&mut |connection| {
            let layout = Layout::of(connection)?;
            let rows = rows(connection, layout, labels, from, PAGE)?;
            let max_id =
                connection
                    .query_row(&format!("SELECT max(id) FROM {TABLE}"), [], |row| row.get(0))?;
            Ok(Page { rows, max_id })
        })
    }

    /// Returns the number of times that each of the records occurs in the origin before an id.
    ///
    /// Found by the text of their times, for which the origin keeps an index. The same instant
    /// written in another way is not counted, which matters only where all five names and both
    /// counts are equal too.
    pub(super) fn occurrences(
        &mut self,
        before: i64,
        texts_of: &[(&str, &Record)],
    ) -> Result<HashMap<Record, u64>, ImportError> {
        let mut found: HashMap<Record, u64> =
            texts_of.iter().map(|(_, record)| ((*record).clone(), 0)).collect();
        let mut texts: Vec<_> = texts_of.iter().map(|(text, _)| format!("\"{text}\"")).collect();
        texts.sort_unstable();
        texts.dedup();
        // These are texts of a known form: no character of theirs means anything in JSON.
        let texts = format!("[{}]", texts.join(","));
        let labels = &mut self.labels;
        self.origin.read(&mut |connection| {
            let layout = Layout::of(connection)?;
            found.values_mut().for_each(|count| *count = 0);
            // The plus keeps SQLite from searching by id, which would be all rows before.
            let mut statement = connection.prepare(&format!(
                "SELECT {} FROM {TABLE} WHERE +id < ?1 \
                 AND timestamp IN (SELECT value FROM json_each(?2))",
                layout.expressions(MOST_BYTES)
            ))?;
            let mut rows = statement.query(params![before, texts])?;
            while let Some(row) = rows.next()? {
                if let Ok(record) = OriginRow::read(row, labels)?.record
                    && let Some(count) = found.get_mut(&record)
                {
                    *count += 1;
                }
            }
            Ok(())
        })?;
        Ok(found)
    }
}

fn rows(
    connection: &Connection,
    layout: Layout,
    labels: &mut LabelInterner,
    from: i64,
    most: usize,
) -> Result<Vec<OriginRow>, QueryError> {
    let mut statement = connection.prepare(&format!(
        "SELECT {} FROM {TABLE} WHERE id >= ?1 ORDER BY id LIMIT ?2",
        layout.expressions(MOST_BYTES)
    ))?;
    let mut found = statement.query(params![from, i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut rows: Vec<OriginRow> = Vec::new();
    while let Some(row) = found.next()? {
        let row = OriginRow::read(row, labels)?;
        // In a damaged file ids can stand in any order; an import must get on nevertheless.
        if row.id < from || rows.last().is_some_and(|last| row.id <= last.id) {
            let what = "its rows are not in the order of their ids: it is damaged";
            return Err(QueryError::NotAnOrigin(what.to_owned()));
        }
        rows.push(row);
    }
    Ok(rows)
}
