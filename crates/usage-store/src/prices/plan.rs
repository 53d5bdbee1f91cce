//! The plan of pricing records anew, with what it would change.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use usage_core::pricing::{PriceList, Quote, Terms, Unknown};
use usage_core::{Filter, Label, Measure, Money, TimeRange, Timestamp};

use super::rows::{Answers, PricedRow, Reader};
use crate::error::ReadError;
use crate::ledger::books::{self, LedgerBook};
use crate::ledger::terms::{Costs, cost_by};
use crate::retention::kept_in;
use crate::{Result, Store, StoreError};

/// The records that are priced anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepriceScope {
    /// All of them.
    All,
    /// Those that have no price: they were not priced yet, or nothing was known.
    #[default]
    Missing,
}

/// The sum of priced requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PricedSum {
    /// The number of requests that have a price.
    pub priced: u64,
    /// Their cost by list price.
    pub cost: Money,
}

impl PricedSum {
    pub(super) fn add(&mut self, cost: Option<Money>) {
        if let Some(cost) = cost {
            self.priced += 1;
            self.cost = self.cost.plus(cost);
        }
    }
}

/// The costs of a model, as they are and as they would be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelCost {
    /// Who serves it; may be empty.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The number of its requests that were looked at.
    pub requests: u64,
    /// The number of those that would have other terms.
    pub changed: u64,
    /// What they come to now.
    pub before: PricedSum,
    /// What they would come to.
    pub after: PricedSum,
}

/// Requests that cannot be priced anew, as only their sums are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Their number, of whatever names.
    pub requests: u64,
    /// When the first quarter of an hour of them begins.
    pub from: Timestamp,
    /// When the last one ends.
    pub until: Timestamp,
}

/// The plan of pricing records anew by the ledger's books, with what it would change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RepricePlan {
    /// The time of the records.
    pub range: TimeRange,
    /// Their names.
    pub filter: Filter,
    /// Which of them.
    pub scope: RepriceScope,
    /// The number of records that were looked at.
    pub records: u64,
    /// The number of those that would have other terms.
    pub changed: u64,
    /// What they come to now.
    pub before: PricedSum,
    /// What they would come to.
    pub after: PricedSum,
    /// The same by model, the greatest cost first.
    pub models: Vec<ModelCost>,
    /// What stays as it is, as only sums are left.
    pub skipped: Option<Skipped>,
    /// The ledger's books. One that this program has newer takes the place of the ledger's when the plan is carried
    /// out.
    pub books: Vec<LedgerBook>,
}

impl RepricePlan {
    /// Returns what pricing anew the records of a range that pass a filter would change: a plan for
    /// [`Store::reprice`]. Reads each of them.
    ///
    /// # Errors
    /// When the ledger cannot be read, and where there are no [prices](StoreError::WithoutPricing), or they
    /// [cannot be read](StoreError::UnreadableBooks).
    pub fn new(
        store: &Store,
        range: TimeRange,
        filter: &Filter,
        scope: RepriceScope,
    ) -> Result<Self> {
        let pricing = store.needs_pricing()?;
        let plan = store.read("read the ledger", |connection| {
            let Some(list) = books::list(connection, &**pricing)? else { return Ok(None) };
            let mut models = BTreeMap::<(String, String), ModelCost>::new();
            let mut answers = Answers::new();
            let mut reader = Reader::new(connection, range, filter)?;
            reader.each_behind((i64::MIN, i64::MIN), |row, costs| {
                if let Some(new) = reprice(&*list, &mut answers, scope, row, costs, |_| Ok(()))? {
                    let name = |label| row.labels.name(label).to_owned();
                    let key = (name(Label::Provider), name(Label::Model));
                    let of = models.entry(key).or_insert_with_key(|(provider, model)| ModelCost {
                        provider: provider.clone(),
                        model: model.clone(),
                        requests: 0,
                        changed: 0,
                        before: PricedSum::default(),
                        after: PricedSum::default(),
                    });
                    of.requests += 1;
                    of.changed += u64::from(new.terms.is_some());
                    of.before.add(new.before);
                    of.after.add(new.after);
                }
                Ok(ControlFlow::Continue(()))
            })?;
            let [from, until] = [range.start, range.end];
            let from = from.map_or(i64::MIN, Timestamp::as_micros);
            let kept = kept_in(connection, &(from..until.map_or(i64::MAX, Timestamp::as_micros)))?;
            let skipped =
                kept.extent.map(|[from, until]| Skipped { requests: kept.requests, from, until });
            let mut books = books::all(connection)?;
            books.retain(|book| book.is_in_force);
            let mut plan = Self {
                range,
                filter: filter.clone(),
                scope,
                records: 0,
                changed: 0,
                before: PricedSum::default(),
                after: PricedSum::default(),
                models: models.into_values().collect(),
                skipped: skipped.filter(|skipped| skipped.requests > 0),
                books,
            };
            plan.add_up();
            Ok(Some(plan))
        })?;
        plan.ok_or_else(|| StoreError::UnreadableBooks { path: store.path().to_owned() })
    }

    fn add_up(&mut self) {
        let sum = |of: fn(&ModelCost) -> PricedSum| {
            self.models.iter().map(of).fold(PricedSum::default(), |sum, of| PricedSum {
                priced: sum.priced + of.priced,
                cost: sum.cost.plus(of.cost),
            })
        };
        (self.before, self.after) = (sum(|of| of.before), sum(|of| of.after));
        self.records = self.models.iter().map(|of| of.requests).sum();
        self.changed = self.models.iter().map(|of| of.changed).sum();
        self.models
            .sort_by_key(|of| std::cmp::Reverse((of.after.cost, of.before.cost, of.requests)));
    }

    /// Returns whether nothing would change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changed == 0
    }
}

/// What becomes of a row.
pub(super) struct New<T> {
    /// Something about its new terms; `None` where it keeps those that it has.
    pub(super) terms: Option<T>,
    pub(super) before: Option<Money>,
    pub(super) after: Option<Money>,
}

/// Prices a row anew; `None` for one that is out of scope. Terms that say the same as those that it has are no news:
/// it keeps these, and with them by which book it was priced.
pub(super) fn reprice<T: Clone>(
    list: &dyn PriceList,
    answers: &mut Answers<Option<T>>,
    scope: RepriceScope,
    row: &PricedRow<'_>,
    costs: &mut Costs<'_>,
    keep: impl FnOnce(&Quote) -> Result<T, ReadError>,
) -> Result<Option<New<T>>, ReadError> {
    let before = (row.totals[Measure::Priced] > 0).then_some(row.totals.cost);
    if scope == RepriceScope::Missing && before.is_some() {
        return Ok(None);
    }
    let has: Option<Result<Terms, Unknown>> = match row.terms {
        Some(id) => Some(costs.terms(id)?.terms),
        None => None,
    };
    let Some((quote, kept)) = answers.get(row, |question| (list.quote(question), None)) else {
        return Ok(None);
    };
    if has == Some(quote.terms) {
        return Ok(Some(New { terms: None, before, after: before }));
    }
    let after = cost_by(quote.terms.as_ref().ok(), &row.billed());
    let terms = match kept {
        Some(kept) => kept.clone(),
        None => kept.insert(keep(quote)?).clone(),
    };
    Ok(Some(New { terms: Some(terms), before, after }))
}
