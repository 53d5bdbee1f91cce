//! Statistics over records: a summary, by route and by model, and by whatever else was asked for.
//!
//! Everything grows out of [`Aggregates`], totals by label set, which any iterator of records
//! fills, which merge, and which a ledger can fill without handing out a single record. A
//! `Series` has them for each hour, day, week or month, and a `Table` is what a report shows
//! of it, both with the feature `zones`.

mod aggregates;
#[cfg(feature = "zones")]
mod dimension;
#[cfg(feature = "zones")]
mod groups;
#[cfg(feature = "zones")]
mod lists;
#[cfg(feature = "zones")]
mod series;
#[cfg(feature = "zones")]
mod sort;
mod summary;
#[cfg(feature = "zones")]
mod table;

pub use aggregates::Aggregates;
#[cfg(feature = "zones")]
pub use dimension::{Dimension, Grouping, GroupingError};
#[cfg(feature = "format")]
pub(crate) use lists::joined;
#[cfg(feature = "zones")]
pub use lists::{ModelStats, RouteStats, aggregate_by_model, aggregate_by_route};
#[cfg(feature = "zones")]
pub use series::{Bucket, Series, Span, TooManyBuckets};
#[cfg(feature = "zones")]
pub use sort::{Sort, UnknownSort};
pub use summary::Summary;
#[cfg(feature = "zones")]
pub use table::{Key, LeftOut, Row, Table};

use std::borrow::Borrow;

use crate::Record;

/// The totals of all records.
///
/// ```
/// # use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
/// use usage_core::stats::aggregate_summary;
///
/// # let labels = Labels::new(LabelNames::new().with_instance("i").with_route("r").with_model("m"))?;
/// # let usage = Usage::new(TokenCounts::unclassified(500), Timestamp::from_micros(0)).with_fallbacks(1);
/// # let record = Record::new(labels, usage)?;
/// let summary = aggregate_summary([&record, &record]);
/// assert_eq!((summary.requests, summary.tokens(), summary.fallbacks()), (2, 1_000, 2));
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[must_use]
pub fn aggregate_summary<R: Borrow<Record>>(records: impl IntoIterator<Item = R>) -> Summary {
    let mut summary = Summary::default();
    for record in records {
        summary.add(record.borrow());
    }
    summary
}

#[cfg(test)]
#[cfg(feature = "zones")]
mod tests;
