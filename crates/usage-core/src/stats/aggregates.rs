//! Totals by label set, and what is rolled up from them.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::{ModelStats, RouteStats, Summary};
use crate::{Label, Labels, Record};

/// Totals by label set: what every report is made of.
///
/// Its size depends on how many different label sets there are, never on how many records.
/// Aggregating parts and merging them, in any order, gives what aggregating all at once gives.
///
/// ```
/// # use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
/// use usage_core::stats::Aggregates;
///
/// # let labels = Labels::new(LabelNames::new().with_instance("i").with_route("r").with_model("m"))?;
/// # let record = Record::new(labels, Usage::new(TokenCounts::unclassified(500), Timestamp::from_micros(0)).with_fallbacks(1))?;
/// let mut morning: Aggregates = [&record].into_iter().collect();
/// let evening: Aggregates = [&record].into_iter().collect();
/// morning.merge(evening);
/// assert_eq!(morning.summary().requests, 2);
/// assert_eq!(morning.by_route()[0].key(), "default/r");
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aggregates {
    groups: HashMap<Labels, Summary>,
    unnamed: Summary,
}

impl Aggregates {
    /// Counts one record in.
    pub fn add(&mut self, record: &Record) {
        match self.groups.get_mut(record.labels()) {
            Some(totals) => totals.add(record),
            None => self.groups.entry(record.labels().clone()).or_default().add(record),
        }
    }

    /// Counts in what a group of records with these labels adds up to.
    pub fn add_totals(&mut self, labels: Labels, totals: &Summary) {
        self.groups.entry(labels).or_default().merge(totals);
    }

    /// Counts in what a group of records adds up to whose names nobody asked for. They are in the
    /// [`summary`](Self::summary) and in nothing that is rolled up by name.
    pub fn add_unnamed(&mut self, totals: &Summary) {
        self.unnamed.merge(totals);
    }

    /// Counts in all that the other one has.
    pub fn merge(&mut self, other: Self) {
        self.unnamed.merge(&other.unnamed);
        for (labels, totals) in other.groups {
            self.add_totals(labels, &totals);
        }
    }

    /// Whether nothing was counted in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.unnamed == Summary::default()
    }

    /// The label sets and their totals, in no particular order.
    pub fn groups(&self) -> impl Iterator<Item = (&Labels, &Summary)> {
        self.groups.iter()
    }

    /// The totals of everything.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = self.unnamed;
        for totals in self.groups.values() {
            summary.merge(totals);
        }
        summary
    }

    /// The totals by profile, provider and route, in the order of these names.
    #[must_use]
    pub fn by_route(&self) -> Vec<RouteStats> {
        self.rolled_up(Label::Route)
            .into_iter()
            .map(|([profile, provider, route], totals)| RouteStats {
                profile: profile.to_owned(),
                provider: provider.to_owned(),
                route: route.to_owned(),
                totals,
            })
            .collect()
    }

    /// The totals by profile, provider and model: profiles in the order of their names, the
    /// models of each by tokens, most first, then by provider and name.
    #[must_use]
    pub fn by_model(&self) -> Vec<ModelStats> {
        let mut models: Vec<_> = self
            .rolled_up(Label::Model)
            .into_iter()
            .map(|([profile, provider, model], totals)| ModelStats {
                profile: profile.to_owned(),
                provider: provider.to_owned(),
                model: model.to_owned(),
                totals,
            })
            .collect();
        // Stable: among equals the order of the names stays.
        models.sort_by(|a, b| {
            (&a.profile, Reverse(a.totals.tokens())).cmp(&(&b.profile, Reverse(b.totals.tokens())))
        });
        models
    }

    /// Grouped by the fields themselves, in their order: joined text would merge `a/b` + `c`
    /// with `a` + `b/c`.
    fn rolled_up(&self, last: Label) -> BTreeMap<[&str; 3], Summary> {
        let mut groups = BTreeMap::<_, Summary>::new();
        for (labels, totals) in &self.groups {
            let names = labels.names();
            let key = [Label::Profile, Label::Provider, last].map(|label| names.reported(label));
            groups.entry(key).or_default().merge(totals);
        }
        groups
    }
}

impl<R: Borrow<Record>> Extend<R> for Aggregates {
    fn extend<I: IntoIterator<Item = R>>(&mut self, records: I) {
        for record in records {
            self.add(record.borrow());
        }
    }
}

impl<R: Borrow<Record>> FromIterator<R> for Aggregates {
    fn from_iter<I: IntoIterator<Item = R>>(records: I) -> Self {
        let mut aggregates = Self::default();
        aggregates.extend(records);
        aggregates
    }
}
