//! Whether the suite finds what is wrong.

use std::panic;
use std::sync::LazyLock;
use std::time::Instant;

use proptest::test_runner::{RngAlgorithm, TestRng};
use usage_core::query::{Bounds, Calendar, EngineError, Limits, Order, Records, Seen, Selection};
use usage_core::stats::{Aggregates, Series};
use usage_core::{Filter, Label, Record, TimeRange, Timestamp};

use super::*;

#[test]
fn memory_passes() {
    check(64, || {
        let ledger = MemoryLedger::default();
        Subject::new(ledger.clone(), ledger)
    });
}

/// What an engine gets wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    IgnoresTheFilter,
    IgnoresTheFilterWhereNoNamesAreAsked,
    IncludesTheEnd,
    ExcludesTheStart,
    JoinsTwoNames,
    TrimsClosedSeries,
    KeepsTheOrderOfStoring,
    ForgetsLimits,
    NeverChanges,
    ForgetsABoundsMicrosecond,
    TellsEmptyNames,
    TellsMoreNames,
    TellsAnotherHorizon,
    ChecksLimitsOnce,
}

const FAULTS: [Fault; 14] = [
    Fault::IgnoresTheFilter,
    Fault::IgnoresTheFilterWhereNoNamesAreAsked,
    Fault::IncludesTheEnd,
    Fault::ExcludesTheStart,
    Fault::JoinsTwoNames,
    Fault::TrimsClosedSeries,
    Fault::KeepsTheOrderOfStoring,
    Fault::ForgetsLimits,
    Fault::NeverChanges,
    Fault::ForgetsABoundsMicrosecond,
    Fault::TellsEmptyNames,
    Fault::TellsMoreNames,
    Fault::TellsAnotherHorizon,
    Fault::ChecksLimitsOnce,
];

#[test]
fn every_fault_is_found() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let passed: Vec<_> = FAULTS
        .into_iter()
        .filter(|fault| {
            let wrong = || {
                let ledger = MemoryLedger::default();
                Subject::new(Wrong { ledger: ledger.clone(), fault: *fault }, ledger)
            };
            // The same cases in every run.
            let runner = || {
                let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
                TestRunner::new_with_rng(Config { max_shrink_iters: 0, ..config(48) }, rng)
            };
            panic::catch_unwind(|| check_with(runner(), wrong)).is_ok()
        })
        .collect();
    panic::set_hook(hook);
    assert!(passed.is_empty(), "not found: {passed:?}");
}

/// A ledger in memory with a fault.
struct Wrong {
    ledger: MemoryLedger,
    fault: Fault,
}

static ALL: LazyLock<Filter> = LazyLock::new(Filter::new);

impl Wrong {
    fn asked<'a>(&self, of: &Selection<'a>) -> Selection<'a> {
        let by = |instant: Option<Timestamp>| {
            instant.map(|at| Timestamp::from_micros(at.as_micros() + 1))
        };
        let mut of = of.clone();
        let TimeRange { start, end } = of.range;
        match self.fault {
            Fault::IgnoresTheFilter => of.filter = &ALL,
            Fault::IncludesTheEnd => of.range = TimeRange { start, end: by(end) },
            Fault::ExcludesTheStart => of.range = TimeRange { start: by(start), end },
            Fault::ForgetsLimits => of.limits = Limits::none(),
            _ => {}
        }
        of
    }
}

impl Engine for Wrong {
    fn totals(&self, of: &Selection<'_>) -> Result<Aggregates, EngineError> {
        let totals = self.ledger.totals(&self.asked(of))?;
        if !matches!(self.fault, Fault::JoinsTwoNames) {
            return Ok(totals);
        }
        let mut joined = Aggregates::default();
        for (labels, sums) in totals.groups() {
            let names = labels.names();
            let names = names.with(Label::Profile, names.reported(Label::Profile));
            joined.add_totals(usage_core::Labels::new(names).unwrap(), sums);
        }
        Ok(joined)
    }

    fn series(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, EngineError> {
        let mut series = self.ledger.series(&self.asked(of), by)?;
        if matches!(self.fault, Fault::TrimsClosedSeries) {
            series.trim(TimeRange::ALL);
        }
        Ok(series)
    }

    fn series_of_all(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, EngineError> {
        let mut of = self.asked(of);
        if matches!(self.fault, Fault::IgnoresTheFilterWhereNoNamesAreAsked) {
            of.filter = &ALL;
        }
        self.series(&of, by)
    }

    fn records<'a>(&'a self, of: &Selection<'a>, order: Order) -> Records<'a> {
        let of = self.asked(of);
        if matches!(self.fault, Fault::ChecksLimitsOnce) && of.limits.check(Instant::now).is_ok() {
            return self.ledger.records(&of.clone().within(Limits::none()), order);
        }
        if !matches!(self.fault, Fault::KeepsTheOrderOfStoring)
            || of.limits.check(Instant::now).is_err()
        {
            return self.ledger.records(&of, order);
        }
        let is_in = move |record: &Record| {
            of.range.contains(record.timestamp()) && of.filter.matches(&record.labels().names())
        };
        Box::new(self.ledger.all().into_iter().filter(is_in).map(Ok))
    }

    fn names(
        &self,
        label: Label,
        most: usize,
        limits: &Limits,
    ) -> Result<Vec<String>, EngineError> {
        match self.fault {
            Fault::ForgetsLimits => self.ledger.names(label, most, &Limits::none()),
            Fault::TellsEmptyNames => {
                let names = self.ledger.names(label, most, limits)?;
                Ok([String::new()].into_iter().chain(names).take(most).collect())
            }
            Fault::TellsMoreNames => self.ledger.names(label, most.saturating_add(1), limits),
            _ => self.ledger.names(label, most, limits),
        }
    }

    fn bounds(&self, limits: &Limits) -> Result<Bounds, EngineError> {
        let mut bounds = self.ledger.bounds(limits)?;
        if matches!(self.fault, Fault::ForgetsABoundsMicrosecond) {
            bounds.newest = bounds.newest.map(|at| Timestamp::from_micros(at.as_micros() - 1));
        }
        Ok(bounds)
    }

    fn horizon(&self, limits: &Limits) -> Result<Option<Timestamp>, EngineError> {
        let horizon = self.bounds(limits)?.accepts_from;
        match self.fault {
            Fault::TellsAnotherHorizon => Ok(horizon.or(Some(Timestamp::from_micros(0)))),
            _ => Ok(horizon),
        }
    }

    fn seen(&self) -> Result<Seen, EngineError> {
        match self.fault {
            Fault::NeverChanges => Ok(Seen::of([0])),
            _ => self.ledger.seen(),
        }
    }
}
