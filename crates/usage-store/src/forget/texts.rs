//! Names in what the ledger keeps as text: record lines, settings, notes, and pieces of journals.

use rusqlite::{Connection, params};
use serde_json::Value;
use usage_core::record::line;
use usage_core::{LabelInterner, Timestamp};

use super::names::renamed;
use super::renaming::Renaming;
use crate::error::ReadError;

/// Hardly ever more names than these in the lines that are kept.
const NAMES: usize = 1_024;

/// Rewrites what was told of events, and what was refused and kept; returns how many lines that were.
pub(super) fn records(
    connection: &Connection,
    renaming: &Renaming,
    is_dry: bool,
) -> Result<u64, ReadError> {
    let mut interner = LabelInterner::new(NAMES);
    let mut other = |content: &[u8]| -> Result<Option<Vec<u8>>, ReadError> {
        match line::parse(content, Timestamp::MIN_RECORD, &mut interner) {
            Ok(record) => {
                Ok(renamed(renaming, &record)?.map(|record| line::write(&record).into_bytes()))
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

/// Rewrites settings and notes, and blots the name out of pieces of journals that nobody can read; returns how many.
pub(super) fn notes(
    connection: &Connection,
    renaming: &Renaming,
    is_dry: bool,
) -> Result<u64, ReadError> {
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
    let settings: Vec<(String, String)> = connection
        .prepare("SELECT name, value FROM settings")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, value) in &settings {
        let Ok(mut json) = serde_json::from_str::<Value>(value) else { continue };
        if !in_json(&mut json, renaming) {
            continue;
        }
        changed += 1;
        if !is_dry {
            connection.execute(
                "UPDATE settings SET value = ?2 WHERE name = ?1",
                [name, &json.to_string()],
            )?;
        }
    }
    for column in ["what", "by"] {
        let notes: Vec<(i64, String)> = connection
            .prepare(&format!("SELECT id, {column} FROM repricings"))?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (id, text) in &notes {
            let Some(text) = in_words(text, &renaming.from, &renaming.into) else { continue };
            changed += 1;
            if !is_dry {
                let sql = format!("UPDATE repricings SET {column} = ?2 WHERE id = ?1");
                connection.execute(&sql, params![id, text])?;
            }
        }
    }
    Ok(changed)
}

/// Puts the other name in the place of each text that is the name.
fn in_json(value: &mut Value, renaming: &Renaming) -> bool {
    match value {
        Value::String(text) if *text == renaming.from => {
            text.clone_from(&renaming.into);
            true
        }
        Value::Array(values) => {
            values.iter_mut().fold(false, |is, value| in_json(value, renaming) | is)
        }
        Value::Object(values) => {
            values.values_mut().fold(false, |is, value| in_json(value, renaming) | is)
        }
        _ => false,
    }
}

/// Puts another name in the place of one where it is not a part of a word; none where it is nowhere.
fn in_words(text: &str, from: &str, into: &str) -> Option<String> {
    let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    let (mut other, mut done) = (String::new(), 0);
    for (at, _) in text.match_indices(from) {
        let end = at + from.len();
        if !is_word(text[..at].chars().next_back()) && !is_word(text[end..].chars().next()) {
            other.push_str(&text[done..at]);
            other.push_str(into);
            done = end;
        }
    }
    (done > 0).then(|| other + &text[done..])
}

/// Writes crosses over a name; none where the bytes do not hold it.
fn blotted(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
    let name = name.as_bytes();
    let (mut other, mut at, mut is_there) = (bytes.to_vec(), 0, false);
    while let Some(piece) = other.get_mut(at..at + name.len()) {
        if piece == name {
            piece.fill(b'x');
            is_there = true;
        }
        at += 1;
    }
    is_there.then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_parts_of_words() {
        let into = |text| in_words(text, "anna", "(forgotten)");
        assert_eq!(into("anna@host").as_deref(), Some("(forgotten)@host"));
        assert_eq!(into("by anna, anna").as_deref(), Some("by (forgotten), (forgotten)"));
        assert_eq!(into("susanna annas"), None);
    }

    #[test]
    fn bytes_are_blotted_wherever_they_are() {
        assert_eq!(blotted(b"\xffanna\x00anna", "anna").unwrap(), b"\xffxxxx\x00xxxx");
        assert_eq!(blotted(b"ann", "anna"), None);
    }
}
