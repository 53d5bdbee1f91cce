//! The example of a gateway that refuses: it never gets past a budget by more than what is in flight.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

#[path = "../examples/budget_gateway.rs"]
mod budget_gateway;

use std::time::Duration;

use budget_gateway::{ANSWER, Gateway};
use usage_core::budget::{Amount, Budget, Per};
use usage_ledger::{Clock as _, Engine as _, Filter, SystemClock, TimeRange};

const THREADS: u64 = 8;
/// $15 for a million.
const PRICE: u128 = 15_000_000;

/// Returns what was stored in the end, in the budget's smallest steps.
fn spent(limit: Amount, at_most: Option<u64>) -> u128 {
    let folder = tempfile::tempdir().unwrap();
    let store = usage_ledger::open(folder.path().join("usage.db")).unwrap();
    let budget = Budget::new("all", limit, Per::Month).unwrap().hard();
    store.budgets().set(&budget).unwrap();
    // A soft one refuses nothing.
    store.budgets().set(&Budget::new("soft", Amount::Tokens(1), Per::Day).unwrap()).unwrap();
    let gateway = Gateway::new(store.clone()).unwrap();
    let mut answers = gateway.run(at_most).unwrap();
    let settle = || {
        gateway.tracker().flush(Duration::from_secs(60)).unwrap();
        gateway.refresh().unwrap();
    };
    settle();
    // A record may have counted twice for a moment, and a thread been refused too early: now nothing does.
    while gateway.handle(at_most).unwrap().is_ok() {
        answers += 1;
    }
    settle();
    // All of them were recorded, and the gate has counted each once.
    let all = Filter::new();
    let of = usage_core::query::Selection::new(TimeRange::ALL, &all);
    let totals = store.totals(&of).unwrap().summary();
    assert_eq!((totals.requests, totals.tokens()), (answers, answers * ANSWER));
    let now = SystemClock::new().now();
    for state in gateway.gate().states(now).unwrap() {
        assert_eq!(state.totals, totals);
        assert_eq!(state.unpriced_requests(), 0);
    }
    limit.spent(&totals).units()
}

#[test]
fn without_a_bound_it_overshoots_by_what_is_in_flight_at_most() {
    let flight = u128::from(THREADS * ANSWER);
    let tokens = spent(Amount::Tokens(20_001), None);
    assert!((20_001..20_001 + flight).contains(&tokens), "{tokens}");
    let limit = 20_001 * PRICE;
    let picos = spent(Amount::Cost(usage_core::Money::from_picos(limit)), None);
    assert!((limit..limit + flight * PRICE).contains(&picos), "{picos}");
}

#[test]
fn with_a_bound_it_never_overshoots() {
    let (limit, at_most) = (20_001, ANSWER + 30);
    let tokens = spent(Amount::Tokens(limit), Some(at_most));
    assert!((u128::from(limit - at_most) + 1..=limit.into()).contains(&tokens), "{tokens}");
    let limit = usage_core::Money::from_picos(u128::from(limit) * PRICE);
    // As many as there is room for, to the last.
    assert_eq!(spent(Amount::Cost(limit), Some(ANSWER)), limit.picos() / PRICE / 70 * 70 * PRICE);
}
