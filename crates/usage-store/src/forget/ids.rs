//! Event ids that hold the name: what stands in their place is found by the same hash.

use rusqlite::{Connection, params};
use usage_core::stats::Summary;
use usage_core::{EventId, Label, Record};

use super::renaming::Renaming;
use super::words::holds;
use crate::error::ReadError;
use crate::ledger::columns::hash_of_row;
use crate::ledger::more::More;
use crate::ledger::retained;
use crate::rollups::Delta;
use crate::write::event_ids::ForgottenIds;

/// A row, and the ids that it is to have.
struct Change {
    ts: i64,
    id: i64,
    event_id: String,
    more: Option<Vec<u8>>,
}

/// Puts what stands for them in the place of ids; returns of how many records. Before the names of instances change.
pub(super) fn event_ids(
    connection: &Connection,
    renaming: &Renaming,
    is_dry: bool,
) -> Result<u64, ReadError> {
    let ids = ForgottenIds::begin(connection)?;
    let rows_from = retained::rows_from(connection)?.unwrap_or(i64::MIN);
    let mut select = connection.prepare(
        "SELECT r.ts, r.id, r.event_id, r.more, r.label_set, r.session, l.instance_id \
         FROM records AS r LEFT JOIN label_sets AS l ON l.id = r.label_set \
         WHERE r.event_id IS NOT NULL \
         AND (instr(r.event_id, ?1) > 0 OR instr(r.more, CAST(?1 AS BLOB)) > 0)",
    )?;
    let mut rows = select.query([&renaming.from])?;
    let (mut changes, mut delta) = (Vec::new(), Delta::default());
    while let Some(row) = rows.next()? {
        let (ts, id, event_id): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let Some(instance) = row.get::<_, Option<String>>(6)? else { continue };
        let (label_set, session): (i64, Option<i64>) = (row.get(4)?, row.get(5)?);
        let bytes: Option<Vec<u8>> = row.get(3)?;
        let stand_in =
            |id: &str| holds(id, &renaming.from).then(|| ids.stand_in(instance.as_bytes(), id));
        let more = bytes.as_deref().map_or(Ok(More::NONE), More::decode);
        let more = more.map_err(rusqlite::Error::from)?;
        let alias = more.alias.and_then(stand_in);
        let other = stand_in(&event_id);
        if alias.is_none() && other.is_none() {
            continue;
        }
        let more = match &alias {
            Some(alias) => {
                let mut encoded = Vec::new();
                More { alias: Some(alias), ..more }.encode(&mut encoded);
                Some(encoded)
            }
            None => None,
        };
        if let Some(more) = more.as_deref().filter(|_| ts >= rows_from) {
            let of_row = |more| hash_of_row(ts, id, label_set, session, more);
            let hash = of_row(Some(more)).wrapping_sub(of_row(bytes.as_deref()));
            delta.record(ts, (label_set, None), hash, &Summary::default());
        }
        changes.push(Change { ts, id, event_id: other.unwrap_or(event_id), more: more.or(bytes) });
    }
    drop(rows);
    if !is_dry && !changes.is_empty() {
        let mut update = connection
            .prepare("UPDATE records SET event_id = ?3, more = ?4 WHERE ts = ?1 AND id = ?2")?;
        for Change { ts, id, event_id, more } in &changes {
            update.execute(params![ts, id, event_id, more])?;
        }
        delta.count_in(connection)?;
        ids.note()?;
    }
    Ok(changes.len() as u64)
}

/// Returns a record with what stands for those of its ids that hold the name; none where none does.
pub(super) fn hidden(
    ids: &ForgottenIds<'_>,
    renaming: &Renaming,
    record: &Record,
) -> Option<Record> {
    let instance = record.labels().name(Label::Instance).as_bytes();
    let stand_in = |id: &EventId| {
        let hidden = holds(id.as_str(), &renaming.from);
        // It is no longer than an id may be.
        hidden.then(|| EventId::new(ids.stand_in(instance, id.as_str())).ok()).flatten()
    };
    let (event, alias) =
        (record.event_id().and_then(stand_in), record.alias_id().and_then(stand_in));
    if event.is_none() && alias.is_none() {
        return None;
    }
    let mut other = record.clone();
    if let Some(event) = event {
        other = other.with_event_id(event);
    }
    if let Some(alias) = alias {
        other = other.with_alias_id(alias);
    }
    Some(other)
}
