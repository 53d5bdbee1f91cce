//! Statistics over records: a summary, by route and by model, and by whatever else was asked for.
//!
//! Everything grows out of [`Aggregates`], totals by label set, which any iterator of records
//! fills, which merge, and which a ledger can fill without handing out a single record. A
//! [`Series`] has them for each hour, day, week or month, and [`Groups`] are what a report shows
//! of it.

mod aggregates;
mod dimension;
mod groups;
mod series;
mod summary;

pub use aggregates::Aggregates;
pub use dimension::{Dimension, Grouping, GroupingError};
pub(crate) use groups::keep_top_of;
pub use groups::{Group, Groups, Key, LeftOut};
pub use series::{Bucket, Series, TooManyBuckets};
pub use summary::Summary;

use std::borrow::Borrow;

use crate::Record;

/// The totals of one route of one provider under one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteStats {
    /// The profile; `default` for an empty one.
    pub profile: String,
    /// The provider; may be empty.
    pub provider: String,
    /// The route.
    pub route: String,
    /// Its totals.
    pub totals: Summary,
}

/// The totals of one model of one provider under one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStats {
    /// The profile; `default` for an empty one.
    pub profile: String,
    /// The provider; may be empty.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Its totals.
    pub totals: Summary,
}

impl RouteStats {
    /// `profile/provider.route`, for people. Not an identity: names may hold `/` and `.`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.profile, joined(&self.provider, &self.route))
    }

    /// `provider.route`, or the bare route where the provider is empty.
    #[must_use]
    pub fn display_name(&self) -> String {
        joined(&self.provider, &self.route)
    }
}

impl ModelStats {
    /// `profile/provider.model`, for people. Not an identity: names may hold `/` and `.`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.profile, joined(&self.provider, &self.model))
    }

    /// `provider.model`, or the bare model where the provider is empty.
    #[must_use]
    pub fn display_name(&self) -> String {
        joined(&self.provider, &self.model)
    }
}

fn joined(provider: &str, name: &str) -> String {
    if provider.is_empty() { name.to_owned() } else { format!("{provider}.{name}") }
}

/// The totals of all records.
///
/// ```
/// # use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
/// use usage_core::stats::aggregate_summary;
///
/// # let labels = Labels::new(LabelNames::new().with_instance("i").with_route("r").with_model("m"))?;
/// # let record = Record::new(labels, Usage::new(TokenCounts::unclassified(500), Timestamp::from_micros(0)).with_fallbacks(1))?;
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

/// The totals by profile, provider and route, in the order of these names.
#[must_use]
pub fn aggregate_by_route<R: Borrow<Record>>(
    records: impl IntoIterator<Item = R>,
) -> Vec<RouteStats> {
    records.into_iter().collect::<Aggregates>().by_route()
}

/// The totals by profile, provider and model: profiles in the order of their names, the models
/// of each by tokens, most first, then by provider and name.
#[must_use]
pub fn aggregate_by_model<R: Borrow<Record>>(
    records: impl IntoIterator<Item = R>,
) -> Vec<ModelStats> {
    records.into_iter().collect::<Aggregates>().by_model()
}

#[cfg(test)]
mod tests;
