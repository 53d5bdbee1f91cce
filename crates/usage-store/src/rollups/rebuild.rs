//! Making the rollups again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rusqlite::Connection;
use usage_core::stats::Summary;
use usage_core::{TimeRange, Timestamp};

use super::all::{self, OfAll};
use super::fold::forget_unused;
use super::folds::Folds;
use super::piece::{Place, Seals};
use super::root::Root;
use super::seals::{Seal, root_of, torn};
use super::sessions;
use super::table::{Pieces, later_pieces, read_piece};
use super::unused::remove_unused;
use super::{
    Level, Rollup, RollupError, from_finer, from_rows, numbers, quarter_of, read, stretch,
};
use crate::error::ReadError;
use crate::ledger::retained;

/// The result of making the rollups again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// The number of records that were added up.
    pub records: u64,
    /// The number of quarters of an hour that they are in.
    pub quarters: u64,
    /// The number of quarters of an hour that were kept as they are: their records were deleted.
    pub kept: u64,
    /// The number of rollups, of quarters, days and months, that were not what they have to be and are now.
    pub changed: u64,
    /// In how many places the known event ids, or what was told of events, did not agree with the records. They do
    /// now: what was told and is wrong is forgotten.
    pub event_ids: u64,
    /// The number of rollups of sessions, by day and of all their days, that were not what they have to be and are now.
    pub session_rollups: u64,
    /// Quarters of an hour whose records were deleted and whose rollups cannot be read, and days of which
    /// such quarters are missing: nobody can say any more what they came to under which names. They are
    /// as they were, and so are the days and months that hold them.
    pub lost: Vec<TimeRange>,
    /// The number of records whose terms were missing or damaged, so that nobody could say any more what they had cost:
    /// they are not priced yet now.
    pub unpriced: u64,
    /// The number of combinations of names removed that neither records nor rollups used any more. None where something is
    /// lost.
    pub names_removed: u64,
    /// The number of sessions removed that no record was in any more. None where something is lost.
    pub sessions_removed: u64,
    /// The number of sets of tags removed that no record had any more. None where something is lost.
    pub tag_sets_removed: u64,
}

const EVERYTHING: Range<i64> = i64::MIN..i64::MAX;

/// Makes all rollups again from the rows there are, inside the caller's transaction. Rollups whose rows
/// are gone for good stay as they are, and what is derived from these is derived from them again.
pub(crate) fn rebuild(connection: &Connection) -> Result<Rebuilt, ReadError> {
    let from = retained::rows_from(connection)?;
    let first = from.map_or(i64::MIN, quarter_of);
    let mut rebuilt = Rebuilt::default();
    let mut unreadable = BTreeSet::new();
    for number in numbers(connection, Level::Quarter, i64::MIN)? {
        if number >= first {
            break;
        }
        rebuilt.kept += 1;
        match read(connection, Level::Quarter, number) {
            Err(error) if RollupError::is_unreadable(&error) => {
                rebuilt.lost.push(stretch_of(Level::Quarter, number));
                unreadable.insert(Level::Day.of_finer(number));
            }
            result => drop(result?),
        }
    }
    let robbed = robbed(connection, first, &unreadable)?;
    rebuilt.lost.extend(robbed.iter().map(|day| stretch_of(Level::Day, *day)));

    let (seen, buffer, hashes) = (vec![], vec![], BTreeMap::new());
    let mut rebuild = Rebuild { connection, level: Level::Quarter, seen, buffer, hashes };
    let changed = &mut rebuilt.changed;
    let folds = Folds::deciding(connection, first)?;
    from_rows(connection, from.unwrap_or(i64::MIN), folds, |number, rollup, hash| {
        let rollup = rollup?;
        rebuilt.records += rollup.iter().map(|(_, totals)| totals.requests).sum::<u64>();
        rebuilt.quarters += 1;
        *changed += rebuild.put(number, &rollup, Seals::default())?;
        rebuild.hashes.insert(number, hash);
        Ok(())
    })?;
    *changed += rebuild.delete_others(first, |_| false)?;
    for level in Level::MADE {
        rebuild.level = level;
        let checksums = FinerChecksums::read(connection, level)?;
        from_finer(connection, level, i64::MIN, |number, rollup| {
            let seals = checksums.of(number);
            match rollup {
                Ok(_) if level == Level::Day && robbed.contains(&number) => {}
                Ok(rollup) => {
                    *changed += rebuild.put(number, &rollup, seals)?;
                    return Ok(());
                }
                // What holds something that is lost may know more than what it is derived from.
                Err(ReadError::Sqlite(error)) if RollupError::is_unreadable(&error) => {}
                Err(error) => return Err(error),
            }
            rebuild.keep(number, seals)?;
            Ok(())
        })?;
        *changed += rebuild.delete_others(i64::MIN, |number| match level {
            Level::All => robbed.contains(&Level::Day.of_finer(number)),
            Level::Day => robbed.contains(&number),
            Level::Quarter | Level::Month => false,
        })?;
    }
    forget_unused(connection)?;
    let sessions = sessions::rebuild(connection)?;
    rebuilt.session_rollups = sessions.changed;
    rebuilt.lost.extend(sessions.lost.into_iter().map(|day| stretch_of(Level::Day, day)));
    if rebuilt.lost.is_empty() {
        let removed = remove_unused(connection)?;
        rebuilt.names_removed = removed.label_sets;
        rebuilt.sessions_removed = removed.sessions;
        rebuilt.tag_sets_removed = removed.tag_sets;
    }
    let root = root_of(connection)?;
    if Root::read(connection).ok().as_ref() != Some(&root) {
        root.write(connection)?;
        *changed = (*changed).max(1);
    }
    Ok(rebuilt)
}

/// The days before the rows begin of which quarters of an hour are missing: what they hold is more than
/// what there is to make them of. Those of quarters that cannot be read are known.
fn robbed(
    connection: &Connection,
    first: i64,
    unreadable: &BTreeSet<i64>,
) -> rusqlite::Result<BTreeSet<i64>> {
    let days = i64::MIN..Level::Day.of_finer(first);
    let torn = torn(connection, Seal::Quarters, &days)?;
    let days =
        torn.into_iter().filter(|(_, error)| *error == RollupError::Torn).map(|(day, _)| day);
    let mut robbed = BTreeSet::new();
    for day in days.filter(|day| !unreadable.contains(day)) {
        // Without the day itself there is nothing that knows more.
        if !read(connection, Level::Day, day)?.is_empty() {
            robbed.insert(day);
        }
    }
    Ok(robbed)
}

fn stretch_of(level: Level, number: i64) -> TimeRange {
    let at = |number| Some(Timestamp::from_micros(level.start_of(number)));
    TimeRange { start: at(number), end: at(number + 1) }
}

/// The checksums that the stretches of a level have to hold of the finer ones.
#[derive(Default)]
pub(super) struct FinerChecksums([BTreeMap<i64, u32>; 2]);

impl FinerChecksums {
    pub(super) fn read(connection: &Connection, level: Level) -> rusqlite::Result<Self> {
        Ok(Self(match level {
            Level::All | Level::Quarter => Default::default(),
            Level::Day => [
                Seal::Quarters.checksums(connection, &EVERYTHING)?,
                Seal::OfAll.checksums(connection, &EVERYTHING)?,
            ],
            Level::Month => [Seal::Days.checksums(connection, &EVERYTHING)?, BTreeMap::new()],
        }))
    }

    pub(super) fn of(&self, number: i64) -> Seals {
        self.0.each_ref().map(|checksums| checksums.get(&number).copied().unwrap_or(0))
    }
}

/// Rollups of a level that are put in place.
struct Rebuild<'a> {
    connection: &'a Connection,
    level: Level,
    /// The numbers that belong there, in order.
    seen: Vec<i64>,
    buffer: Vec<u8>,
    /// The sums of the hashes of the rows, by quarter of an hour.
    hashes: BTreeMap<i64, u32>,
}

impl Rebuild<'_> {
    /// Writes what differs; says how many that were.
    fn put(&mut self, number: i64, rollup: &Rollup, seals: Seals) -> rusqlite::Result<u64> {
        self.seen.push(number);
        if self.level == Level::All {
            return self.put_all(number, rollup);
        }
        match self.is_so(number, rollup, seals) {
            Ok(true) => return Ok(0),
            Err(error) if !RollupError::is_unreadable(&error) => return Err(error),
            _ => {}
        }
        stretch::write(self.connection, (self.level, number), rollup, seals, &mut self.buffer)?;
        Ok(1)
    }

    fn is_so(&self, number: i64, rollup: &Rollup, seals: Seals) -> rusqlite::Result<bool> {
        let place = Place::first_of(self.level, number);
        let Some(first) = read_piece(self.connection, place)? else { return Ok(false) };
        let later = later_pieces(self.connection, self.level, number)?;
        Ok(first.head.seals == seals
            && first.head.has_more != later.is_empty()
            && read(self.connection, self.level, number)? == *rollup)
    }

    fn put_all(&mut self, number: i64, rollup: &Rollup) -> rusqlite::Result<u64> {
        let mut totals = Summary::default();
        rollup.iter().for_each(|(_, of_one)| totals.merge(of_one));
        let found = match all::read(self.connection, number) {
            Err(error) if RollupError::is_unreadable(&error) => None,
            result => Some(result?.0),
        };
        // Where the rows are gone, what is known of them is kept.
        let known = found.map_or(0, |found| found.rows);
        let of_all = OfAll { rows: self.hashes.get(&number).copied().unwrap_or(known), totals };
        if found == Some(of_all) {
            return Ok(0);
        }
        all::write(self.connection, number, &of_all, &mut self.buffer)?;
        Ok(1)
    }

    /// Leaves a stretch as it is, but for what it holds of the series of all names: this was derived again.
    fn keep(&mut self, number: i64, seals: Seals) -> rusqlite::Result<()> {
        self.seen.push(number);
        if self.level != Level::Day {
            return Ok(());
        }
        match read_piece(self.connection, Place::first_of(self.level, number)) {
            Ok(Some(first)) if first.head.seals[1] != seals[1] => {
                let by = [0, seals[1].wrapping_sub(first.head.seals[1])];
                reseal(self.connection, (self.level, number), by, &mut self.buffer)
            }
            Err(error) if !RollupError::is_unreadable(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Deletes what does not belong there, from a number on; says how many that were.
    fn delete_others(&mut self, from: i64, stays: impl Fn(i64) -> bool) -> rusqlite::Result<u64> {
        let seen = std::mem::take(&mut self.seen);
        let (connection, level, buffer) = (self.connection, self.level, &mut self.buffer);
        let mut deleted = 0;
        for number in numbers(connection, level, from)? {
            if seen.binary_search(&number).is_err() && !stays(number) {
                if level == Level::All {
                    all::write(connection, number, &OfAll::default(), buffer)?;
                } else {
                    let nothing = Rollup::default();
                    stretch::write(
                        connection,
                        (level, number),
                        &nothing,
                        Seals::default(),
                        buffer,
                    )?;
                }
                deleted += 1;
            }
        }
        if level != Level::All {
            // Pieces of which the first is missing.
            let sql = format!(
                "DELETE FROM rollup_pieces WHERE level = ?1 AND number >= ?2 \
                 AND number NOT IN (SELECT number FROM {})",
                level.table()
            );
            let pieces = connection.prepare_cached(&sql)?.execute([level as i64, from])?;
            deleted += pieces as u64;
        }
        Ok(deleted)
    }
}

/// Changes what a stretch holds of the finer ones, and nothing else of it.
pub(super) fn reseal(
    connection: &Connection,
    (level, number): (Level, i64),
    by: Seals,
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    let pieces = &mut Pieces::of(connection, level)?;
    stretch::apply::<()>(pieces, number, &[], by, |_, _| Ok(()), buffer).map(drop)
}
