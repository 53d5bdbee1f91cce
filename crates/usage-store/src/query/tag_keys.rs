//! The keys of tags that the records of a range have, and how many values.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rustc_hash::FxHashSet;
use usage_core::{TagKey, Tags, TimeRange, Timestamp};

use crate::Store;
use crate::error::{ReadError, Result};
use crate::ledger::contexts::Contexts;
use crate::ledger::labels::Names;
use crate::ledger::retained;
use crate::ledger::tag_keys::Declared;
use crate::query::tagged::{each_row, has_rollups};
use crate::rollups::{Seen, Totals, total};

/// A key of tags: whether it is declared, and how many values it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagUse {
    /// The key.
    pub key: TagKey,
    /// Says whether rollups tell its values apart.
    pub is_declared: bool,
    /// Before this instant only rollups are left, and they do not tell its values apart: reports of such a time cannot
    /// be asked for by this key. `None` where there is no such time.
    pub told_apart_from: Option<Timestamp>,
    /// The number of values it has, that of the records without it not among them. Those that rollups hold as `(other)`,
    /// as there were too many in a month, are one.
    pub values: u64,
}

impl Store {
    /// Returns the keys of tags that records of a range have, in their order, and with them all that are declared.
    ///
    /// For all time the ledger's list of tags is read, which may still have some whose records were deleted since
    /// rollups were last rebuilt; for a shorter range its records.
    ///
    /// # Errors
    /// When the ledger cannot be read or is damaged, and [`StoreError::RowsGone`](crate::StoreError::RowsGone) as a
    /// report of the range.
    pub fn tag_use(&self, range: TimeRange) -> Result<Vec<TagUse>> {
        self.read("read the ledger", |connection| tag_use(connection, range))
    }
}

type Values = BTreeMap<TagKey, BTreeSet<String>>;

fn add(values: &mut Values, tags: Tags<'_>) {
    for (key, value) in tags.iter() {
        // A key that was checked before always is one.
        let Ok(key) = TagKey::new(key) else { continue };
        let of_key = values.entry(key).or_default();
        if !of_key.contains(value) {
            of_key.insert(value.to_owned());
        }
    }
}

fn tag_use(connection: &Connection, range: TimeRange) -> Result<Vec<TagUse>, ReadError> {
    let declared = Declared::read(connection)?;
    let rows_from = retained::rows_from(connection)?;
    let mut values: Values =
        declared.keys().into_iter().map(|key| (key, BTreeSet::new())).collect();
    let mut contexts = Contexts::default();
    for tag_set in tag_sets(connection, range)? {
        let whose = || "the list of tags".to_owned();
        let context = contexts.get(connection, [None, Some(tag_set)], "", whose)?;
        add(&mut values, context.tag_list());
    }
    if let Some(rows_from) = rows_from {
        of_rollups(connection, range, Timestamp::from_micros(rows_from), &mut values)?;
    }
    let mut found = Vec::with_capacity(values.len());
    for (key, values) in values {
        let (is_declared, without_it) = match declared.from(key) {
            Some(from) => (true, from.and(from.min(rows_from))),
            None => (false, rows_from),
        };
        let without_it = match without_it {
            // Where rollups without records were deleted too, nothing is left to be told apart.
            Some(before) if !has_rollups(connection, TimeRange::ALL, before)? => None,
            other => other,
        };
        let told_apart_from = without_it.map(Timestamp::from_micros);
        found.push(TagUse { key, is_declared, told_apart_from, values: values.len() as u64 });
    }
    Ok(found)
}

/// The sets of tags that records have.
fn tag_sets(connection: &Connection, range: TimeRange) -> Result<FxHashSet<i64>, ReadError> {
    if range == TimeRange::ALL {
        let mut statement = connection.prepare_cached("SELECT id FROM tag_sets")?;
        let ids = statement.query_map([], |row| row.get(0))?;
        return Ok(ids.collect::<rusqlite::Result<_>>()?);
    }
    let mut found = FxHashSet::default();
    each_row(connection, range, |_, _, tag_set, _| found.extend(tag_set))?;
    Ok(found)
}

/// Adds what rollups without records tell apart.
fn of_rollups(
    connection: &Connection,
    range: TimeRange,
    rows_from: Timestamp,
    values: &mut Values,
) -> Result<(), ReadError> {
    if range.start.is_some_and(|start| start >= rows_from) {
        return Ok(());
    }
    let end = range.end.map_or(rows_from, |end| end.min(rows_from));
    let summed = TimeRange { start: range.start, end: Some(end) };
    let (mut totals, mut seen) = (Totals::default(), Seen::default());
    total(connection, summed, &mut totals, &mut seen)?;
    seen.check(connection)?;
    let ids = totals.label_sets();
    let mut names = Names::new(connection);
    names.load(&ids)?;
    for id in ids {
        let set = names.get(id).ok_or_else(|| ReadError::unknown_label_set(id))?;
        add(values, set.tagged.tags());
    }
    Ok(())
}
