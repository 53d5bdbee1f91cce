//! Reports: what a range of time comes to, under the names that are asked for.

use std::sync::LazyLock;

use rusqlite::{Connection, Row};
use usage_core::stats::{Aggregates, Summary};
use usage_core::{Filter, Measure, TimeRange};

use crate::error::ReadError;
use crate::ledger::columns::{self, NUMBERS};
use crate::rollups::{Apart, Seen, Totals, total};
use crate::write::labels::Names;

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

/// Selects what [`summary`] reads, behind the label set; then time and id.
pub(crate) static SELECT_COUNTS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT label_set, {}, ts, id FROM records", *NUMBERS));

/// Where time and id are in it.
pub(crate) const TS: usize = 1 + Measure::COUNT;
pub(crate) const ID: usize = TS + 1;

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

/// What one row counts.
pub(crate) fn summary(row: &Row<'_>) -> Result<Summary, ReadError> {
    let numbers = columns::numbers(row, 1, || "a record".to_owned())?;
    Ok(Summary::new(1, numbers.map(u64::from)))
}
