//! Reports: what a range of time comes to, under the names that are asked for.

use rusqlite::Connection;
use usage_core::stats::Aggregates;
use usage_core::{Filter, TimeRange};

use crate::Store;
use crate::error::{ReadError, Result};
use crate::ledger::labels::Names;
use crate::rollups::{Apart, Seen, Totals, total};

impl Store {
    /// What the records of a range that pass the filter add up to, by label set: what every
    /// report is made of. Sees one state of the ledger; of a batch, all or nothing.
    ///
    /// # Errors
    /// When the ledger cannot be read, was migrated by another program, or is damaged: a report
    /// that leaves something out is never given.
    pub fn report(&self, range: TimeRange, filter: &Filter) -> Result<Aggregates> {
        self.read("read the ledger", |connection| aggregate(connection, range, filter))
    }
}

/// The totals by label set. Runs inside the caller's read transaction.
pub(crate) fn aggregate(
    connection: &Connection,
    range: TimeRange,
    filter: &Filter,
) -> Result<Aggregates, ReadError> {
    let (mut groups, mut seen) = (Totals::default(), Seen::default());
    total(connection, range, &mut groups, &mut seen)?;
    seen.check(connection)?;
    Apart::read(connection, range, filter)?.add(connection, range, &mut groups)?;
    let mut aggregates = Aggregates::default();
    add_named(&mut aggregates, &mut groups, &mut Names::new(connection), filter)?;
    Ok(aggregates)
}

/// Adds totals by id under the names that these ids stand for, if the filter lets them pass. None of
/// the totals are left.
pub(crate) fn add_named(
    aggregates: &mut Aggregates,
    totals: &mut Totals,
    names: &mut Names<'_>,
    filter: &Filter,
) -> Result<(), ReadError> {
    let mut groups: Vec<_> = totals.drain().collect();
    // In the order in which names lie on disk.
    groups.sort_unstable_by_key(|(label_set, _)| *label_set);
    names.load(groups.iter().map(|(label_set, _)| *label_set))?;
    for (label_set, totals) in groups {
        let labels = names.get(label_set).ok_or_else(|| ReadError::unknown_label_set(label_set))?;
        if filter.matches(&labels.names()) {
            aggregates.add_totals(labels.clone(), &totals);
        }
    }
    Ok(())
}
