//! Names without end: beyond so many label sets in a month, further ones are counted in rollups under
//! `(other)` in place of their declared tags; where that does not help, of their user, then of their project, then
//! of their model, and at last of everything. Records keep the names that they were given.
//!
//! Which label set counts as which other one in which month is kept in a table, so that a record is
//! counted out where it was counted in.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension};
use rustc_hash::{FxHashMap, FxHashSet};
use usage_core::{Label, LabelNames, Labels, TagSet};

use super::root::{Folded, NamesOf, Root};
use super::sum::Sums;
use super::table::each_label_set_of;
use super::{Level, RollupError};
use crate::ledger::labels::{self, LabelSet};

/// Stands for names that are not told apart.
pub(crate) const OTHER: &str = "(other)";

/// The name of the setting that says how many label sets a month may have in rollups.
pub(crate) const SETTING: &str = "label_sets_a_month";

const DEFAULT_LIMIT: i64 = 20_000;

/// No limit is lower, so that most commits need not look it up.
const LEAST_LIMIT: i64 = 100;

/// The kinds of names that go into `(other)` one after the other, until there is room.
const ORDER: [Kind; 4] =
    [Kind::Tags, Kind::Name(Label::User), Kind::Name(Label::Project), Kind::Name(Label::Model)];
/// The number of these.
const ORDER_STEPS: i64 = 4;

#[derive(Clone, Copy)]
enum Kind {
    /// The declared tags, all of them.
    Tags,
    Name(Label),
}

/// Returns the number of label sets that a month may have before others are folded.
pub(super) fn limit(connection: &Connection) -> rusqlite::Result<i64> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([SETTING], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_LIMIT).max(LEAST_LIMIT))
}

pub(super) fn month_of_quarter(quarter: i64) -> i64 {
    Level::Month.of_finer(Level::Day.of_finer(quarter))
}

/// Puts totals of records under the label sets that they are counted under. Those that come may be the
/// first of their label set; those that go have been counted in.
pub(super) fn fold(
    connection: &Connection,
    totals: Sums,
    root: &mut Root,
    may_decide: bool,
) -> rusqlite::Result<Sums> {
    let mut months = BTreeMap::<i64, Vec<(i64, i64)>>::new();
    let mut last = None;
    for ((quarter, label_set), _) in totals.iter() {
        let month = match last {
            Some((of, month)) if of == quarter => month,
            _ => month_of_quarter(quarter),
        };
        last = Some((quarter, month));
        months.entry(month).or_default().push((quarter, label_set));
    }
    let mut limit_of = None;
    months.retain(|month, keys| {
        let known = root.names(*month);
        let many = known.label_sets.saturating_add(keys.len() as u64);
        known.folded.label_sets > 0
            || may_decide && many > LEAST_LIMIT.unsigned_abs() && {
                let limit = limit_of.get_or_insert_with(|| limit(connection));
                limit.as_ref().map_or(true, |limit| many > limit.unsigned_abs())
            }
    });
    if months.is_empty() {
        return Ok(totals);
    }
    let limit = limit_of.unwrap_or_else(|| limit(connection))?;
    let mut moved = FxHashMap::<(i64, i64), i64>::default();
    for (month, keys) in months {
        let label_sets: BTreeSet<i64> = keys.iter().map(|(_, label_set)| *label_set).collect();
        let NamesOf { label_sets: there, folded } = root.names(month);
        let mut present = Vec::new();
        if may_decide {
            each_label_set_of(connection, Level::Month, &(month..month + 1), |id| {
                present.push(id);
            })?;
        }
        let limit = may_decide.then_some(limit);
        let has_folded = folded.label_sets > 0;
        let mut folding = Folding::new(connection, month, has_folded, present, there, limit);
        for label_set in label_sets {
            folding.decide(label_set)?;
        }
        root.add_folded(month, folding.decided);
        for key in keys {
            let into = folding.under(key.1);
            if into != key.1 {
                moved.insert(key, into);
            }
        }
    }
    let mut under = Sums::default();
    for (key, sum) in totals.iter() {
        under.of((key.0, moved.get(&key).copied().unwrap_or(key.1))).merge(sum);
    }
    Ok(under)
}

/// The label sets of a month, as far as they have been asked for.
pub(super) struct Folding<'c> {
    connection: &'c Connection,
    pub(super) month: i64,
    /// Some were folded before.
    has_folded: bool,
    may_decide: bool,
    room: i64,
    /// The number of further label sets that there may be under names that stand for others.
    room_of_others: i64,
    /// The number of such label sets where there are none yet.
    most_others: i64,
    /// Those that have rollups, in order. Nothing where there is nothing to decide.
    present: Vec<i64>,
    /// Those that have come to have rollups since.
    added: FxHashSet<i64>,
    into: FxHashMap<i64, i64>,
    others: FxHashMap<(Labels, Box<str>), i64>,
    /// The folding done by this.
    decided: Folded,
}

impl<'c> Folding<'c> {
    /// `limit` is nothing where nothing is to be decided.
    pub(super) fn new(
        connection: &'c Connection,
        month: i64,
        has_folded: bool,
        present: Vec<i64>,
        there: u64,
        limit: Option<i64>,
    ) -> Self {
        let (there, most) = (i64::try_from(there).unwrap_or(i64::MAX), limit.unwrap_or(0));
        Self {
            connection,
            month,
            has_folded,
            may_decide: limit.is_some(),
            room: most.saturating_sub(there),
            room_of_others: most.saturating_add(most / 10).saturating_sub(there),
            most_others: most / 10,
            present,
            added: FxHashSet::default(),
            into: FxHashMap::default(),
            others: FxHashMap::default(),
            decided: Folded::default(),
        }
    }

    /// Finds out which label set one is counted under, or decides it.
    pub(super) fn decide(&mut self, label_set: i64) -> rusqlite::Result<()> {
        if self.into.contains_key(&label_set) {
            return Ok(());
        }
        if self.has_folded
            && let Some(into) = folded_into(self.connection, self.month, label_set)?
        {
            self.into.insert(label_set, into);
            return Ok(());
        }
        if !self.may_decide {
            // Not looked up again.
            self.into.insert(label_set, label_set);
            return Ok(());
        }
        if self.is_present(label_set) {
            return Ok(());
        }
        if self.room > 0 {
            self.room -= 1;
            self.room_of_others -= 1;
            self.added.insert(label_set);
            return Ok(());
        }
        let Some(set) = labels::set_by_id(self.connection, label_set)? else { return Ok(()) };
        let into = self.place_of(&set)?;
        if into != label_set {
            self.connection
                .prepare_cached(
                    "INSERT INTO rollups_folded (month, label_set, into_set) VALUES (?1, ?2, ?3)",
                )?
                .execute([self.month, label_set, into])?;
            self.into.insert(label_set, into);
            self.decided.add(self.month, label_set, into);
        }
        Ok(())
    }

    /// Finds the label set that another one is counted under: what tells least about what was used goes first.
    fn place_of(&mut self, set: &LabelSet) -> rusqlite::Result<i64> {
        let (mut names, all) = (set.labels.names(), set.tagged.names().tags());
        let mut tags = all.to_json();
        for (step, kind) in ORDER.into_iter().enumerate() {
            match kind {
                Kind::Tags if tags.is_empty() => continue,
                Kind::Tags => {
                    let others = TagSet::new(all.iter().map(|(key, _)| (key, OTHER)));
                    tags = others.unwrap_or_default().tags().to_json();
                }
                Kind::Name(label) if label != Label::Model && names.get(label).is_empty() => {
                    continue;
                }
                Kind::Name(label) => names = names.with(label, OTHER),
            }
            let into = self.other(names, &tags)?;
            if self.is_taken_up(into, ORDER.len() - 1 - step) {
                return Ok(into);
            }
        }
        let into = self.other(LabelNames::from_all([OTHER; Label::COUNT]), "")?;
        // Nothing stands for this one.
        self.added.insert(into);
        Ok(into)
    }

    fn is_present(&self, label_set: i64) -> bool {
        self.present.binary_search(&label_set).is_ok() || self.added.contains(&label_set)
    }

    /// Returns whether a label set that stands for others has rollups, or may have. Of the room for such, a part is left
    /// to each of the steps that are still to come: else sets that differ in two names would use it up at the first.
    fn is_taken_up(&mut self, into: i64, steps_to_come: usize) -> bool {
        if self.is_present(into) {
            return true;
        }
        let steps = i64::try_from(steps_to_come).unwrap_or(i64::MAX);
        if self.room_of_others <= self.most_others / ORDER_STEPS * steps {
            return false;
        }
        self.room_of_others -= 1;
        self.added.insert(into)
    }

    fn other(&mut self, names: LabelNames<'_>, tags: &str) -> rusqlite::Result<i64> {
        // The names came from a record, and these are as good.
        let key = (Labels::new(names).map_err(|_| RollupError::Missing)?, Box::from(tags));
        if let Some(id) = self.others.get(&key) {
            return Ok(*id);
        }
        let id = labels::id_of(self.connection, &key.0, tags)?;
        self.others.insert(key, id);
        Ok(id)
    }

    pub(super) fn under(&self, label_set: i64) -> i64 {
        self.into.get(&label_set).copied().unwrap_or(label_set)
    }
}

fn folded_into(
    connection: &Connection,
    month: i64,
    label_set: i64,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT into_set FROM rollups_folded WHERE month = ?1 AND label_set = ?2")?
        .query_row([month, label_set], |row| row.get(0))
        .optional()
}

/// Forgets what was folded in a month of which there are no rollups any more.
pub(super) fn forget(connection: &Connection, month: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM rollups_folded WHERE month = ?1")?
        .execute([month])
        .map(drop)
}

/// The label sets that are folded in each month.
pub(crate) fn folded_by_month(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, Folded>> {
    let mut statement =
        connection.prepare_cached("SELECT month, label_set, into_set FROM rollups_folded")?;
    let mut rows = statement.query([])?;
    let mut months = BTreeMap::<i64, Folded>::new();
    while let Some(row) = rows.next()? {
        let month = row.get(0)?;
        months.entry(month).or_default().add(month, row.get(1)?, row.get(2)?);
    }
    Ok(months)
}

/// The label sets that stand for others in a month.
pub(super) fn others(connection: &Connection, month: i64) -> rusqlite::Result<FxHashSet<i64>> {
    connection
        .prepare_cached("SELECT DISTINCT into_set FROM rollups_folded WHERE month = ?1")?
        .query_map([month], |row| row.get(0))?
        .collect()
}

/// Forgets what was folded in months of which there are no rollups.
pub(super) fn forget_unused(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM rollups_folded WHERE month NOT IN (SELECT number FROM rollups_month)",
        )?
        .execute([])
        .map(drop)
}
