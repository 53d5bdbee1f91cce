//! One state of the engine: which ledgers count, and up to which version.

use std::collections::HashSet;
use std::ops::Range;

use usage_core::Labels;
use usage_store::shipped::StretchLevel;

use super::Fail;
use super::cover::{day_of, quarter_of, start_of_day};
use super::labels::Names;
use crate::error::ShipError;
use crate::shipper::{Ledger, ledgers};
use crate::wire::{Dialect, Wire};

pub(crate) struct State<'a> {
    pub(crate) wire: &'a mut dyn Wire,
    pub(crate) names: &'a Names,
    ledgers: Vec<Ledger>,
}

impl<'a> State<'a> {
    pub(crate) fn read(wire: &'a mut dyn Wire, names: &'a mut Names) -> Result<Self, Fail> {
        let mut ledgers = ledgers(wire)?;
        ledgers.retain(|ledger| ledger.is_live);
        names.refresh(wire, &ledgers)?;
        Ok(Self { wire, names, ledgers })
    }

    pub(crate) fn ledgers(&self) -> &[Ledger] {
        &self.ledgers
    }

    pub(crate) fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.names.all()
    }

    /// Leaves one ledger.
    pub(crate) fn only(&mut self, epoch: &str) {
        self.ledgers.retain(|ledger| ledger.epoch == epoch);
    }

    /// The condition under which rows of any version may count.
    pub(crate) fn counting(&self) -> String {
        let of = |ledger: &Ledger| {
            format!("(epoch = '{}' AND version <= {})", ledger.epoch, ledger.version)
        };
        let any: Vec<_> = self.ledgers.iter().map(of).collect();
        if any.is_empty() { "1 = 0".to_owned() } else { format!("({})", any.join(" OR ")) }
    }

    /// Returns whether an engine has states of its own, so that what is read of one belongs together.
    pub(crate) fn is_whole(&self) -> bool {
        self.wire.dialect() == Dialect::Postgres
    }

    /// Returns the first and the last instant of which anything is counted, in microseconds.
    pub(crate) fn ends(&mut self) -> Result<Option<(i64, i64)>, Fail> {
        let days = self.days()?;
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(None) };
        let (first, last) = (start_of_day(*first), start_of_day(*last));
        let quarters = |start: i64| -> Range<i64> {
            quarter_of(start)..quarter_of(start_of_day(day_of(start) + 1))
        };
        let mut marks = self.marks(StretchLevel::Quarter, quarters(first))?;
        marks.extend(self.marks(StretchLevel::Quarter, quarters(last))?);
        let first = marks.iter().map(|mark| mark.times.0).min();
        let last = marks.iter().map(|mark| mark.times.1).max();
        Ok(first.zip(last))
    }

    /// The days in UTC that have anything, in their order.
    pub(crate) fn days(&mut self) -> Result<Vec<i64>, Fail> {
        let marks = self.marks(StretchLevel::Day, i64::MIN..i64::MAX)?;
        let mut days: Vec<_> = marks.into_iter().map(|mark| mark.number).collect();
        days.sort_unstable();
        days.dedup();
        Ok(days)
    }

    /// The first of some quarters of an hour that has sums without records.
    pub(crate) fn unkept(&mut self, quarters: Range<i64>) -> Result<Option<i64>, Fail> {
        let sums = self.marks(StretchLevel::Quarter, quarters.clone())?;
        let records = self.marks(StretchLevel::Records, quarters)?;
        let records_of: HashSet<_> = records.iter().map(|of| (of.ledger, of.number)).collect();
        let is_gone = |ledger: usize, number: i64| {
            let from = self.ledgers.get(ledger).and_then(|of| of.head.rows_from);
            from.is_some_and(|from| number < quarter_of(from))
        };
        let missing = sums.iter().filter(|of| {
            is_gone(of.ledger, of.number) || !records_of.contains(&(of.ledger, of.number))
        });
        Ok(missing.map(|of| of.number).min())
    }

    /// Checks that this state is the last one still: of earlier ones something may be deleted already.
    pub(crate) fn check_last(&mut self) -> Result<(), ShipError> {
        let versions = |of: &[Ledger]| -> Vec<(String, u64)> {
            of.iter().map(|of| (of.epoch.clone(), of.version)).collect()
        };
        let mut now = ledgers(self.wire)?;
        now.retain(|ledger| ledger.is_live);
        let (now, then) = (versions(&now), versions(&self.ledgers));
        let last = now.iter().filter(|of| then.contains(of)).count() as u64;
        self.check("usage_ledger", last, then.len() as u64)
    }

    /// Compares how many rows were read with how many there are to be.
    pub(crate) fn check(
        &self,
        table: &'static str,
        found: u64,
        expected: u64,
    ) -> Result<(), ShipError> {
        if found == expected { Ok(()) } else { Err(ShipError::Count { table, found, expected }) }
    }
}
