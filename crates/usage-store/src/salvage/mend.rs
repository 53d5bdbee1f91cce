//! Making what was taken a ledger again: rows that say what none can say are brought back from the indexes over them,
//! put right where something beside them is lost, or left out.

use rusqlite::types::Value;
use rusqlite::{Connection, params};
use usage_core::{Label, LabelNames, Labels};

use super::take::Old;
use super::tree::Trees;
use super::{Salvaged, stretch};
use crate::error::{DamageCode, ReadError};
use crate::ledger::books::wrong_books;
use crate::ledger::contexts::{Contexts, SESSIONS, TAG_SETS, checksum, damaged_entries, next_id};
use crate::ledger::labels::{LabelSets, insert_as, is_right, names_of, select_sets};
use crate::ledger::more::More;
use crate::ledger::records::SELECT_RECORDS;
use crate::ledger::retained;
use crate::ledger::terms::{Costs, wrong_terms};
use crate::query::rows::stored_record;
use crate::retention::policy_of;
use crate::rollups::{forget_unreadable, label_sets_of_rollups, mend_frozen, quarter_of};

/// Stands for names that are lost.
const LOST: &str = "(lost)";

/// Mends all of it, inside the transaction that has taken the rows.
pub(super) fn mend(
    connection: &Connection,
    trees: &mut Trees,
    old: &Old,
    salvaged: &mut Salvaged,
) -> Result<(), ReadError> {
    names(connection, trees)?;
    dictionaries(connection, trees)?;
    for book in wrong_books(connection)? {
        connection.execute("DELETE FROM books WHERE id = ?1", [book.id])?;
        salvaged.left_out += 1;
    }
    if let Some(from) = old.rows_from {
        let mut lost = || lost_set(connection, None);
        let gone = mend_frozen(connection, quarter_of(from), &mut lost)?;
        salvaged.lost_sums.extend(gone.into_iter().map(stretch));
    }
    salvaged.lost_sessions = forget_unreadable(connection)?;
    placeholders(connection, salvaged)?;
    records(connection, salvaged)?;
    policy(connection, salvaged)?;
    Ok(())
}

/// Removes names that are not what was stored, and takes those that are lost from the index over them.
fn names(connection: &Connection, trees: &mut Trees) -> Result<(), ReadError> {
    let (sql, _) = select_sets(connection)?;
    let mut wrong = Vec::new();
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let is_set = is_right(row)? && names_of(row).is_ok_and(|names| Labels::new(names).is_ok());
        if !is_set {
            wrong.push(row.get::<_, i64>(0)?);
        }
    }
    drop(rows);
    drop(statement);
    remove(connection, "label_sets", &wrong)?;
    for entry in indexed(trees, "label_sets") {
        let Some((Value::Integer(id), texts)) = entry.split_last() else { continue };
        let Some(texts) = all_texts(texts) else { continue };
        let [names @ .., tags] = texts.as_slice() else { continue };
        if names.len() != Label::COUNT {
            continue;
        }
        let names = Label::ALL
            .into_iter()
            .zip(names)
            .fold(LabelNames::new(), |names, (label, name)| names.with(label, name));
        let is_there = exists(connection, "label_sets", *id)?;
        if let Some(labels) = Labels::new(names).ok().filter(|_| !is_there) {
            ignoring_twins(insert_as(connection, *id, &labels, tags))?;
        }
    }
    Ok(())
}

/// The same with sessions, sets of tags and terms.
fn dictionaries(connection: &Connection, trees: &mut Trees) -> Result<(), ReadError> {
    for table in [SESSIONS, TAG_SETS] {
        let wrong = damaged_entries(connection, table)?;
        remove(connection, table, &wrong)?;
    }
    remove(connection, "terms", &damaged_terms(connection)?)?;
    for (table, sql) in [
        (
            SESSIONS,
            "INSERT OR IGNORE INTO sessions (instance_id, session_id, id, checksum) VALUES (?, ?, ?, ?)",
        ),
        (TAG_SETS, "INSERT OR IGNORE INTO tag_sets (tags, id, checksum) VALUES (?, ?, ?)"),
        (
            "terms",
            "INSERT OR IGNORE INTO terms (prices, unknown, rule, book, since, id, checksum) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        ),
    ] {
        for mut entry in indexed(trees, table) {
            let Some((Value::Integer(id), texts)) = entry.split_last() else { continue };
            let Some(texts) = all_texts(texts) else { continue };
            if exists(connection, table, *id)? {
                continue;
            }
            let checksum = checksum(*id, &texts);
            entry.push(Value::Integer(checksum));
            let mut insert = connection.prepare_cached(sql)?;
            if insert.parameter_count() == entry.len() {
                ignoring_twins(insert.execute(rusqlite::params_from_iter(&entry)))?;
            }
        }
    }
    // What was damaged in the index as well.
    for table in [SESSIONS, TAG_SETS] {
        remove(connection, table, &damaged_entries(connection, table)?)?;
    }
    remove(connection, "terms", &damaged_terms(connection)?)
}

/// Returns the ids of terms that are not those that were stored; those of a newer program stay.
fn damaged_terms(connection: &Connection) -> Result<Vec<i64>, ReadError> {
    let wrong = wrong_terms(connection)?.into_iter();
    Ok(wrong.filter(|(_, code)| *code == DamageCode::Prices).map(|(id, _)| id).collect())
}

/// The entries of the index over what is unique in a table.
fn indexed(trees: &mut Trees, table: &str) -> Vec<Vec<Value>> {
    let mut entries = Vec::new();
    trees.each_row(&format!("sqlite_autoindex_{table}_1"), |row| {
        entries.extend(row.map(|row| row.values));
    });
    entries
}

fn all_texts(values: &[Value]) -> Option<Vec<&str>> {
    values
        .iter()
        .map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
        .collect()
}

fn exists(connection: &Connection, table: &str, id: i64) -> rusqlite::Result<bool> {
    connection.prepare_cached(&format!("SELECT 1 FROM {table} WHERE id = ?1"))?.exists([id])
}

fn remove(connection: &Connection, table: &str, ids: &[i64]) -> Result<(), ReadError> {
    let mut delete = connection.prepare(&format!("DELETE FROM {table} WHERE id = ?1"))?;
    for id in ids {
        delete.execute([id])?;
    }
    Ok(())
}

/// What is there under another id already is not needed.
fn ignoring_twins<T>(result: rusqlite::Result<T>) -> rusqlite::Result<()> {
    match result {
        Err(error)
            if error.sqlite_error_code() != Some(rusqlite::ErrorCode::ConstraintViolation) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Adds a label set for names that are lost, under the id that is named, or one of its own.
fn lost_set(connection: &Connection, id: Option<i64>) -> rusqlite::Result<i64> {
    let model = id.map_or_else(|| LOST.to_owned(), |id| format!("(lost {id})"));
    let names = LabelNames::new().with_instance(LOST).with_route(LOST).with_model(&model);
    let find = "SELECT id FROM label_sets WHERE instance_id = ?1 AND model = ?2";
    let known = connection
        .prepare_cached(find)?
        .query_map([LOST, &model], |row| row.get(0))?
        .next()
        .transpose()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let id = id.map_or_else(|| next_id(connection, "label_sets"), Ok)?;
    if let Ok(labels) = Labels::new(names) {
        insert_as(connection, id, &labels, "")?;
    }
    Ok(id)
}

/// Gives records and sums whose names are lost names that say so.
fn placeholders(connection: &Connection, salvaged: &mut Salvaged) -> Result<(), ReadError> {
    let mut used = label_sets_of_rollups(connection)?;
    let of_records: Vec<i64> = connection
        .prepare("SELECT DISTINCT label_set FROM records")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    used.extend(of_records);
    for id in used {
        // An id of less than 1 was never handed out: the row itself is wrong.
        if id > 0 && !exists(connection, "label_sets", id)? {
            lost_set(connection, Some(id))?;
            salvaged.lost_names += 1;
        }
    }
    Ok(())
}

/// Puts records right that refer to what is lost, and removes those that cannot be records.
fn records(connection: &Connection, salvaged: &mut Salvaged) -> Result<(), ReadError> {
    let wrong = wrong_records(connection)?;
    for (ts, id) in wrong {
        if without_context(connection, ts, id)? {
            salvaged.lost_context += 1;
        } else {
            connection.execute("DELETE FROM records WHERE ts = ?1 AND id = ?2", [ts, id])?;
        }
    }
    for (ts, id) in wrong_records(connection)? {
        connection.execute("DELETE FROM records WHERE ts = ?1 AND id = ?2", [ts, id])?;
    }
    connection.execute(
        "DELETE FROM records WHERE (ts, id) IN (SELECT ts, id FROM \
         (SELECT ts, id, row_number() OVER (PARTITION BY id ORDER BY ts) AS n FROM records) \
         WHERE n > 1)",
        [],
    )?;
    salvaged.lost_context += connection.execute(
        "UPDATE records SET event_id = NULL WHERE (ts, id) IN (SELECT ts, id FROM \
         (SELECT r.ts, r.id, row_number() OVER \
             (PARTITION BY l.instance_id, r.event_id ORDER BY r.id) AS n \
          FROM records AS r JOIN label_sets AS l ON l.id = r.label_set \
          WHERE r.event_id IS NOT NULL) WHERE n > 1)",
        [],
    )? as u64;
    for table in ["tellings", "amendments"] {
        let id = if table == "tellings" { "record" } else { "id" };
        connection.execute(
            &format!(
                "DELETE FROM {table} WHERE NOT EXISTS \
                 (SELECT 1 FROM records AS r WHERE r.ts = {table}.ts AND r.id = {table}.{id})"
            ),
            [],
        )?;
    }
    Ok(())
}

/// The records that cannot be read back as such.
fn wrong_records(connection: &Connection) -> Result<Vec<(i64, i64)>, ReadError> {
    let sets = LabelSets::read(connection)?;
    let mut statement = connection.prepare(&SELECT_RECORDS)?;
    let mut rows = statement.query([])?;
    let (mut contexts, mut costs) = (Contexts::default(), Costs::new(connection));
    let mut wrong = Vec::new();
    while let Some(row) = rows.next()? {
        match stored_record(connection, row, &sets, &mut contexts, &mut costs) {
            Err(error) if error.is_damage() => wrong.push((row.get(0)?, row.get(1)?)),
            result => drop(result?),
        }
    }
    Ok(wrong)
}

/// Takes what refers to other tables out of a record; false where there is nothing of the kind that could be wrong.
fn without_context(connection: &Connection, ts: i64, id: i64) -> Result<bool, ReadError> {
    let (session, more): (Option<i64>, Option<Vec<u8>>) = connection.query_row(
        "SELECT session, more FROM records WHERE ts = ?1 AND id = ?2",
        [ts, id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let decoded = more.as_deref().map_or(Ok(More::NONE), More::decode);
    let Ok(decoded) = decoded else { return Ok(false) };
    if session.is_none() && decoded.terms.is_none() && decoded.tag_set.is_none() {
        return Ok(false);
    }
    let has_session = match session {
        Some(session) => exists(connection, SESSIONS, session)?,
        None => false,
    };
    let keeps = |table: &str, id: Option<i64>| -> rusqlite::Result<Option<i64>> {
        Ok(match id {
            Some(id) if exists(connection, table, id)? => Some(id),
            _ => None,
        })
    };
    let terms = keeps("terms", decoded.terms.map(u64::cast_signed))?.map(i64::cast_unsigned);
    let tag_set = keeps(TAG_SETS, decoded.tag_set)?;
    let mut bytes = Vec::new();
    More { terms, tag_set, ..decoded }.encode(&mut bytes);
    let more = (!bytes.is_empty()).then_some(bytes);
    connection.execute(
        "UPDATE records SET session = ?3, more = ?4 WHERE ts = ?1 AND id = ?2",
        params![ts, id, session.filter(|_| has_session), more],
    )?;
    Ok(true)
}

/// Takes a policy out that makes no sense: things are kept for ever then.
fn policy(connection: &Connection, salvaged: &mut Salvaged) -> Result<(), ReadError> {
    let ages = retained::ages(connection);
    let is_policy = ages.is_ok_and(|ages| policy_of(ages).is_some());
    if !is_policy {
        retained::set_ages(connection, [None, None, None])?;
        salvaged.left_out += 1;
    }
    Ok(())
}
