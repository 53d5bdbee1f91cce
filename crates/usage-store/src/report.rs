//! Reports: what a range of time comes to, under the names that are asked for.

use rusqlite::{Connection, Row};
use usage_core::stats::{Aggregates, Summary, TokenTotals};
use usage_core::{Filter, TimeRange};

use crate::error::ReadError;
use crate::labels::Names;
use crate::rows::count;
use crate::sums::{Apart, Seen, Totals, total};

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

/// What [`summary`] reads, behind the label set.
pub(crate) const COUNTS: &str =
    "label_set, fallbacks, input, output, cache_read, cache_write, unclassified, reasoning";

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
    let number = |index| match count(row.get(index)?) {
        Ok(count) => Ok(u64::from(count)),
        Err(what) => Err(ReadError::Damaged(format!("a record has {what}"))),
    };
    Ok(Summary {
        requests: 1,
        fallbacks: number(1)?,
        token_kinds: TokenTotals {
            input: number(2)?,
            output: number(3)?,
            cache_read: number(4)?,
            cache_write: number(5)?,
            unclassified: number(6)?,
            reasoning: number(7)?,
        },
    })
}
