//! Reading a row back as the record that it is.

use std::sync::LazyLock;

use rusqlite::{Connection, Row};
use usage_core::{EventId, Label, Labels, Record, RecordError, Timestamp};

use crate::error::{DamageCode, ReadError};
use crate::ledger::columns::{self, NUMBERS};
use crate::ledger::contexts::Contexts;
use crate::ledger::more::COLUMNS;

/// Selects what [`record_of`] reads, in a ledger of this version.
pub(crate) static SELECT_RECORDS: LazyLock<String> =
    LazyLock::new(|| select_records(&format!("{}, session, more", *NUMBERS)));

/// Selects what [`record_of`] reads, with these columns of numbers, session and what else there is.
pub(crate) fn select_records(numbers: &str) -> String {
    format!("SELECT ts, id, label_set, event_id, {numbers} FROM records")
}

const SESSION: usize = 4 + COLUMNS;

/// Reads a row whose names are known, and the terms that it was priced by.
pub(crate) fn record_of(
    connection: &Connection,
    row: &Row<'_>,
    labels: &Labels,
    contexts: &mut Contexts,
) -> Result<(Record, Option<u64>), ReadError> {
    let id: i64 = row.get(1)?;
    let whose = || format!("record {id}");
    let invalid = |error: RecordError| {
        let what = format!("{} has content that no record may have: {error}", whose());
        ReadError::Damaged(DamageCode::Record, what)
    };
    let at = Timestamp::from_micros(row.get(0)?);
    let (counts, more) = columns::counts(row, (4, SESSION + 1), at, whose)?;
    let mut record = Record::of(labels.clone(), counts);
    if let Some(event_id) = row.get::<_, Option<String>>(3)? {
        record = record.with_event_id(EventId::new(event_id).map_err(invalid)?);
    }
    if let Some(alias) = more.alias {
        record = record.with_alias_id(EventId::new(alias).map_err(invalid)?);
    }
    let ids = [row.get(SESSION)?, more.tag_set];
    let instance = labels.name(Label::Instance);
    let record = record.with_context(contexts.get(connection, ids, instance, whose)?);
    Ok((record, more.terms))
}

/// Returns the session of a row, and what is packed in it.
pub(crate) fn packed<'r>(row: &'r Row<'_>) -> rusqlite::Result<(Option<i64>, Option<&'r [u8]>)> {
    Ok((row.get(SESSION)?, row.get_ref(SESSION + 1)?.as_blob_or_null()?))
}
