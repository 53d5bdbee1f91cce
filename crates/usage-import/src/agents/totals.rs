//! Sources that tell only what a session came to: what has grown since the last look is booked.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rusqlite::Connection;
use usage_core::Quality;
use usage_providers::{Counts, Source, made_id};

use super::logged::Logged;
use super::progress::{Progress, hash, put_number, put_text, take_number, take_text};
use super::tables::{columns, open, query, require, text};
use super::tell::By;
use super::told::Told;
use crate::sqlite::{Kind, QueryError};

/// Numbers of a session: input, output, read, written, of unknown kind, reasoning.
type Numbers = [u64; 6];

/// The most of each kind that a session has ever come to, by a hash of the session: what is booked. It is remembered
/// with how far the source is read, in the transaction that stores the records, so that nothing is booked twice.
///
/// What falls, as a session is cut back or a file replaced by an older one, is not booked again until it is above
/// where it was: rather too little than anything twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals(BTreeMap<u64, Numbers>);

impl Totals {
    /// Reads what was remembered; nothing, where there is nothing of use.
    pub(super) fn of(memory: &[u8]) -> Self {
        Self::take(&mut { memory }).unwrap_or_default()
    }

    pub(super) fn memory(&self) -> Vec<u8> {
        let mut memory = Vec::with_capacity(self.0.len() * 20);
        self.put(&mut memory);
        memory
    }

    fn put(&self, to: &mut Vec<u8>) {
        for (session, numbers) in &self.0 {
            to.extend(session.to_be_bytes());
            numbers.iter().for_each(|number| put_number(to, *number));
        }
    }

    /// Takes all that is left.
    fn take(rest: &mut &[u8]) -> Option<Self> {
        let mut totals = BTreeMap::new();
        while let Some((session, behind)) = rest.split_first_chunk() {
            *rest = behind;
            let mut numbers = Numbers::default();
            for number in &mut numbers {
                *number = take_number(rest)?;
            }
            totals.insert(u64::from_be_bytes(*session), numbers);
        }
        rest.is_empty().then_some(Self(totals))
    }

    /// Takes what a session has come to; returns what there is to book, if anything.
    pub(super) fn book<'a>(&mut self, session: &str, logged: Logged<'a>) -> Option<Logged<'a>> {
        let Counts { input, output, cache_read, cache_write, unclassified, reasoning, .. } =
            logged.counts;
        let now = [input, output, cache_read, cache_write, unclassified, reasoning];
        let hashed = hash(session.as_bytes());
        let before = self.0.get(&hashed).copied().unwrap_or_default();
        let (mut most, mut grown) = (before, [0; 6]);
        for (at, now) in now.into_iter().enumerate() {
            grown[at] = now.saturating_sub(before[at]);
            most[at] = before[at].max(now);
        }
        let [input, output, cache_read, cache_write, unclassified, reasoning] = grown;
        let counts = Counts {
            input,
            output,
            cache_read,
            cache_write,
            unclassified,
            reasoning: reasoning.min(output),
            ..Counts::default()
        };
        if counts.total() == 0 {
            return None;
        }
        // Of where it began alone: told again after it has grown on, as what is remembered was lost with a crash, it
        // is the same booking, and the greater one holds.
        let id = made_id([session, &format!("{before:?}")]).into();
        self.0.insert(hashed, most);
        Some(Logged { id, counts, quality: Quality::Estimated, ..logged })
    }
}

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

/// Reads sessions of a database.
pub(super) trait Sessions {
    /// The table that holds them; its column `updated_at` says when one was written.
    const TABLE: &'static str;

    /// Reads a page of sessions behind a row, of those that were written since, in the order of rows.
    fn page(&self, connection: &Connection, after: i64, since: &str) -> Result<Page, QueryError>;
}

/// Books what sessions of a database have come to since it was read last.
pub(super) fn read_totals<S: Sessions>(
    instance: &'static str,
    kind: Kind,
    file: &Path,
    sessions: &S,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<()> {
    let Some(mut database) = open(kind, file, progress, told)? else { return Ok(()) };
    let by = By::of(instance, Source::Totals, file);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn came_to(input: u64, output: u64) -> Logged<'static> {
        let counts = Counts { input, output, ..Counts::default() };
        Logged { session: "s".into(), counts, ..Logged::default() }
    }

    #[test]
    fn what_has_grown_is_booked_once() {
        let mut totals = Totals::default();
        let mut book = |input, output| {
            // As it is remembered between two imports.
            totals = Totals::of(&totals.memory());
            let booked = totals.book("s", came_to(input, output));
            booked.map(|booked| (booked.counts.input, booked.counts.output, booked.quality))
        };
        assert_eq!(book(100, 10), Some((100, 10, Quality::Estimated)));
        assert_eq!(book(100, 10), None);
        assert_eq!(book(150, 30), Some((50, 20, Quality::Estimated)));
        assert_eq!(book(10, 1), None, "cut back");
        assert_eq!(book(150, 31), Some((0, 1, Quality::Estimated)));
    }

    #[test]
    fn each_booking_has_an_id_of_its_own() {
        let mut totals = Totals::default();
        let ids: Vec<_> = [1, 2, 3]
            .into_iter()
            .filter_map(|input| totals.book("s", came_to(input, 0)))
            .map(|it| it.id)
            .collect();
        assert!(ids.len() == 3 && ids[0] != ids[1] && ids[1] != ids[2]);
        let again = Totals::default().book("s", came_to(1, 0)).map(|it| it.id);
        assert_eq!(again.as_ref(), ids.first(), "the same, if it is told to another ledger");
        assert_eq!(Totals::of(b"{broken"), Totals::default());
        let (memory, totals) = (totals.memory(), totals);
        assert_eq!(Totals::of(&memory), totals);
        assert_eq!(Totals::of(&memory[1..]), Totals::default());
    }
}
