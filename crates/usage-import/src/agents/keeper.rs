//! Agents that keep what their sessions have come to in a database: what has grown since the last look is booked.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use usage_providers::Source;

use super::agent::Agent;
use super::logged::Logged;
use super::opencode_db::beside;
use super::places::Places;
use super::progress::{Progress, hash, put_number, put_text, take_number, take_text};
use super::tables::{columns, open, query, require, text};
use super::tell::By;
use super::told::Told;
use super::totals::Totals;
use crate::sqlite::{Kind, QueryError};

/// What sessions of a page have come to.
#[derive(Default)]
pub(super) struct Page {
    sessions: Vec<Session>,
    is_last: bool,
}

/// A session of a page.
struct Session {
    row: i64,
    /// What tells it from others, of whatever database.
    key: String,
    logged: Result<Option<Logged<'static>>, String>,
}

impl Page {
    /// Returns the page as the last one, or not.
    pub(super) fn with_last(self, is_last: bool) -> Self {
        Self { is_last, ..self }
    }

    /// Adds a session of a row, with what tells it from others.
    pub(super) fn add(
        &mut self,
        row: i64,
        key: String,
        logged: Result<Option<Logged<'static>>, String>,
    ) {
        self.sessions.push(Session { row, key, logged });
    }
}

/// What is remembered of the databases of an agent: wherever one has moved to, its sessions are those that they were.
#[derive(Default)]
struct Memory {
    /// When the session of a database that was changed last had been written when it was read, in the words of the
    /// database, by a hash of its path.
    changed: BTreeMap<u64, String>,
    totals: Totals,
}

impl Memory {
    fn of(memory: &[u8]) -> Option<Self> {
        let rest = &mut { memory };
        let mut changed = BTreeMap::new();
        for _ in 0..take_number(rest)? {
            changed.insert(take_number(rest)?, take_text(rest)?.to_owned());
        }
        Some(Self { changed, totals: Totals::take(rest)? })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut to = Vec::new();
        put_number(&mut to, self.changed.len() as u64);
        for (place, time) in &self.changed {
            put_number(&mut to, *place);
            put_text(&mut to, time);
        }
        self.totals.put(&mut to);
        to
    }
}

/// An agent that keeps its sessions, with what each has come to, in a database.
pub(super) trait Sessions: Send + Sync {
    const NAME: &'static str;
    const TITLE: &'static str;
    const KIND: Kind;
    /// The name of the database's file.
    const FILE: &'static str;
    /// The table that holds the sessions; its column `updated_at` says when one was written.
    const TABLE: &'static str;

    /// Returns where the database may be.
    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf>;

    /// Reads a page of sessions behind a row, of those that were written since, in the order of rows.
    fn page(&self, connection: &Connection, after: i64, since: &str) -> Result<Page, QueryError>;
}

/// Reads the sessions of an agent.
pub(super) struct Keeper<S>(pub(super) S);

impl<S: Sessions> Agent for Keeper<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn title(&self) -> &'static str {
        S::TITLE
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        self.0.roots(places)
    }

    fn takes(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == S::FILE)
    }

    fn beside(&self, path: &Path) -> Option<PathBuf> {
        beside(path)
    }

    /// All databases are one log, since one may move.
    fn key(&self, _path: &Path) -> u64 {
        hash(S::NAME.as_bytes())
    }

    fn tells_totals(&self) -> bool {
        true
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        read(&self.0, file, progress, told)
    }
}

/// Books what sessions of a database have come to since it was read last.
fn read<S: Sessions>(
    sessions: &S,
    file: &Path,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<()> {
    let Some(mut database) = open(S::KIND, file, progress, told)? else { return Ok(()) };
    let by = By::of(S::NAME, Source::Totals, file);
    let mut memory = Memory::of(&progress.memory).unwrap_or_default();
    let place = hash(database.path().as_os_str().as_encoded_bytes());
    let since = memory.changed.get(&place).cloned().unwrap_or_default();
    // Those of the last moment are read again the next time: it may not be over.
    let newest = query(&mut database, progress, told, &mut |it| newest(it, S::TABLE))?;
    let Some(newest) = newest else { return Ok(()) };
    let mut after = i64::MIN;
    loop {
        let found =
            query(&mut database, progress, told, &mut |it| sessions.page(it, after, &since))?;
        let Some(found) = found else { return Ok(()) };
        for Session { row, key, logged } in found.sessions {
            let number = row.unsigned_abs();
            match logged {
                Ok(logged) => {
                    let growth = logged.and_then(|logged| memory.totals.book(&key, logged));
                    if let Some(growth) = growth {
                        by.tell_growth(number, &growth, told);
                    }
                }
                Err(why) => told.malformed(number, why),
            }
            after = row;
        }
        if told.is_over() {
            return Ok(());
        }
        if found.is_last {
            break;
        }
        if told.is_full() {
            // Without what is to be remembered, which may be long: see the ids of bookings.
            told.hand_over(progress);
        }
    }
    memory.changed.insert(place, newest);
    progress.memory = memory.to_bytes();
    Ok(())
}

/// Returns when the session that was changed last was written.
fn newest(connection: &Connection, table: &str) -> Result<String, QueryError> {
    require(columns(connection, table)?, table, &["id", "updated_at"])?;
    let sql = format!("SELECT max(CAST(updated_at AS TEXT)) FROM {table}");
    Ok(connection.query_row(&sql, [], |row| text(row, 0))?)
}
