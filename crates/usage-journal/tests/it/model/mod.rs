//! The model test: histories of a machine, with everything that can go wrong.

mod expect;
mod machine;
mod op;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use machine::Machine;
use op::history;

use crate::sim::Flaw;

/// More than usual: a case takes a few milliseconds.
fn config() -> Config {
    let config = Config::default();
    Config { cases: config.cases.max(1_000), max_shrink_iters: 20_000, ..config }
}

proptest! {
    #![proptest_config(config())]

    /// Whatever happens: nothing twice, nothing invented, nothing missing that must be there.
    #[test]
    fn whatever_happens((sync, ops) in history()) {
        Machine::new(sync).run(&ops).map_err(TestCaseError::fail)?;
    }
}

/// Finds this flaw by the model: in the same histories each time, and not in too many of them.
fn finds(flaw: Flaw) -> String {
    let config = Config { cases: 500, max_shrink_iters: 0, failure_persistence: None, ..config() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result = TestRunner::new_with_rng(config, random).run(&history(), |(sync, ops)| {
        Machine::flawed(sync, flaw).run(&ops).map_err(TestCaseError::fail)
    });
    match result {
        Err(TestError::Fail(reason, _)) => reason.to_string(),
        other => panic!("{flaw:?} was not found: {other:?}"),
    }
}

#[test]
fn a_checksum_that_is_not_looked_at_is_found() {
    let found = finds(Flaw::MendsChecksums);
    assert!(found.contains("invented") || found.contains("twice"), "{found}");
}

#[test]
fn space_that_is_given_back_early_is_found() {
    let found = finds(Flaw::OnlySaysDurable);
    assert!(found.contains("is missing"), "{found}");
}

#[test]
fn a_generation_that_is_not_counted_is_found() {
    let found = finds(Flaw::ForgetsGenerations);
    assert!(found.contains("is missing"), "{found}");
}
