//! The sums of one budget that a gate knows: stored, handed over, and in flight.

use std::collections::VecDeque;

use super::{Amount, Budget, BudgetState};
use crate::stats::Summary;
use crate::{Error, Period, TimeRange, Timestamp};

/// The later periods of which sums are kept; the clocks of more are wrong.
const MOST_LATER: usize = 16;

/// So many records are kept apart; more are dropped together, the later ones later than they could be.
const MOST_APART: usize = 4_096;

/// What was handed over and is not known to be in the ledger's sum.
#[derive(Default)]
struct Pending {
    /// Each with how many records had been accepted when it was counted, the oldest first.
    records: VecDeque<(u64, Summary)>,
    sum: Summary,
}

impl Pending {
    fn add(&mut self, accepted: u64, of: &Summary) {
        self.sum.merge(of);
        let is_full = self.records.len() >= MOST_APART;
        match self.records.back_mut() {
            // Several threads may have come out of their order.
            Some((last, sum)) if is_full || accepted <= *last => {
                *last = accepted.max(*last);
                sum.merge(of);
            }
            _ => self.records.push_back((accepted, *of)),
        }
    }

    /// Drops the first so many accepted ones.
    fn drop_first(&mut self, ended: u64) {
        let count = self.records.partition_point(|(accepted, _)| *accepted <= ended);
        self.records.drain(..count);
        self.sum = Summary::default();
        self.records.iter().for_each(|(_, of)| self.sum.merge(of));
    }
}

/// What is known of the spending of a budget in its present period.
pub(super) struct Spending {
    pub(super) budget: Budget,
    period: Period,
    range: TimeRange,
    /// As the ledger had it last.
    stored: Summary,
    /// Handed over since.
    pending: Pending,
    /// Handed over with times of later periods, which begin when a request or a question says so: one record of a wrong
    /// clock is no reason to forget what is spent.
    later: Vec<(TimeRange, Pending)>,
    /// What requests that are under way may come to at most, where that is known.
    reserved: u128,
}

impl Spending {
    pub(super) fn new(budget: Budget, period: Period) -> Self {
        let range = TimeRange::from(&period);
        let (stored, pending) = (Summary::default(), Pending::default());
        Self { budget, period, range, stored, pending, later: Vec::new(), reserved: 0 }
    }

    /// Goes on to the period that an instant is in, where the present one is over. Nothing is spent in it yet, as far as
    /// is known here; what is under way stays reserved.
    pub(super) fn advance(&mut self, at: Timestamp) -> Result<(), Error> {
        if self.range.end.is_some_and(|end| end <= at) {
            self.period = self.budget.period_at(at)?;
            self.range = TimeRange::from(&self.period);
            self.stored = Summary::default();
            let later = self.later.iter().position(|(range, _)| *range == self.range);
            self.pending = later.map(|at| self.later.swap_remove(at).1).unwrap_or_default();
            self.later.retain(|(range, _)| range.start > self.range.start);
        }
        Ok(())
    }

    /// Counts what was handed over, if it is of this period or a later one.
    pub(super) fn add(&mut self, accepted: u64, at: Timestamp, of: &Summary) {
        let pending = match self.range.contains(at) {
            true => Some(&mut self.pending),
            false => self.later_of(at),
        };
        if let Some(pending) = pending {
            pending.add(accepted, of);
        }
    }

    /// Returns the sums of the later period that an instant is in.
    fn later_of(&mut self, at: Timestamp) -> Option<&mut Pending> {
        self.range.end.filter(|end| *end <= at)?;
        let known = self.later.iter().position(|(range, _)| range.contains(at));
        let index = match known {
            Some(index) => index,
            None if self.later.len() >= MOST_LATER => return None,
            None => {
                let period = self.budget.period_at(at).ok()?;
                self.later.push((TimeRange::from(&period), Pending::default()));
                self.later.len() - 1
            }
        };
        self.later.get_mut(index).map(|(_, pending)| pending)
    }

    /// Takes over the ledger's sum of a period, which has the first so many records that were accepted.
    pub(super) fn refresh(&mut self, period: &Period, stored: Summary, ended: u64) {
        // Another period has begun meanwhile.
        if self.range == TimeRange::from(period) {
            self.stored = stored;
            self.pending.drop_first(ended);
        }
    }

    pub(super) fn reserve(&mut self, units: u128) {
        self.reserved = self.reserved.saturating_add(units);
    }

    pub(super) fn release(&mut self, units: u128) {
        self.reserved = self.reserved.saturating_sub(units);
    }

    /// Returns when the present period ends.
    pub(super) const fn until(&self) -> Option<Timestamp> {
        self.range.end
    }

    /// Returns what is stored and handed over.
    pub(super) fn totals(&self) -> Summary {
        let mut totals = self.stored;
        totals.merge(&self.pending.sum);
        totals
    }

    /// Returns what is spent with what is reserved.
    pub(super) fn committed(&self) -> Amount {
        let spent = self.budget.limit().spent(&self.totals());
        spent.with_units(spent.units().saturating_add(self.reserved))
    }

    pub(super) fn state(&self, now: Timestamp) -> BudgetState {
        BudgetState::new(self.budget.clone(), self.period.clone(), self.totals(), now)
    }
}
