//! The comparison of a row with a record: everything but its event id, and what only the ledger can tell.

use rusqlite::{Connection, OptionalExtension, Row};
use usage_core::{Label, Record};

use crate::ledger::columns;
use crate::ledger::more::{COLUMNS, More};

/// The columns of a record `r` and its label set `l` that [`says`] reads, in their order.
pub(crate) fn said_columns() -> String {
    let (numbers, names) = (columns::numbers_of("r."), columns::names_of_table("l."));
    format!("r.ts, r.session, r.more, {numbers}, {names}")
}

const SESSION: usize = 1;
/// The place where what else the row says is among them.
pub(crate) const MORE_OF_SAID: usize = 2;
const MORE: usize = MORE_OF_SAID;
const NUMBERS: usize = 3;
const NAMES: usize = NUMBERS + COLUMNS;

/// The place where the instance is among them.
pub(crate) const INSTANCE_OF_SAID: usize = NAMES + Label::Instance as usize;

/// Returns whether a row, whose columns begin with `first`, says the same as a record.
pub(crate) fn says(
    connection: &Connection,
    row: &Row<'_>,
    first: usize,
    record: &Record,
) -> rusqlite::Result<bool> {
    if row.get::<_, i64>(first)? != record.timestamp().as_micros() {
        return Ok(false);
    }
    for (index, number) in record.counts().numbers().iter().take(COLUMNS).enumerate() {
        if row.get::<_, i64>(first + NUMBERS + index)? != i64::from(*number) {
            return Ok(false);
        }
    }
    if columns::names(row, first + NAMES)? != record.labels().names() {
        return Ok(false);
    }
    let more = row.get_ref(first + MORE)?.as_blob_or_null()?;
    let more = more.map_or(Ok(More::NONE), More::decode)?;
    // Which terms it was priced with, and who else has recorded it, no source says.
    let said = More { tag_set: None, terms: None, is_elsewhere: false, ..more };
    if said != (More { is_elsewhere: false, ..More::of(record, None) }) {
        return Ok(false);
    }
    let (context, instance) = (record.context(), record.labels().name(Label::Instance));
    let session: Option<i64> = row.get(first + SESSION)?;
    let session_id = context.session_id();
    let is_in_session = match session {
        None => session_id.is_empty(),
        Some(id) => is_entry(
            connection,
            "SELECT 1 FROM sessions WHERE id = ?1 AND instance_id = ?2 AND session_id = ?3",
            (id, instance, session_id),
        )?,
    };
    if !is_in_session {
        return Ok(false);
    }
    let tags = context.tag_list().to_json();
    match more.tag_set {
        None => Ok(tags.is_empty()),
        Some(id) => {
            is_entry(connection, "SELECT 1 FROM tag_sets WHERE id = ?1 AND tags = ?2", (id, tags))
        }
    }
}

fn is_entry(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<bool> {
    let found = connection.prepare_cached(sql)?.query_row(params, |_| Ok(())).optional()?;
    Ok(found.is_some())
}
