//! Another name in the place of one, in all that the ledger holds, in one transaction. Rows and rollups know names by
//! numbers only: none of them changes.

use rusqlite::{Connection, params};
use usage_core::{Label, Labels, Record, RecordError, TagSet};

use super::renaming::Renaming;
use super::{ids, notes, texts};
use crate::error::{DamageCode, Damaged, ReadError};
use crate::ledger::contexts::{SESSIONS, TAG_SETS, checksum};
use crate::ledger::name_kind::NameKind;
use crate::ledger::{forgotten, labels};
use crate::write::event_ids;

/// The number of places in the ledger that have a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameUse {
    /// Combinations of names.
    pub label_sets: u64,
    /// Sessions: of that id, or of that instance.
    pub sessions: u64,
    /// Combinations of tags.
    pub tag_sets: u64,
    /// Records that are kept as texts: what was told of events more than once, and what was refused and kept.
    pub texts: u64,
    /// Records whose event id, or its other one, holds the name.
    pub event_ids: u64,
    /// Logs and databases that were imported, whose path holds the name, or of which it is remembered.
    pub sources: u64,
    /// Settings, notes of who did what, and unreadable pieces of journals.
    pub notes: u64,
}

impl NameUse {
    /// Returns whether the ledger has the name nowhere.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns what stands for a name: the first of `(forgotten)`, `(forgotten 2)` and so on that nothing else may be
/// taken for. Users, projects and the like may share it; an instance and a session say whose an event is.
pub(super) fn placeholder(connection: &Connection, kind: NameKind) -> rusqlite::Result<String> {
    let sql = match kind {
        NameKind::Label(Label::Instance) => {
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM label_sets WHERE instance_id = ?1) \
             OR EXISTS (SELECT 1 FROM sessions WHERE instance_id = ?1)"
        }
        NameKind::Session => "SELECT 1 FROM sessions WHERE session_id = ?1",
        _ => return Ok(super::FORGOTTEN.to_owned()),
    };
    let mut is_taken = connection.prepare(sql)?;
    let (mut name, mut number) = (super::FORGOTTEN.to_owned(), 1);
    while is_taken.exists([&name])? {
        number += 1;
        name = format!("(forgotten {number})");
    }
    Ok(name)
}

/// Puts the other name in the place of the one; with `is_dry` only counts where.
pub(super) fn rename(
    connection: &Connection,
    renaming: &Renaming,
    is_dry: bool,
) -> Result<NameUse, ReadError> {
    // The hash of an id is that of its instance, whose name may be the one that goes.
    let event_ids = ids::event_ids(connection, renaming, is_dry)?;
    let found = NameUse {
        event_ids,
        label_sets: label_sets(connection, renaming, is_dry)?,
        sessions: sessions(connection, renaming, is_dry)?,
        tag_sets: tag_sets(connection, renaming, is_dry)?,
        texts: texts::records(connection, renaming, is_dry)?,
        notes: notes::notes(connection, renaming, is_dry)?,
        sources: notes::sources(connection, renaming, is_dry)?,
    };
    if is_dry {
        return Ok(found);
    }
    let is_instance = renaming.kind == NameKind::Label(Label::Instance) && found.label_sets > 0;
    if is_instance || found.texts > 0 {
        // An id is that of an event of its instance. And of what was told of an event the greater name may have been
        // taken, which is another one now.
        event_ids::rebuild(connection)?;
    }
    // Whoever remembers ids is to forget them.
    connection.execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
    if !found.is_none() {
        forgotten::add(connection)?;
    }
    Ok(found)
}

fn label_sets(
    connection: &Connection,
    renaming: &Renaming,
    is_dry: bool,
) -> Result<u64, ReadError> {
    let (sql, _) = labels::select_sets(connection)?;
    let mut changes: Vec<(i64, Labels, String)> = Vec::new();
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let (names, tags) = (labels::names_of(row)?, labels::tags_of(row)?);
        let names = Labels::new(names).ok().filter(|_| labels::is_right(row).unwrap_or(false));
        let (Some(names), Some(tags)) = (names, tags) else {
            return Err(Damaged::names(id).into());
        };
        let other = renaming.labels(&names).map_err(|error| unfit(&error))?;
        let other_tags = renaming.tags(tags.tags()).map_err(|error| unfit(&error))?;
        if other.is_some() || other_tags.is_some() {
            let tags = other_tags.unwrap_or(tags);
            changes.push((id, other.unwrap_or(names), tags_text(&tags)));
        }
    }
    drop(rows);
    for (id, names, tags) in changes.iter().filter(|_| !is_dry) {
        labels::rename(connection, *id, names, tags)?;
    }
    Ok(changes.len() as u64)
}

/// The text of tags as label sets have it: empty where there are none.
fn tags_text(tags: &TagSet) -> String {
    if tags.tags().is_empty() { String::new() } else { tags.tags().to_json() }
}

fn sessions(connection: &Connection, renaming: &Renaming, is_dry: bool) -> rusqlite::Result<u64> {
    let found: Vec<(i64, String, String)> = connection
        .prepare(&format!("SELECT id, instance_id, session_id FROM {SESSIONS} ORDER BY id"))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut update = connection.prepare(
        "UPDATE sessions SET instance_id = ?2, session_id = ?3, checksum = ?4 WHERE id = ?1",
    )?;
    let mut changed = 0;
    for (id, instance, session) in &found {
        let Some(texts) = renaming.session(instance, session) else { continue };
        changed += 1;
        if !is_dry {
            update.execute(params![id, texts[0], texts[1], checksum(*id, &texts)])?;
        }
    }
    Ok(changed)
}

fn tag_sets(connection: &Connection, renaming: &Renaming, is_dry: bool) -> Result<u64, ReadError> {
    if !matches!(renaming.kind, NameKind::Tag(_)) {
        return Ok(0);
    }
    let found: Vec<(i64, String)> = connection
        .prepare(&format!("SELECT id, tags FROM {TAG_SETS} ORDER BY id"))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut is_taken = connection.prepare("SELECT 1 FROM tag_sets WHERE tags = ?1 AND id <> ?2")?;
    let mut update =
        connection.prepare("UPDATE tag_sets SET tags = ?2, checksum = ?3 WHERE id = ?1")?;
    let mut changed = 0;
    for (id, text) in found {
        let tags = TagSet::from_json(&text).map_err(|_| Damaged::entry(TAG_SETS, id))?;
        let Some(tags) = renaming.tags(tags.tags()).map_err(|error| unfit(&error))? else {
            continue;
        };
        changed += 1;
        if is_dry {
            continue;
        }
        let mut text = tags.tags().to_json();
        while is_taken.exists(params![text, id])? {
            labels::apart(&mut text);
        }
        update.execute(params![id, text, checksum(id, &[&text])])?;
    }
    Ok(changed)
}

/// Names that could be those of no record are damage; what stands for a name always fits.
fn unfit(error: &RecordError) -> ReadError {
    ReadError::Damaged(DamageCode::Names, error.to_string())
}

/// Returns a record with the other name; none where it has not the one.
pub(super) fn renamed(renaming: &Renaming, record: &Record) -> Result<Option<Record>, ReadError> {
    renaming.record(record).map_err(|error| unfit(&error))
}
