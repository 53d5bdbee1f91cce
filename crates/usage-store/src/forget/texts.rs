//! Names in records that the ledger keeps as lines: what was told of an event more than once, and what was refused.

use rusqlite::{Connection, params};
use usage_core::record::line;
use usage_core::{LabelInterner, Timestamp};

use super::ids::hidden;
use super::names::renamed;
use super::renaming::Renaming;
use super::words::blotted;
use crate::error::ReadError;
use crate::write::event_ids::ForgottenIds;

/// Hardly ever more names than these in the lines that are kept.
const NAMES: usize = 1_024;

/// Rewrites what was told of events, and what was refused and kept; returns how many lines that were.
pub(super) fn records(
    connection: &Connection,
    renaming: &Renaming,
    is_dry: bool,
) -> Result<u64, ReadError> {
    let ids = ForgottenIds::begin(connection)?;
    let mut interner = LabelInterner::new(NAMES);
    let mut other = |content: &[u8]| -> Result<Option<Vec<u8>>, ReadError> {
        match line::parse(content, Timestamp::MIN_RECORD, &mut interner) {
            Ok(record) => {
                // By the instance that it has.
                let hidden = hidden(&ids, renaming, &record);
                let other = renamed(renaming, hidden.as_ref().unwrap_or(&record))?.or(hidden);
                Ok(other.map(|record| line::write(&record).into_bytes()))
            }
            Err(_) => Ok(blotted(content, &renaming.from)),
        }
    };
    let mut changed = 0;
    let mut told = Vec::new();
    let mut select = connection.prepare("SELECT ts, record, number, content FROM tellings")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(content) = other(row.get_ref(3)?.as_bytes().unwrap_or_default())? {
            let key: [i64; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
            told.push((key, String::from_utf8_lossy(&content).into_owned()));
        }
    }
    drop(rows);
    changed += told.len() as u64;
    for ([ts, record, number], content) in told.iter().filter(|_| !is_dry) {
        connection
            .prepare_cached(
                "UPDATE tellings SET content = ?4 WHERE ts = ?1 AND record = ?2 AND number = ?3",
            )?
            .execute(params![ts, record, number, content])?;
    }
    let mut kept: Vec<(i64, Vec<u8>)> = Vec::new();
    let mut select =
        connection.prepare("SELECT id, content FROM set_aside WHERE kind = 'record'")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(content) = other(row.get_ref(1)?.as_bytes().unwrap_or_default())? {
            kept.push((row.get(0)?, content));
        }
    }
    drop(rows);
    changed += kept.len() as u64;
    for (id, content) in kept.iter().filter(|_| !is_dry) {
        // Triggers count their bytes when one comes and goes.
        let reason: String = connection
            .prepare_cached("DELETE FROM set_aside WHERE id = ?1 RETURNING reason")?
            .query_row([id], |row| row.get(0))?;
        connection
            .prepare_cached(
                "INSERT INTO set_aside (id, kind, content, reason, records) \
                 VALUES (?1, 'record', ?2, ?3, 1)",
            )?
            .execute(params![id, content, reason])?;
    }
    Ok(changed)
}
