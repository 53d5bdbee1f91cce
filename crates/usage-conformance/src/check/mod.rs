//! The suite.

mod fixed;
mod same;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use proptest::test_runner::{Config, TestRunner};
use usage_core::pricing::PriceList;
use usage_core::sink::Sink;
use usage_core::{Engine, Record};

use crate::{MemoryLedger, random};

/// An engine, and what puts records into it.
pub struct Subject {
    engine: Box<dyn Engine>,
    sink: Box<dyn Sink>,
    prices: Option<Arc<dyn PriceList>>,
    _kept: Box<dyn Any>,
}

impl Subject {
    /// An engine over what the sink stores.
    pub fn new(engine: impl Engine + 'static, sink: impl Sink + 'static) -> Self {
        let (engine, sink) = (Box::new(engine), Box::new(sink));
        Self { engine, sink, prices: None, _kept: Box::new(()) }
    }

    /// Which prices its records by this list as they are stored.
    #[must_use]
    pub fn priced_by(self, prices: impl PriceList + 'static) -> Self {
        Self { prices: Some(Arc::new(prices)), ..self }
    }

    /// With something that must last as long, such as a temporary folder.
    #[must_use]
    pub fn keeping(self, kept: impl Any) -> Self {
        Self { _kept: Box::new(kept), ..self }
    }

    /// Stores a batch here and there, with the same outcome.
    fn store(&mut self, memory: &mut MemoryLedger, batch: &[Record]) {
        let outcome = self.sink.store(batch).expect("the batch is stored");
        assert_eq!(outcome, memory.store(batch).expect("memory is there"), "of {batch:#?}");
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").finish_non_exhaustive()
    }
}

/// Checks everything that [`Engine`] promises, with so many random cases; `make` makes an empty engine.
///
/// # Panics
/// When the engine breaks a promise, with what was asked, what it has answered, and what would have been right.
pub fn check(cases: u32, make: impl Fn() -> Subject) {
    check_with(TestRunner::new(config(cases)), make);
}

fn config(cases: u32) -> Config {
    // An engine on disk takes its time for each.
    let (failure_persistence, max_shrink_iters) = (None, 200);
    Config { cases, failure_persistence, max_shrink_iters, ..Config::default() }
}

fn check_with(mut runner: TestRunner, make: impl Fn() -> Subject) {
    fixed::an_empty_engine_answers(&make());
    fixed::limits_end_questions(make());
    fixed::records_end_where_they_are_cancelled(make());
    fixed::changes_are_noticed(make());
    fixed::names_are_told_in_order(make());
    fixed::answers_see_whole_batches(make());
    fixed::open_series_end_with_what_passes(make());
    fixed::records_far_apart_are_all_there(make());
    let result = runner.run(&random::case(), |case| {
        let mut subject = make();
        let mut memory = MemoryLedger::priced_by(subject.prices.clone());
        for batch in &case.batches {
            subject.store(&mut memory, batch);
        }
        same::everything(&*subject.engine, &memory);
        for question in &case.questions {
            same::question(&*subject.engine, &memory, question);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // Last, as it takes longest.
    fixed::too_many_buckets_are_refused(&make());
}

#[cfg(test)]
mod tests;
