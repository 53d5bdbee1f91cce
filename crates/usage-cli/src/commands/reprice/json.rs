//! What pricing anew changes, for programs.

use serde::Serialize;
use serde_json::Value;
use usage_core::Period;
use usage_core::format::format_period_json;
use usage_store::{ModelCost, PricedSum, RepricePlan, RepriceScope, Repriced};

use crate::amounts;
use crate::context::Context;

#[derive(Serialize)]
pub(super) struct JsonPlan {
    schema: u32,
    period: Value,
    scope: &'static str,
    price_basis: &'static str,
    books: Vec<JsonBook>,
    records: u64,
    changed: u64,
    before: JsonSum,
    after: JsonSum,
    models: Vec<JsonModel>,
    skipped: Option<JsonSkipped>,
    /// False of what was only shown, and where nothing was to be changed.
    carried_out: bool,
}

#[derive(Serialize)]
struct JsonBook {
    name: String,
    version: String,
    date: String,
}

#[derive(Serialize)]
pub(super) struct JsonSum {
    priced_requests: u64,
    /// `None` where nothing has a price, which is not the same as a cost of zero.
    cost_usd: Option<String>,
}

impl From<PricedSum> for JsonSum {
    fn from(sum: PricedSum) -> Self {
        let cost_usd = (sum.priced > 0).then(|| sum.cost.to_string());
        Self { priced_requests: sum.priced, cost_usd }
    }
}

#[derive(Serialize)]
struct JsonModel {
    provider: String,
    model: String,
    records: u64,
    changed: u64,
    before: JsonSum,
    after: JsonSum,
}

#[derive(Serialize)]
struct JsonSkipped {
    requests: u64,
    from: String,
    until: String,
}

pub(super) fn plan(
    plan: &RepricePlan,
    period: &Period,
    done: Option<&Repriced>,
    context: &Context,
) -> JsonPlan {
    let at = |at| amounts::instant(at, context.zone());
    let model = |of: &ModelCost| JsonModel {
        provider: of.provider.clone(),
        model: of.model.clone(),
        records: of.requests,
        changed: of.changed,
        before: of.before.into(),
        after: of.after.into(),
    };
    let books = plan.books.iter().map(|book| JsonBook {
        name: book.book.name.to_string(),
        version: book.book.version.clone(),
        date: book.book.date.clone(),
    });
    JsonPlan {
        schema: 1,
        // What a library has just written as JSON is JSON.
        period: serde_json::from_str(&format_period_json(period)).unwrap_or_default(),
        scope: if plan.scope == RepriceScope::Missing { "missing" } else { "all" },
        price_basis: "list",
        books: books.collect(),
        records: done.map_or(plan.records, |done| done.records),
        changed: done.map_or(plan.changed, |done| done.changed),
        before: done.map_or(plan.before, |done| done.before).into(),
        after: done.map_or(plan.after, |done| done.after).into(),
        models: plan.models.iter().map(model).collect(),
        skipped: plan.skipped.map(|skipped| JsonSkipped {
            requests: skipped.requests,
            from: at(skipped.from),
            until: at(skipped.until),
        }),
        carried_out: done.is_some(),
    }
}
