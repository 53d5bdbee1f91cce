//! Reports: what a range of time comes to, under the names that are asked for.

use rusqlite::Connection;
use usage_core::stats::Aggregates;
use usage_core::{Filter, TagKey, TimeRange};

use crate::Store;
use crate::error::{ReadError, Result};
use crate::ledger::labels::Names;
use crate::query::tagged::{self, TaggedRows};
use crate::rollups::{Apart, Seen, Totals, total};

impl Store {
    /// Returns the rollups of the records of a range that pass the filter, by label set: every report
    /// is made of them. Sees one state of the ledger; of a batch, all or nothing.
    ///
    /// # Errors
    /// When the ledger cannot be read, was migrated by another program, or is damaged: a report
    /// that leaves something out is never given.
    pub fn report(&self, range: TimeRange, filter: &Filter) -> Result<Aggregates> {
        self.read("read the ledger", |connection| aggregate(connection, range, filter, &[]))
    }
}

/// The totals by label set. Runs inside the caller's read transaction.
pub(crate) fn aggregate(
    connection: &Connection,
    range: TimeRange,
    filter: &Filter,
    tags: &[TagKey],
) -> Result<Aggregates, ReadError> {
    if tagged::needs_rows(connection, range, filter, tags)? {
        let mut rows = TaggedRows::default();
        tagged::each_row(connection, range, |_, label_set, tag_set, counts| {
            rows.add((), label_set, tag_set, counts);
        })?;
        let mut aggregates = Aggregates::default();
        rows.give(connection, filter, tags, |(), labels, counts| {
            aggregates.add_totals(labels, counts);
        })?;
        return Ok(aggregates);
    }
    let (mut groups, mut seen) = (Totals::default(), Seen::default());
    total(connection, range, &mut groups, &mut seen)?;
    seen.check(connection)?;
    Apart::read(connection, range, filter)?.add(connection, range, &mut groups)?;
    let mut aggregates = Aggregates::default();
    add_named(&mut aggregates, &mut groups, &mut Names::new(connection), filter, tags)?;
    Ok(aggregates)
}

/// Adds totals by id under the names that these ids stand for, with those tags by which they are to be told apart, if
/// the filter lets them pass. None of the totals are left.
pub(crate) fn add_named(
    aggregates: &mut Aggregates,
    totals: &mut Totals,
    names: &mut Names<'_>,
    filter: &Filter,
    tags: &[TagKey],
) -> Result<(), ReadError> {
    let label_sets = totals.label_sets();
    names.load(&label_sets)?;
    aggregates.reserve(label_sets.len());
    let keeps_all = filter.is_empty();
    for (label_set, totals) in totals.drain() {
        let set = names.get(label_set).ok_or_else(|| ReadError::unknown_label_set(label_set))?;
        if keeps_all || filter.matches(&set.tagged.names()) {
            aggregates
                .add_totals(tagged::told_apart(&set.labels, set.tagged.tags(), tags), &totals);
        }
    }
    Ok(())
}
