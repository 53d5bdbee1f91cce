//! Names in settings, in notes of who did what, in pieces of journals, and in what is known of sources.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::places::words;
use super::renaming::{NameKind, Renaming};
use super::words::{blotted, blotted_text, holds, in_words};
use crate::error::ReadError;
use crate::ledger::deleted;
use crate::write::sources;

/// Settings whose names begin so hold names; what comes behind is one too.
const BUDGET: &str = "budget:";
const BUDGET_CROSSED: &str = "budget_crossed:";

/// Room for a number behind it in the 64 bytes of a budget's name.
const LONGEST_NAME: usize = 56;

/// Settings with text for people, or paths.
const TEXTS: [&str; 2] = ["failing_checkpoint", "last_backup"];

/// Rewrites settings and notes, and blots the name out of pieces of journals that nobody can read; returns how many.
pub(super) fn notes(
    connection: &Connection,
    renaming: &Renaming,
    is_dry: bool,
) -> Result<u64, ReadError> {
    let mut changed = settings(connection, renaming, is_dry)?;
    if let NameKind::Label(label) = renaming.kind {
        changed += deleted::rename(connection, label, &renaming.from, &renaming.into, is_dry)?;
    }
    changed += pieces(connection, renaming, is_dry)?;
    for (table, column) in words() {
        let notes: Vec<(i64, String)> = connection
            .prepare(&format!("SELECT rowid, {column} FROM {table}"))?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (id, text) in &notes {
            let Some(text) = in_words(text, &renaming.from, &renaming.into) else { continue };
            changed += 1;
            if !is_dry {
                let sql = format!("UPDATE {table} SET {column} = ?2 WHERE rowid = ?1");
                connection.execute(&sql, params![id, text])?;
            }
        }
    }
    Ok(changed)
}

/// Hides paths of sources that hold the name, and blots it out of what is remembered of them; returns of how many.
pub(super) fn sources(
    connection: &Connection,
    renaming: &Renaming,
    is_dry: bool,
) -> Result<u64, ReadError> {
    let all: Vec<(String, Vec<u8>)> = connection
        .prepare("SELECT name, cursor FROM sources")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut changed = 0;
    for (name, cursor) in all {
        let hidden =
            if holds(&name, &renaming.from) { sources::hidden(connection, &name)? } else { None };
        let blotted = blotted_text(&cursor, &renaming.from);
        if hidden.is_none() && blotted.is_none() {
            continue;
        }
        changed += 1;
        if !is_dry {
            let (to, cursor) = (hidden.as_ref().unwrap_or(&name), blotted.unwrap_or(cursor));
            connection.execute(
                "UPDATE OR REPLACE sources SET name = ?2, cursor = ?3 WHERE name = ?1",
                params![name, to, cursor],
            )?;
        }
    }
    Ok(changed)
}

fn pieces(connection: &Connection, renaming: &Renaming, is_dry: bool) -> rusqlite::Result<u64> {
    let mut changed = 0;
    let pieces: Vec<(i64, Vec<u8>)> = connection
        .prepare("SELECT id, content FROM set_aside WHERE kind = 'journal'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, content) in &pieces {
        let Some(content) = blotted(content, &renaming.from) else { continue };
        changed += 1;
        if !is_dry {
            connection
                .execute("UPDATE set_aside SET content = ?2 WHERE id = ?1", params![id, content])?;
        }
    }
    Ok(changed)
}

fn settings(connection: &Connection, renaming: &Renaming, is_dry: bool) -> rusqlite::Result<u64> {
    let settings: Vec<(String, String)> = connection
        .prepare("SELECT name, value FROM settings")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut change =
        connection.prepare("UPDATE settings SET name = ?2, value = ?3 WHERE name = ?1")?;
    let mut changed = 0;
    for (name, value) in &settings {
        if let Some(budget) = name.strip_prefix(BUDGET) {
            let other = other_name(connection, budget, renaming)?;
            let value = budget_with(value, other.as_deref(), renaming);
            changed += u64::from(value.is_some());
            if let Some(value) = value.filter(|_| !is_dry) {
                let other = other.as_deref().unwrap_or(budget);
                change.execute([name, &format!("{BUDGET}{other}"), &value])?;
                connection.execute(
                    "UPDATE settings SET name = ?1 || ?3 WHERE name = ?1 || ?2",
                    [BUDGET_CROSSED, budget, other],
                )?;
            }
        } else if TEXTS.contains(&name.as_str())
            && let Some(value) = text(value, renaming)
        {
            changed += 1;
            if !is_dry {
                change.execute([name, name, &value])?;
            }
        }
    }
    Ok(changed)
}

/// Returns the name of a budget in which another name stands in the place of the one, and that no other budget has.
fn other_name(
    connection: &Connection,
    name: &str,
    renaming: &Renaming,
) -> rusqlite::Result<Option<String>> {
    let Some(other) = in_words(name, &renaming.from, &renaming.into) else { return Ok(None) };
    // A name must not become too long.
    let other = if other.len() > LONGEST_NAME { renaming.into.clone() } else { other };
    let mut is_taken = connection.prepare("SELECT 1 FROM settings WHERE name = ?1 || ?2")?;
    let (mut free, mut number) = (other.clone(), 1);
    while is_taken.exists([BUDGET, &free])? {
        number += 1;
        free = format!("{other} {number}");
    }
    Ok(Some(free))
}

/// Puts the other name into a budget where its filter keeps the one, and gives it a name; none where neither changes it.
fn budget_with(value: &str, name: Option<&str>, renaming: &Renaming) -> Option<String> {
    let mut json: Value = serde_json::from_str(value).ok()?;
    if let Some(name) = name {
        json["name"] = name.into();
    }
    let kept = match renaming.kind {
        NameKind::Label(label) => json.pointer_mut(&format!("/filter/{}", label.name())),
        NameKind::Tag(key) => {
            json.pointer_mut("/filter/tags").and_then(|tags| tags.get_mut(key.as_str()))
        }
        NameKind::Session => None,
    };
    let mut is_changed = name.is_some();
    for name in kept.and_then(Value::as_array_mut).into_iter().flatten() {
        if name.as_str() == Some(&renaming.from) {
            *name = renaming.into.as_str().into();
            is_changed = true;
        }
    }
    is_changed.then(|| json.to_string())
}

/// Puts the other name into a text, or the texts of a JSON object.
fn text(value: &str, renaming: &Renaming) -> Option<String> {
    let Ok(Value::Object(mut values)) = serde_json::from_str(value) else {
        return in_words(value, &renaming.from, &renaming.into);
    };
    let mut is_changed = false;
    for value in values.values_mut() {
        let other = value.as_str().and_then(|text| in_words(text, &renaming.from, &renaming.into));
        if let Some(other) = other {
            (*value, is_changed) = (other.into(), true);
        }
    }
    is_changed.then(|| Value::Object(values).to_string())
}
