//! Tests that the suite finds what is wrong.

use std::panic;
use std::sync::LazyLock;
use std::time::Instant;

use proptest::test_runner::{RngAlgorithm, TestRng};
use usage_core::query::{
    Block, Bounds, Calendar, Limits, Listing, Order, Records, Seen, Selection, Session,
};
use usage_core::sink::{BatchOutcome, Refusal};
use usage_core::stats::{Aggregates, Bucket, Series, Summary};
use usage_core::{Error, Filter, Label, Record, TagKey, TimeRange, Timestamp};

use super::*;
use crate::memory::told_apart;

#[test]
fn memory_passes() {
    check(64, || {
        let ledger = MemoryLedger::default();
        Subject::new(ledger.clone(), ledger)
    });
}

/// A fault of an engine.
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
    GivesARecordTwice,
    StoresInParts,
    MovesWhatCanBeCounted,
    BeginsOpenSeriesWithAnyRecord,
    TellsNoTagsApart,
    TellsAllTagsApart,
    ListsSessionsByTheirFirstRecord,
    SumsTheRangeOfASession,
    BeginsBlocksWithTheRange,
}

const FAULTS: [Fault; 23] = [
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
    Fault::GivesARecordTwice,
    Fault::StoresInParts,
    Fault::MovesWhatCanBeCounted,
    Fault::BeginsOpenSeriesWithAnyRecord,
    Fault::TellsNoTagsApart,
    Fault::TellsAllTagsApart,
    Fault::ListsSessionsByTheirFirstRecord,
    Fault::SumsTheRangeOfASession,
    Fault::BeginsBlocksWithTheRange,
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
                let engine = Wrong { ledger: ledger.clone(), fault: *fault };
                match fault {
                    Fault::StoresInParts => Subject::new(engine, InParts(ledger)),
                    _ => Subject::new(engine, ledger),
                }
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

/// Stores each record of a batch by itself.
struct InParts(MemoryLedger);

impl Sink for InParts {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        let mut outcome = BatchOutcome::default();
        for (index, record) in batch.iter().enumerate() {
            let one = self.0.store(std::slice::from_ref(record))?;
            outcome.stored += one.stored;
            outcome.duplicates += one.duplicates;
            outcome
                .refused
                .extend(one.refused.into_iter().map(|of| Refusal::new(index, of.reason)));
            // sleep: somebody has to look in between.
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        Ok(outcome)
    }
}

/// A ledger in memory with a fault.
struct Wrong {
    ledger: MemoryLedger,
    fault: Fault,
}

static ALL: LazyLock<Filter> = LazyLock::new(Filter::new);
static KEYS: LazyLock<Vec<TagKey>> = LazyLock::new(random::keys);

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
            Fault::TellsNoTagsApart => of.tags = &[],
            Fault::TellsAllTagsApart => of.tags = &KEYS,
            _ => {}
        }
        of
    }
}

impl Engine for Wrong {
    fn totals(&self, of: &Selection<'_>) -> Result<Aggregates, Error> {
        let totals = self.ledger.totals(&self.asked(of))?;
        if !matches!(self.fault, Fault::JoinsTwoNames) {
            return Ok(totals);
        }
        let mut joined = Aggregates::default();
        for (labels, rollups) in totals.groups() {
            let names = labels.names();
            let names = names.with(Label::Profile, names.reported(Label::Profile));
            joined.add_totals(usage_core::Labels::new(names).unwrap(), rollups);
        }
        Ok(joined)
    }

    fn series(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error> {
        let mut series = self.ledger.series(&self.asked(of), by)?;
        if matches!(self.fault, Fault::TrimsClosedSeries) {
            series.trim(TimeRange::ALL);
        }
        let is_open = of.range.start.is_none() || of.range.end.is_none();
        if matches!(self.fault, Fault::BeginsOpenSeriesWithAnyRecord) && is_open {
            let every = self.ledger.series(&Selection::new(of.range, &ALL), by)?;
            let ranges: Vec<_> = every.buckets().iter().map(Bucket::range).collect();
            series = Series::over_stretches(&ranges, by.unit, by.zone)?;
            for record in self.ledger.records(of, Order::OldestFirst) {
                let record = record?;
                let at = series.position(record.timestamp());
                if let Some(bucket) = at.and_then(|at| series.bucket_mut(at)) {
                    bucket.usage_mut().add_totals(told_apart(of, &record), &Summary::of(&record));
                }
            }
        }
        Ok(series)
    }

    fn series_of_all(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error> {
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
        if matches!(self.fault, Fault::GivesARecordTwice) {
            let mut records = self.ledger.records(&of, order);
            let first = records.next();
            let again = first.iter().flatten().cloned().map(Ok).collect::<Vec<_>>();
            return Box::new(first.into_iter().chain(again).chain(records));
        }
        if !matches!(self.fault, Fault::KeepsTheOrderOfStoring)
            || of.limits.check(Instant::now).is_err()
        {
            return self.ledger.records(&of, order);
        }
        let is_in = move |record: &Record| {
            of.range.contains(record.timestamp()) && of.filter.matches(&record.names())
        };
        Box::new(self.ledger.all().into_iter().filter(is_in).map(Ok))
    }

    fn names(&self, label: Label, most: usize, limits: &Limits) -> Result<Vec<String>, Error> {
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

    fn sessions(
        &self,
        of: &Selection<'_>,
        listing: Listing,
    ) -> Result<Option<Vec<Session>>, Error> {
        let asked = self.asked(of);
        if matches!(self.fault, Fault::ListsSessionsByTheirFirstRecord) {
            let mut all = asked.clone();
            all.range = TimeRange::ALL;
            let mut sessions = self.ledger.sessions(&all, Listing::default())?.unwrap_or_default();
            sessions.retain(|session| of.range.contains(session.time.0));
            listing.apply(&mut sessions);
            return Ok(Some(sessions));
        }
        let mut sessions = self.ledger.sessions(&asked, listing)?.unwrap_or_default();
        if matches!(self.fault, Fault::SumsTheRangeOfASession) {
            for session in &mut sessions {
                session.totals = session.in_range.unwrap_or_default();
            }
        }
        Ok(Some(sessions))
    }

    fn blocks(&self, of: &Selection<'_>) -> Result<Vec<Block>, Error> {
        let asked = self.asked(of);
        if matches!(self.fault, Fault::BeginsBlocksWithTheRange) {
            let mut within = asked.clone();
            within.filter = &ALL;
            let records: Vec<_> =
                self.ledger.records(&within, Order::OldestFirst).collect::<Result<_, _>>()?;
            let mut ledger = MemoryLedger::default();
            ledger.store(&records).unwrap();
            return ledger.blocks(&asked);
        }
        self.ledger.blocks(&asked)
    }

    fn bounds(&self, limits: &Limits) -> Result<Bounds, Error> {
        let mut bounds = self.ledger.bounds(limits)?;
        if matches!(self.fault, Fault::ForgetsABoundsMicrosecond) {
            bounds.newest = bounds.newest.map(|at| Timestamp::from_micros(at.as_micros() - 1));
        }
        Ok(bounds)
    }

    fn countable(&self, range: TimeRange, limits: &Limits) -> Result<TimeRange, Error> {
        let TimeRange { start, end } = self.ledger.countable(range, limits)?;
        let moved =
            |at: Timestamp| Timestamp::from_micros(at.as_micros() / 900_000_000 * 900_000_000);
        match self.fault {
            Fault::MovesWhatCanBeCounted => Ok(TimeRange { start, end: end.map(moved) }),
            _ => Ok(range),
        }
    }

    fn horizon(&self, limits: &Limits) -> Result<Option<Timestamp>, Error> {
        let horizon = self.bounds(limits)?.accepts_from;
        match self.fault {
            Fault::TellsAnotherHorizon => Ok(horizon.or(Some(Timestamp::from_micros(0)))),
            _ => Ok(horizon),
        }
    }

    fn seen(&self) -> Result<Seen, Error> {
        match self.fault {
            Fault::NeverChanges => Ok(Seen::of([0])),
            _ => self.ledger.seen(),
        }
    }
}
