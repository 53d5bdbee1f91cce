//! The check that the rollups are what the records come to, and agree with each other.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension};
use usage_core::Timestamp;

use super::advice::Remedy;
use super::check::{Check, Place};
use super::depth::Depth;
use crate::error::ReadError;
use crate::ledger::labels::LabelSets;
use crate::ledger::migrations::{FIRST_WITH_PIECES, FIRST_WITH_ROLLUPS, FIRST_WITH_SESSIONS};
use crate::ledger::retained;
use crate::rollups::{
    Folds, Level, Rollup, RollupError, SessionFault, all_torn, each_session_fault, from_finer,
    from_rows, numbers, quarter_of, read, rows_hash, unreadable_of_version_4,
};

/// The time before the newest record for which rollups are compared, where not all are: what people
/// look at first, and what a program that keeps them wrongly would have written.
const RECENT: i64 = 40 * 24 * 60 * 60 * 1_000_000;

/// At most so many records are added up then, so that it takes about a second in any ledger.
const RECENT_RECORDS: i64 = 1_000_000;

/// So many records may have the time of a wrong clock and not hide from when on the others are recent.
const STRAYS: i64 = 20;

/// Compares all rollups, or the recent ones. Whether all belong together is checked in either case.
pub(super) fn rollups(
    connection: &Connection,
    version: i32,
    depth: Depth,
) -> Result<Check, ReadError> {
    let mut check = Check::new("sums");
    if version < FIRST_WITH_ROLLUPS {
        return Ok(check);
    }
    if version < FIRST_WITH_PIECES {
        // What else could be wrong shows when they are brought along.
        for (level, number) in unreadable_of_version_4(connection)? {
            check.add(Place::Rollups(stretch(level, number)), CANNOT_BE_READ, Remedy::Rebuild);
        }
        return Ok(check);
    }
    let rows_from = retained::rows_from(connection)?.unwrap_or(i64::MIN);
    let from = match depth {
        Depth::Full => i64::MIN,
        Depth::Usual | Depth::Quick => recent(connection)?,
    };
    // Without rows there is nothing to compare the finest rollups with.
    let rows = from.max(rows_from);
    let mut level = Comparing { connection, check: &mut check, level: Level::Quarter, rows_from };
    level.with_rows(rows)?;
    level.without_rows(from)?;
    for coarser in Level::MADE {
        level.level = coarser;
        level.with_finer(from)?;
    }
    level.belonging_together()?;
    Ok(check)
}

/// Compares what sessions come to with the records, all of them or the recent ones, and with their days.
pub(super) fn sessions(
    connection: &Connection,
    version: i32,
    depth: Depth,
) -> Result<Check, ReadError> {
    let mut check = Check::new("sessions");
    if version < FIRST_WITH_SESSIONS {
        return Ok(check);
    }
    let from = match depth {
        Depth::Full => i64::MIN,
        Depth::Usual | Depth::Quick => recent(connection)?,
    };
    each_session_fault(connection, from, |session, fault| {
        let on = |day| stretch(Level::Day, day);
        let (what, remedy) = match fault {
            SessionFault::Unreadable { day, has_rows: true } => {
                (format!("those of {} cannot be read", on(day)), Remedy::Rebuild)
            }
            SessionFault::Unreadable { day, has_rows: false } => (
                format!("those of {} cannot be read, and their records were deleted", on(day)),
                Remedy::Restore,
            ),
            SessionFault::Rows { day } => {
                (format!("those of {} do not agree with the records", on(day)), Remedy::Rebuild)
            }
            SessionFault::Totals => {
                ("its own do not agree with those of its days".to_owned(), Remedy::Rebuild)
            }
            SessionFault::Missing => {
                ("they are there, and its name is missing".to_owned(), Remedy::Restore)
            }
        };
        check.add(Place::Session(session), what, remedy);
    })?;
    Ok(check)
}

const CANNOT_BE_READ: &str = "they cannot be read";

/// The instant from which rollups count as recent, at the beginning of a quarter of an hour.
fn recent(connection: &Connection) -> Result<i64, ReadError> {
    let behind = |count: i64| -> rusqlite::Result<Option<i64>> {
        connection
            .prepare_cached("SELECT ts FROM records ORDER BY ts DESC, id DESC LIMIT 1 OFFSET ?1")?
            .query_row([count], |row| row.get(0))
            .optional()
    };
    // Where there are so few, all of them are looked at.
    let newest = behind(STRAYS)?.unwrap_or(i64::MIN);
    let last = behind(RECENT_RECORDS)?;
    // The quarter in which the last of so many is would be added up in part only.
    let last = last.map_or(i64::MIN, |last| Level::Quarter.start_of(quarter_of(last) + 1));
    let from = newest.saturating_sub(RECENT).max(last);
    Ok(Level::Quarter.start_of(quarter_of(from)))
}

struct Comparing<'a> {
    connection: &'a Connection,
    check: &'a mut Check,
    level: Level,
    rows_from: i64,
}

impl Comparing<'_> {
    fn with_rows(&mut self, from: i64) -> Result<(), ReadError> {
        let mut seen = Vec::new();
        let folds = Folds::known(self.connection)?;
        from_rows(self.connection, from, folds, |number, rollup, hash| {
            seen.push(number);
            match rollup {
                Ok(rollup) if self.compare(number, &rollup)? => self.compare_rows(number, hash),
                Ok(_) => Ok(()),
                // The check of the records names it.
                Err(_) => self.readable(number).map(drop),
            }
        })?;
        self.others(quarter_of(from), &seen)
    }

    /// Checks what can be known of quarters of an hour whose records were deleted.
    fn without_rows(&mut self, from: i64) -> Result<(), ReadError> {
        let sets = LabelSets::read(self.connection)?;
        for number in numbers(self.connection, Level::Quarter, quarter_of(from))? {
            if Level::Quarter.start_of(number) >= self.rows_from {
                break;
            }
            let ControlFlow::Continue(rollup) = self.readable(number)? else { continue };
            let unknown = rollup.iter().find(|(label_set, _)| sets.get(*label_set).is_none());
            if let Some((label_set, _)) = unknown {
                let what = format!("their names ({label_set}) are missing or cannot be used");
                self.add(number, &what, Remedy::Restore);
            }
        }
        Ok(())
    }

    /// Compares with what the finer rollups come to. Where these cannot be read, that has been found.
    fn with_finer(&mut self, from: i64) -> Result<(), ReadError> {
        let (level, mut seen) = (self.level, Vec::new());
        let first = level.around(from);
        from_finer(self.connection, level, first, |number, rollup| {
            seen.push(number);
            match rollup {
                Ok(rollup) => self.compare(number, &rollup).map(drop),
                Err(_) => self.readable(number).map(drop),
            }
        })?;
        self.others(first, &seen)
    }

    /// Says whether they agree.
    fn compare(&mut self, number: i64, expected: &Rollup) -> Result<bool, ReadError> {
        let ControlFlow::Continue(found) = self.readable(number)? else { return Ok(false) };
        if found != *expected {
            let of = match self.level {
                Level::Quarter => "the records",
                Level::All => "those by name",
                Level::Day => "those of its quarters of an hour",
                Level::Month => "those of its days",
            };
            let what = if found.is_empty() {
                format!("they are missing, {of} are there")
            } else {
                format!("they do not agree with {of}")
            };
            self.add(number, &what, Remedy::Rebuild);
        }
        Ok(found == *expected)
    }

    /// Compares what no total tells: the times, ids and names of the records of a quarter of an hour.
    fn compare_rows(&mut self, number: i64, hash: u32) -> Result<(), ReadError> {
        match rows_hash(self.connection, number) {
            Ok(Some(found)) if found != hash => {
                let what = "the times, ids or names of its records are not those that were stored";
                self.add(number, what, Remedy::Rebuild);
            }
            // It is found with the series of all names.
            Err(error) if RollupError::of(&error).is_none() => return Err(error.into()),
            _ => {}
        }
        Ok(())
    }

    /// Checks whether all that were ever written are there. What is wrong with a rollup itself has been said, and most
    /// often makes this wrong too.
    fn belonging_together(&mut self) -> Result<(), ReadError> {
        let torn = all_torn(self.connection)?;
        if !self.check.findings.is_empty() {
            return Ok(());
        }
        for (level, number) in torn.stretches {
            self.level = level;
            let what = "what they are made of, or they themselves, are not those that were written";
            self.add(number, what, Remedy::Rebuild);
        }
        if let Some(error) = torn.root {
            let place = Place::Rollups("all months".to_owned());
            let what = match error {
                RollupError::Newer => "they were written by a newer version of this program",
                _ => "what tells whether all of them are there cannot be read",
            };
            self.check.add(place, what, Remedy::Rebuild);
        }
        Ok(())
    }

    /// Rollups of which nothing is known that they could be made of.
    fn others(&mut self, from: i64, seen: &[i64]) -> Result<(), ReadError> {
        for number in numbers(self.connection, self.level, from)? {
            if seen.binary_search(&number).is_err()
                && let ControlFlow::Continue(_) = self.readable(number)?
            {
                self.add(number, "they are there without what they are made of", Remedy::Rebuild);
            }
        }
        Ok(())
    }

    fn readable(&mut self, number: i64) -> Result<ControlFlow<(), Rollup>, ReadError> {
        match read(self.connection, self.level, number) {
            Err(error) if RollupError::is_unreadable(&error) => {
                let is_lost = self.level == Level::Quarter
                    && Level::Quarter.start_of(number) < self.rows_from;
                if is_lost {
                    let what = "they cannot be read, and their records were deleted";
                    self.add(number, what, Remedy::Restore);
                } else {
                    self.add(number, CANNOT_BE_READ, Remedy::Rebuild);
                }
                Ok(ControlFlow::Break(()))
            }
            result => Ok(ControlFlow::Continue(result?)),
        }
    }

    fn add(&mut self, number: i64, what: &str, remedy: Remedy) {
        self.check.add(Place::Rollups(stretch(self.level, number)), what, remedy);
    }
}

/// A stretch of time as a person calls it; in UTC, as all of them are.
fn stretch(level: Level, number: i64) -> String {
    let start = Timestamp::from_micros(level.start_of(number));
    let Some(start) = start.to_utc() else {
        return format!("{} {number}", level.table());
    };
    match level {
        Level::Quarter => start.format("the quarter of an hour from %Y-%m-%dT%H:%MZ").to_string(),
        Level::All => {
            start.format("all names in the quarter of an hour from %Y-%m-%dT%H:%MZ").to_string()
        }
        Level::Day => start.format("the day %Y-%m-%d (UTC)").to_string(),
        Level::Month => start.format("the month %Y-%m (UTC)").to_string(),
    }
}
