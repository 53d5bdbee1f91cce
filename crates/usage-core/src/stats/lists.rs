//! The two lists that a report has unless it is grouped otherwise, under the names of the program that this one
//! comes from: a thin layer over [`Table`].

use std::borrow::Borrow;

use super::{Aggregates, Grouping, Key, Row, Series, Summary, Table};
use crate::Record;

/// The totals of one route of one provider under one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
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
        format!("{}/{}", self.profile, self.display_name())
    }

    /// `provider.route`, or the bare route where the provider is empty.
    #[must_use]
    pub fn display_name(&self) -> String {
        joined([&self.provider, &self.route])
    }
}

impl ModelStats {
    /// `profile/provider.model`, for people. Not an identity: names may hold `/` and `.`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.profile, self.display_name())
    }

    /// `provider.model`, or the bare model where the provider is empty.
    #[must_use]
    pub fn display_name(&self) -> String {
        joined([&self.provider, &self.model])
    }
}

/// The names apart by a dot, those that are empty left out.
pub(crate) fn joined<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names = names.into_iter().map(String::as_str).filter(|name| !name.is_empty());
    names.collect::<Vec<_>>().join(".")
}

/// The totals by profile, provider and route, in the order of these names.
#[must_use]
pub fn aggregate_by_route<R: Borrow<Record>>(
    records: impl IntoIterator<Item = R>,
) -> Vec<RouteStats> {
    listed(Grouping::routes(), records)
        .map(|([profile, provider, route], totals)| RouteStats { profile, provider, route, totals })
        .collect()
}

/// The totals by profile, provider and model: profiles in the order of their names, the models
/// of each by tokens, most first, then by provider and name.
#[must_use]
pub fn aggregate_by_model<R: Borrow<Record>>(
    records: impl IntoIterator<Item = R>,
) -> Vec<ModelStats> {
    listed(Grouping::models(), records)
        .map(|([profile, provider, model], totals)| ModelStats { profile, provider, model, totals })
        .collect()
}

fn listed<R: Borrow<Record>>(
    by: Grouping,
    records: impl IntoIterator<Item = R>,
) -> impl Iterator<Item = ([String; 3], Summary)> {
    let usage: Aggregates = records.into_iter().collect();
    let names = |Row { keys, totals }: Row| {
        let mut names = keys.into_iter().filter_map(|key| match key {
            Key::Name(name) => Some(name),
            Key::Time(_) => None,
        });
        (std::array::from_fn(|_| names.next().unwrap_or_default()), totals)
    };
    Table::new(by, &Series::whole(usage), None).into_rows().map(names)
}
