//! The check that the rollups that are there are all of those that belong together.
//!
//! Each has a checksum of its own. A day holds the sum of those of its quarters of an hour, a month that
//! of its days, and the root that of each month; all change in one transaction. So a rollup that is missing,
//! doubled, moved or an older state of itself is noticed without reading everything: what a report has
//! read is checked against the level above, and this against the next.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rusqlite::Connection;

use super::cover::Cover;
use super::fold::folded_by_month;
use super::root::{Month, NamesOf, Root};
use super::table::{each_checksum, each_head, read};
use super::{Level, RollupError};

/// The rollups that a report has read, as far as they have to be checked.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    months: Vec<Range<i64>>,
    /// Months of which days were read, and days of which quarters of an hour were.
    by_day: BTreeSet<i64>,
    by_quarter: BTreeSet<i64>,
    /// The ranges of days and of quarters of an hour that were searched for.
    searched: Vec<(Level, Range<i64>)>,
    /// The quarters of an hour whose rows were checked.
    rows: BTreeSet<i64>,
}

impl Seen {
    pub(super) fn add(&mut self, cover: &Cover) {
        for (level, numbers) in &cover.rollups {
            if matches!(level, Level::Day | Level::Quarter) {
                self.searched.push((*level, numbers.clone()));
            }
            match level {
                Level::Month => self.add_months(numbers.clone()),
                Level::Day => self.add_days(numbers.clone()),
                Level::Quarter | Level::All => self.add_quarters(numbers),
            }
        }
    }

    /// Months that were read, or found to have no rollups.
    pub(crate) fn add_months(&mut self, months: Range<i64>) {
        match self.months.last_mut() {
            Some(last) if last.end == months.start => last.end = months.end,
            _ => self.months.push(months),
        }
    }

    pub(crate) fn add_days(&mut self, days: Range<i64>) {
        let mut day = days.start;
        while day < days.end {
            let month = Level::Month.of_finer(day);
            self.by_day.insert(month);
            // The next month's first day.
            day = Level::Day.around(Level::Month.start_of(month + 1)).max(day + 1);
        }
    }

    pub(crate) fn add_quarters(&mut self, quarters: &Range<i64>) {
        if quarters.is_empty() {
            return;
        }
        let days = Level::Day.of_finer(quarters.start)..Level::Day.of_finer(quarters.end - 1) + 1;
        self.add_days(days.clone());
        self.by_quarter.extend(days);
    }

    /// A quarter of an hour whose rows are about to be checked; says whether they are not yet.
    pub(super) fn add_rows(&mut self, quarter: i64) -> bool {
        self.rows.insert(quarter)
    }

    /// Checks what was read, in the transaction that read it.
    pub(crate) fn check(&self, connection: &Connection) -> rusqlite::Result<()> {
        for days in runs(self.by_quarter.iter().copied()) {
            self.check_finer(connection, Seal::Quarters, &days)?;
        }
        let months: Vec<_> = runs(self.by_day.iter().copied()).collect();
        for months in &months {
            self.check_finer(connection, Seal::Days, months)?;
        }
        let root = Root::read(connection)?;
        for months in self.months.iter().chain(&months) {
            none(&torn_months(connection, &root, months)?)?;
        }
        Ok(())
    }

    /// Checks the finer rollups of some stretches, and that a search among them has found what going through
    /// all of them finds: in a damaged page a number may be where only the latter meets it.
    fn check_finer(
        &self,
        connection: &Connection,
        seal: Seal,
        numbers: &Range<i64>,
    ) -> rusqlite::Result<()> {
        let (_, finer, _) = seal.levels();
        let whole = seal.finer(numbers);
        let all = checksums(connection, finer, &whole)?;
        none(&torn_of(connection, seal, numbers, seal.sum_up(&all))?)?;
        // Days are looked at for the quarters of an hour below them too; then nobody has searched.
        let within = |range: &Range<i64>| whole.start <= range.start && range.end <= whole.end;
        let searched = self.searched.iter().filter(|of| of.0 == finer && within(&of.1));
        for (_, range) in searched {
            if !checksums(connection, finer, range)?.iter().eq(all.range(range.clone())) {
                return Err(RollupError::Torn.into());
            }
        }
        Ok(())
    }
}

/// The sum of the checksums of each number of a range.
fn checksums(
    connection: &Connection,
    level: Level,
    numbers: &Range<i64>,
) -> rusqlite::Result<BTreeMap<i64, u32>> {
    let mut checksums = BTreeMap::new();
    each_checksum(connection, level, numbers, |number, by| {
        let sum: &mut u32 = checksums.entry(number).or_default();
        *sum = sum.wrapping_add(by);
    })?;
    Ok(checksums)
}

fn none(torn: &[(i64, RollupError)]) -> rusqlite::Result<()> {
    torn.first().map_or(Ok(()), |(_, error)| Err((*error).into()))
}

/// Numbers in order as ranges without gaps.
fn runs(numbers: impl Iterator<Item = i64>) -> impl Iterator<Item = Range<i64>> {
    let mut numbers = numbers.peekable();
    std::iter::from_fn(move || {
        let start = numbers.next()?;
        let mut end = start + 1;
        while numbers.next_if_eq(&end).is_some() {
            end += 1;
        }
        Some(start..end)
    })
}

/// A kind of finer rollups that a stretch holds the sum of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// A day its quarters of an hour.
    Quarters,
    /// A day its quarters of an hour of all names.
    OfAll,
    /// A month its days.
    Days,
}

impl Seal {
    const fn levels(self) -> (Level, Level, usize) {
        match self {
            Self::Quarters => (Level::Day, Level::Quarter, 0),
            Self::OfAll => (Level::Day, Level::All, 1),
            Self::Days => (Level::Month, Level::Day, 0),
        }
    }

    /// Its place among the rollups that a stretch holds.
    pub(super) const fn place(self) -> usize {
        self.levels().2
    }

    /// The finer stretches that some stretches are derived from.
    fn finer(self, numbers: &Range<i64>) -> Range<i64> {
        let (level, finer, _) = self.levels();
        let begin = |number| finer.around(level.start_of(number));
        begin(numbers.start)..begin(numbers.end)
    }

    /// The sums of the checksums of the finer rollups there are, by stretch; none that are 0.
    pub(super) fn checksums(
        self,
        connection: &Connection,
        numbers: &Range<i64>,
    ) -> rusqlite::Result<BTreeMap<i64, u32>> {
        Ok(self.sum_up(&checksums(connection, self.levels().1, &self.finer(numbers))?))
    }

    fn sum_up(self, finer: &BTreeMap<i64, u32>) -> BTreeMap<i64, u32> {
        let (level, ..) = self.levels();
        let mut checksums = BTreeMap::new();
        for (number, by) in finer {
            let sum: &mut u32 = checksums.entry(level.of_finer(*number)).or_default();
            *sum = sum.wrapping_add(*by);
        }
        checksums.retain(|_, sum| *sum != 0);
        checksums
    }
}

/// The stretches of a range whose finer rollups are not those that belong to them, or that cannot be read.
pub(super) fn torn(
    connection: &Connection,
    seal: Seal,
    numbers: &Range<i64>,
) -> rusqlite::Result<Vec<(i64, RollupError)>> {
    torn_of(connection, seal, numbers, seal.checksums(connection, numbers)?)
}

/// As [`torn`], with what the finer rollups come to.
fn torn_of(
    connection: &Connection,
    seal: Seal,
    numbers: &Range<i64>,
    mut found: BTreeMap<i64, u32>,
) -> rusqlite::Result<Vec<(i64, RollupError)>> {
    let (level, _, which) = seal.levels();
    let mut torn = Vec::new();
    each_head(connection, level, numbers, |number, head| {
        let sum = found.remove(&number).unwrap_or(0);
        match head {
            Ok(head) if head.seals[which] == sum => {}
            Ok(_) => torn.push((number, RollupError::Torn)),
            Err(error) => torn.push((number, error)),
        }
    })?;
    torn.extend(found.into_keys().map(|number| (number, RollupError::Torn)));
    Ok(torn)
}

/// The months of a range that are not those of the root.
fn torn_months(
    connection: &Connection,
    root: &Root,
    months: &Range<i64>,
) -> rusqlite::Result<Vec<(i64, RollupError)>> {
    let (expected, found) = (root.range(months.clone()), checksums_of_months(connection, months)?);
    let mut torn: Vec<i64> = Vec::new();
    torn.extend(
        expected.iter().filter(|(month, sum)| found.get(month) != Some(sum)).map(|of| of.0),
    );
    torn.extend(found.into_keys().filter(|month| !expected.contains_key(month)));
    Ok(torn.into_iter().map(|month| (month, RollupError::Torn)).collect())
}

fn checksums_of_months(
    connection: &Connection,
    months: &Range<i64>,
) -> rusqlite::Result<BTreeMap<i64, u32>> {
    let mut checksums = checksums(connection, Level::Month, months)?;
    checksums.retain(|_, sum| *sum != 0);
    Ok(checksums)
}

/// Returns the root as it has to be.
pub(super) fn root_of(connection: &Connection) -> rusqlite::Result<Root> {
    let folded = folded_by_month(connection)?;
    let mut months = Vec::new();
    for (month, sum) in checksums_of_months(connection, &(i64::MIN..i64::MAX))? {
        let label_sets = match read(connection, Level::Month, month) {
            Ok(rollup) => rollup.len().unsigned_abs(),
            Err(error) if RollupError::is_unreadable(&error) => 0,
            Err(error) => return Err(error),
        };
        let names = NamesOf { label_sets, folded: folded.get(&month).copied().unwrap_or_default() };
        months.push((month, Month { sum, names }));
    }
    Ok(months.into_iter().collect())
}

/// The places in all of the rollups that do not belong together.
#[derive(Debug, Default)]
pub(crate) struct Torn {
    /// Stretches whose finer rollups are not those that belong to them, and months that are not those of
    /// the root.
    pub(crate) stretches: Vec<(Level, i64)>,
    /// The fault of the root itself.
    pub(crate) root: Option<RollupError>,
}

/// Checks all rollups, but not what each of them holds.
pub(crate) fn all_torn(connection: &Connection) -> rusqlite::Result<Torn> {
    const ALL: Range<i64> = i64::MIN..i64::MAX;
    let mut found = Torn::default();
    for seal in [Seal::Quarters, Seal::OfAll, Seal::Days] {
        let torn = torn(connection, seal, &ALL)?;
        // Those that cannot be read are found where they are read.
        let torn = torn.into_iter().filter(|(_, error)| *error == RollupError::Torn);
        found.stretches.extend(torn.map(|(number, _)| (seal.levels().0, number)));
    }
    match Root::read(connection) {
        Ok(root) => {
            let months = torn_months(connection, &root, &ALL)?;
            let folded = root.torn_by_folding(&folded_by_month(connection)?);
            let months = months.into_iter().map(|(month, _)| month).chain(folded);
            found.stretches.extend(months.map(|month| (Level::Month, month)));
        }
        Err(error) => found.root = Some(RollupError::of(&error).ok_or(error)?),
    }
    Ok(found)
}
