//! The dictionaries of sessions and of sets of tags: in a small id, and back.

use rusqlite::{Connection, OptionalExtension, Params, params};
use rustc_hash::FxHashMap;
use usage_core::{Context, TagSet};

use crate::error::{DamageCode, Damaged, ReadError};

/// The tables of both.
pub(crate) const SESSIONS: &str = "sessions";
pub(crate) const TAG_SETS: &str = "tag_sets";

/// Returns the id that no entry of a table has ever had.
pub(crate) fn next_id(connection: &Connection, table: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "SELECT 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0)",
        )?
        .query_row([table], |row| row.get(0))
}

/// Returns what tells whether an entry is the one that was stored: 32 bits of its id and its texts.
pub(crate) fn checksum(id: i64, texts: &[&str]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&id.to_le_bytes());
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

/// Finds the id of a session of an instance, or adds it.
pub(crate) fn session_of(
    connection: &Connection,
    instance: &str,
    session_id: &str,
) -> rusqlite::Result<i64> {
    let find = "SELECT id, checksum FROM sessions WHERE instance_id = ?1 AND session_id = ?2";
    let texts = [instance, session_id];
    if let Some(id) = found(connection, SESSIONS, find, texts, &texts)? {
        return Ok(id);
    }
    let id = next_id(connection, SESSIONS)?;
    connection
        .prepare_cached(
            "INSERT INTO sessions (id, instance_id, session_id, checksum) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![id, instance, session_id, checksum(id, &texts)])?;
    Ok(id)
}

/// Finds the id of a set of tags, as its JSON, or adds it.
pub(crate) fn tag_set_of(connection: &Connection, tags: &str) -> rusqlite::Result<i64> {
    let find = "SELECT id, checksum FROM tag_sets WHERE tags = ?1";
    if let Some(id) = found(connection, TAG_SETS, find, [tags], &[tags])? {
        return Ok(id);
    }
    let id = next_id(connection, TAG_SETS)?;
    connection
        .prepare_cached("INSERT INTO tag_sets (id, tags, checksum) VALUES (?1, ?2, ?3)")?
        .execute(params![id, tags, checksum(id, &[tags])])?;
    Ok(id)
}

/// The texts were found in an index: a damaged one may lead to others.
fn found(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
    texts: &[&str],
) -> rusqlite::Result<Option<i64>> {
    let found = connection
        .prepare_cached(sql)?
        .query_row(params, |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    match found {
        Some((id, sum)) if sum != checksum(id, texts) => Err(Damaged::entry(table, id).into()),
        found => Ok(found.map(|(id, _)| id)),
    }
}

/// Beyond this many, those that were read are forgotten.
const MOST: usize = 65_536;

/// The sessions and tags of rows that are read, as they are needed.
#[derive(Debug, Default)]
pub(crate) struct Contexts {
    known: FxHashMap<[Option<i64>; 2], (Context, String)>,
}

impl Contexts {
    /// Returns the session and tags of a row of an instance.
    pub(crate) fn get(
        &mut self,
        connection: &Connection,
        [session, tag_set]: [Option<i64>; 2],
        instance: &str,
        whose: impl Fn() -> String,
    ) -> Result<Context, ReadError> {
        if session.is_none() && tag_set.is_none() {
            return Ok(Context::NONE);
        }
        if self.known.len() > MOST {
            self.known.clear();
        }
        let (context, of) = match self.known.entry([session, tag_set]) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let read = read(connection, session, tag_set, &whose)?;
                new.insert(read)
            }
        };
        if session.is_some() && of != instance {
            let what = format!("{} is in a session of another instance", whose());
            return Err(ReadError::Damaged(DamageCode::Names, what));
        }
        Ok(context.clone())
    }
}

fn read(
    connection: &Connection,
    session: Option<i64>,
    tag_set: Option<i64>,
    whose: impl Fn() -> String,
) -> Result<(Context, String), ReadError> {
    let missing = |what: &str, id: i64| {
        ReadError::Damaged(
            DamageCode::Names,
            format!("{} has {what} ({id}) that are missing or cannot be used", whose()),
        )
    };
    let (mut instance, mut session_id, mut tags) = <(String, String, String)>::default();
    if let Some(id) = session {
        let sql = "SELECT instance_id, session_id, checksum FROM sessions WHERE id = ?1";
        [instance, session_id] =
            entry(connection, sql, id)?.ok_or_else(|| missing("names of a session", id))?;
    }
    if let Some(id) = tag_set {
        let sql = "SELECT tags, checksum FROM tag_sets WHERE id = ?1";
        [tags] = entry(connection, sql, id)?.ok_or_else(|| missing("tags", id))?;
    }
    let tags = TagSet::from_json(&tags).ok();
    let context = tags.and_then(|tags| Context::of(&session_id, tags).ok());
    let id = tag_set.or(session).unwrap_or_default();
    Ok((context.ok_or_else(|| missing("tags", id))?, instance))
}

/// The texts of an entry; none where it is missing, or is not what was stored.
fn entry<const N: usize>(
    connection: &Connection,
    sql: &str,
    id: i64,
) -> rusqlite::Result<Option<[String; N]>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut texts = [""; N];
    for (column, text) in texts.iter_mut().enumerate() {
        let Ok(found) = row.get_ref(column)?.as_str() else { return Ok(None) };
        *text = found;
    }
    let is_right = row.get::<_, i64>(N)? == checksum(id, &texts);
    Ok(is_right.then(|| texts.map(str::to_owned)))
}

/// Returns the ids of the entries of a dictionary that are not what was stored, or could be of no record.
pub(crate) fn damaged_entries(
    connection: &Connection,
    table: &'static str,
) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare(&format!("SELECT id FROM {table} ORDER BY id"))?;
    let mut rows = statement.query([])?;
    let mut damaged = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let ids = if table == SESSIONS { (Some(id), None) } else { (None, Some(id)) };
        match read(connection, ids.0, ids.1, String::new) {
            Err(ReadError::Damaged(..)) => damaged.push(id),
            Err(ReadError::Sqlite(error)) => return Err(error),
            _ => {}
        }
    }
    Ok(damaged)
}
