//! Costs through the store: whatever comes, goes, is told again and is priced anew, sums are the exact ones of the
//! rows and of what rows were.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use usage_core::pricing::Billed;
use usage_core::{
    Filter, LabelNames, Labels, Measure, Money, Record, TimeRange, TokenCounts, Usage,
};
use usage_prices::{ShippedPrices, Terms, cost};
use usage_store::doctor::{self, Depth, examine};
use usage_store::{PrunePlan, RepricePlan, RepriceScope, Store, StoreOptions};

use super::support::{DEADLINE, KEEP_SUMS, Place, at, range, stored};

/// A quarter of an hour.
const QUARTER: i64 = 900_000_000;
/// So many quarters are spread over some months.
const QUARTERS: i64 = 12;
const APART: i64 = 800 * QUARTER;

#[derive(Clone, Debug)]
enum Step {
    /// Records, by a store with prices or without.
    Insert(Vec<(i64, usize, [u64; 5])>, bool),
    /// A book of one's own: for each model dollars a million tokens of input and output, in millionths.
    Book([[u64; 2]; 2]),
    Reprice(RepriceScope, i64, i64),
    Delete(i64, i64),
    KeepSums(i64),
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    let big = prop_oneof![0..2_000_u64, Just(1_000_000_000_u64)];
    let record = (0..QUARTERS * 2, 0..3_usize, prop::array::uniform5(big));
    let price = prop_oneof![0..20_000_000_u64, Just(999_999_000_000_000_000_u64)];
    let quarter = 0..=QUARTERS;
    prop_oneof![
        4 => (prop::collection::vec(record, 1..12), any::<bool>()).prop_map(|(all, priced)| Step::Insert(all, priced)),
        2 => prop::array::uniform2(prop::array::uniform2(price)).prop_map(Step::Book),
        2 => (prop::sample::select(vec![RepriceScope::All, RepriceScope::Missing]), quarter.clone(), quarter.clone())
            .prop_map(|(scope, one, other)| Step::Reprice(scope, one.min(other), one.max(other))),
        1 => (quarter.clone(), quarter.clone()).prop_map(|(one, other)| Step::Delete(one.min(other), one.max(other))),
        1 => quarter.prop_map(Step::KeepSums),
        1 => Just(Step::Rebuild),
    ]
}

/// The start of a numbered quarter of an hour, in the middle of which records lie, and at its start.
const fn start(number: i64) -> i64 {
    number * APART
}

const MODELS: [&str; 3] = ["one", "two", "unpriced"];

fn record(
    (half, model, [input, output, read, write, fallbacks]): (i64, usize, [u64; 5]),
) -> Record {
    let names = LabelNames::new()
        .with_instance("i")
        .with_route("r")
        .with_provider("own")
        .with_model(MODELS[model]);
    let mut tokens = TokenCounts::new().with_input(input).with_output(output);
    if model == 2 {
        tokens = tokens.with_cache_read(read).with_cache_write(write);
    }
    let micros = start(half / 2) + if half % 2 == 0 { 0 } else { QUARTER / 2 };
    let usage = Usage::new(tokens, at(micros)).with_fallbacks(fallbacks);
    Record::new(Labels::new(names).unwrap(), usage).unwrap()
}

/// Writes a number of millionths.
fn millionths(price: u64) -> String {
    format!("{}.{:06}", price / 1_000_000, price % 1_000_000)
}

/// The ledger as it should be.
#[derive(Default)]
struct Model {
    terms: [Option<Terms>; 3],
    /// By id: time, record and cost.
    rows: BTreeMap<i64, (Record, Option<Money>)>,
    next: i64,
    frozen: (u64, Money),
    rows_from: i64,
}

impl Model {
    fn cost(&self, record: &Record) -> Option<Money> {
        let model = MODELS
            .iter()
            .position(|model| record.labels().names().get(usage_core::Label::Model) == *model)?;
        let terms = self.terms[model].as_ref()?;
        // By numbers that cannot overflow, each by itself.
        cost(terms, &Billed::from(record.counts())).ok().map(Money::from_picos)
    }

    fn sums(&self) -> (u64, Money) {
        let costs = self.rows.values().filter_map(|(_, cost)| *cost);
        costs.fold(self.frozen, |(count, sum), cost| (count + 1, sum.plus(cost)))
    }
}

fn sums(store: &Store, range: TimeRange) -> (u64, Money) {
    let summary = store.report(range, &Filter::default()).unwrap().summary();
    (summary[Measure::Priced], summary.cost)
}

fn run(steps: Vec<Step>) {
    let place = Place::new();
    let open = |priced: bool| {
        let mut options = StoreOptions::default();
        options.busy_timeout = DEADLINE;
        let options = if priced { options.with_pricing(Arc::new(ShippedPrices)) } else { options };
        options.open(&place.path).unwrap()
    };
    let (store, without) = (open(true), open(false));
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Insert(all, priced) => {
                let records: Vec<_> = all.into_iter().map(record).collect();
                let outcome =
                    if priced { &store } else { &without }.insert_batch(&records).unwrap();
                let refused: Vec<_> = outcome.refused.iter().map(|refusal| refusal.index).collect();
                for (index, record) in records.into_iter().enumerate() {
                    if refused.contains(&index) {
                        continue;
                    }
                    model.next += 1;
                    let cost = if priced { model.cost(&record) } else { None };
                    model.rows.insert(model.next, (record, cost));
                }
            }
            Step::Book(prices) => {
                let line = |(model, [input, output]): (usize, [u64; 2])| {
                    format!(
                        "[[price]]\nprovider = \"own\"\nmodel = \"{}\"\ninput = \"{}\"\noutput = \"{}\"\n",
                        MODELS[model],
                        millionths(input),
                        millionths(output)
                    )
                };
                let text: String = prices.into_iter().enumerate().map(line).collect();
                store.prices().put(&text, at(1), "test").unwrap();
                for (terms, [input, output]) in model.terms.iter_mut().zip(prices) {
                    let text = format!("in={} out={}", millionths(input), millionths(output));
                    *terms = Some(text.parse().unwrap());
                }
            }
            Step::Reprice(scope, from, until) => {
                let range = range(start(from), start(until) + QUARTER);
                let plan = RepricePlan::new(&store, range, &Filter::default(), scope).unwrap();
                let done = store.reprice(&plan, at(2), "test", |_| {}).unwrap();
                assert_eq!((plan.changed, plan.after), (done.changed, done.after));
                let new: Vec<_> = model
                    .rows
                    .iter()
                    .filter(|(_, (record, cost))| {
                        let micros = record.timestamp().as_micros();
                        let is_in = micros >= start(from) && micros < start(until) + QUARTER;
                        is_in && (scope == RepriceScope::All || cost.is_none())
                    })
                    .map(|(id, (record, _))| (*id, model.cost(record)))
                    .collect();
                for (id, cost) in new {
                    model.rows.get_mut(&id).unwrap().1 = cost;
                }
            }
            Step::Delete(from, until) => {
                // Not where only sums are left: these would go too.
                let from = start(from).max(model.rows_from);
                let until = start(until) + QUARTER;
                if from < until {
                    let plan =
                        usage_store::DeleteRangePlan::new(&store, at(from), at(until)).unwrap();
                    store.delete(plan, |_| {}).unwrap();
                    model.rows.retain(|_, (record, _)| {
                        !(from..until).contains(&record.timestamp().as_micros())
                    });
                }
            }
            Step::KeepSums(before) => {
                let before = start(before);
                let plan = PrunePlan::new(&store, at(before), &KEEP_SUMS).unwrap();
                store.delete(plan, |_| {}).unwrap();
                model.rows_from = model.rows_from.max(before);
                let frozen = &mut model.frozen;
                model.rows.retain(|_, (record, cost)| {
                    let stays = record.timestamp().as_micros() >= before;
                    if let (false, Some(cost)) = (stays, *cost) {
                        *frozen = (frozen.0 + 1, frozen.1.plus(cost));
                    }
                    stays
                });
            }
            Step::Rebuild => assert_eq!(doctor::rebuild(&store).unwrap().changed, 0),
        }
        assert_eq!(sums(&store, TimeRange::ALL), model.sums());
    }
    let rows: BTreeMap<_, _> =
        stored(&store).into_iter().map(|row| (row.id, (row.record, row.cost))).collect();
    assert!(rows.values().eq(model.rows.values()), "{rows:#?}\n{:#?}", model.rows);
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sums_of_cost_are_exact(steps in prop::collection::vec(step(), 1..12)) {
        run(steps);
    }
}
