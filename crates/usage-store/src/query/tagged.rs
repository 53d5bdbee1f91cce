//! Answers about tags that rollups do not tell apart: from rows, as long as there are any.

use std::hash::Hash;

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::stats::Summary;
use usage_core::{Filter, Label, Labels, TagKey, Tags, TimeRange, Timestamp};

use crate::error::ReadError;
use crate::ledger::contexts::Contexts;
use crate::ledger::labels::Names;
use crate::ledger::retained;
use crate::ledger::tag_keys::Declared;
use crate::query::rows::{bounds, quarters_of};
use crate::rollups::{each_checked_row, quarter_of};

/// Returns the names with those of the tags by which totals are told apart.
pub(super) fn told_apart(labels: &Labels, tags: Tags<'_>, by: &[TagKey]) -> Labels {
    if by.is_empty() { labels.clone() } else { labels.with_tags(tags.only(by).tags()) }
}

/// Returns whether an answer needs rows, as it is about tags that rollups do not tell apart. Fails where these rows are
/// gone: what only rollups are left of has no tags that were not declared before.
pub(super) fn needs_rows(
    connection: &Connection,
    range: TimeRange,
    filter: &Filter,
    tags: &[TagKey],
) -> Result<bool, ReadError> {
    let mut asked: Vec<TagKey> = filter.tags().iter().map(|(key, _)| *key).collect();
    asked.extend(tags);
    if asked.is_empty() {
        return Ok(false);
    }
    let declared = Declared::read(connection)?;
    let rows_from = retained::rows_from(connection)?;
    let mut are_needed = false;
    for key in asked {
        let without_it = match declared.from(key) {
            Some(from) => from,
            None => {
                are_needed = true;
                rows_from
            }
        };
        // Where rollups without rows were deleted too, nothing is left to be told apart.
        let without_it = without_it.min(rows_from);
        if let Some(before) = without_it.filter(|_| without_it.is_some())
            && has_rollups(connection, range, before)?
        {
            let before = Timestamp::from_micros(before);
            return Err(ReadError::TagsGone { key: key.name().to_owned(), before });
        }
    }
    if are_needed
        && let Some(rows_from) = rows_from
        && has_rollups(connection, range, rows_from)?
    {
        // One of them is in rollups alone there, another one in rows alone.
        let key = tags.first().copied().or_else(|| filter.tags().first().map(|(key, _)| *key));
        let key = key.map(|key| key.name().to_owned()).unwrap_or_default();
        return Err(ReadError::TagsGone { key, before: Timestamp::from_micros(rows_from) });
    }
    Ok(are_needed)
}

/// Returns whether there are rollups of a range before an instant.
pub(super) fn has_rollups(
    connection: &Connection,
    range: TimeRange,
    before: i64,
) -> rusqlite::Result<bool> {
    let quarters = quarters_of(range);
    let [start, end] = bounds(range);
    if start >= end {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM rollups_quarter WHERE number >= ?1 AND number < ?2)",
        )?
        .query_row([quarters.start, quarters.end.min(quarter_of(before))], |row| row.get(0))
}

/// Hands out each row of a range: its time, label set, set of tags and counts. They are those that were stored.
pub(super) fn each_row(
    connection: &Connection,
    range: TimeRange,
    mut found: impl FnMut(i64, i64, Option<i64>, &Summary),
) -> Result<(), ReadError> {
    let [start, end] = bounds(range);
    let mut quarters = quarters_of(range);
    let rows_from = retained::rows_from(connection)?.map_or(i64::MIN, quarter_of);
    quarters.start = quarters.start.max(rows_from);
    if start >= end || quarters.is_empty() {
        return Ok(());
    }
    each_checked_row(connection, &quarters, |ts, label_set, tag_set, counts| {
        if (start..end).contains(&ts) {
            found(ts, label_set, tag_set, counts);
        }
    })
}

/// The rollups of rows by place, label set and set of tags.
pub(super) struct TaggedRows<P>(FxHashMap<(P, i64, Option<i64>), Summary>);

impl<P> Default for TaggedRows<P> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<P: Copy + Eq + Hash> TaggedRows<P> {
    pub(super) fn add(&mut self, place: P, label_set: i64, tag_set: Option<i64>, counts: &Summary) {
        self.0.entry((place, label_set, tag_set)).or_default().merge(counts);
    }

    /// Gives what the filter lets pass, under the names and tags that it is told apart by.
    pub(super) fn give(
        self,
        connection: &Connection,
        filter: &Filter,
        by: &[TagKey],
        mut found: impl FnMut(P, Labels, &Summary),
    ) -> Result<(), ReadError> {
        let mut names = Names::new(connection);
        let mut ids: Vec<i64> = self.0.keys().map(|(_, label_set, _)| *label_set).collect();
        ids.sort_unstable();
        ids.dedup();
        names.load(&ids)?;
        let mut contexts = Contexts::default();
        for ((place, label_set, tag_set), counts) in &self.0 {
            let set =
                names.get(*label_set).ok_or_else(|| ReadError::unknown_label_set(*label_set))?;
            let plain = set.labels.names();
            let instance = plain.get(Label::Instance);
            let whose = || "a record".to_owned();
            let context = contexts.get(connection, [None, *tag_set], instance, whose)?;
            if filter.matches(&plain.with_tags(context.tag_list())) {
                found(*place, told_apart(&set.labels, context.tag_list(), by), counts);
            }
        }
        Ok(())
    }
}
