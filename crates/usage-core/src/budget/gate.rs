//! Letting requests through while there is something left of a budget.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cached::CachedPrices;
use super::spending::Spending;
use super::{Budget, BudgetState, Permit, Refusal, Refused, state};
use crate::pricing::{Billed, PriceList, Question};
use crate::query::{Engine, Limits};
use crate::sink::Progress;
use crate::stats::Summary;
use crate::{Error, Label, LabelNames, Measure, Record, Timestamp};

/// So often the engine is asked at a time, where more is stored in the meantime.
const TRIES: usize = 3;

/// The rule for requests that count for a hard budget of money and have no price: nobody can say what they cost, and
/// it is never taken for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpriced {
    /// They pass, and their [permit](Permit::is_unpriced) says so.
    Admit,
    /// They are refused.
    Refuse,
}

/// A request that asks to be let through.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The names that its record is going to have.
    pub names: LabelNames<'a>,
    /// Now.
    pub at: Timestamp,
    /// The most that it may use, where that is known.
    pub at_most: Option<Billed>,
}

impl<'a> Request<'a> {
    /// Asks for a request of which nobody knows what it is going to use: it passes while anything is left.
    #[must_use]
    pub const fn new(names: LabelNames<'a>, at: Timestamp) -> Self {
        Self { names, at, at_most: None }
    }

    /// Says what it uses at most: that much is reserved until it is recorded.
    #[must_use]
    pub const fn at_most(self, at_most: Billed) -> Self {
        Self { at_most: Some(at_most), ..self }
    }
}

/// Says in microseconds whether a request may pass. Cheap to clone, and shared by all threads of a gateway.
///
/// It counts what a ledger holds, what was handed over to a tracker and is not stored yet, and what permits have
/// reserved. So with [`Request::at_most`] a hard budget is never overshot by what passes this gate, and without it by no
/// more than what is in flight when it is reached. What others write to the ledger it learns by
/// [`refresh`](Self::refresh): call that every second or so.
///
/// A record that is stored while the ledger is asked may count twice until it is asked again, and never not at all.
#[derive(Clone)]
pub struct Gate(Arc<Shared>);

struct Shared {
    prices: Option<CachedPrices>,
    unpriced: Unpriced,
    state: Mutex<State>,
    /// Held while the ledger is asked.
    refreshing: Mutex<()>,
}

struct State {
    budgets: Vec<Spending>,
}

impl Gate {
    /// Makes a gate of budgets, and asks the engine what is spent of them. Prices are those that the ledger prices by;
    /// without them no request has one.
    ///
    /// # Errors
    /// As [`state`].
    pub fn new(
        engine: &dyn Engine,
        budgets: impl IntoIterator<Item = Budget>,
        (prices, unpriced): (Option<Arc<dyn PriceList>>, Unpriced),
        now: Timestamp,
    ) -> Result<Self, Error> {
        let spending = |budget: Budget| {
            let period = budget.period_at(now)?;
            Ok(Spending::new(budget, period))
        };
        let budgets = budgets.into_iter().map(spending).collect::<Result<_, Error>>()?;
        let state = Mutex::new(State { budgets });
        let prices = prices.map(CachedPrices::new);
        let gate = Self(Arc::new(Shared { prices, unpriced, state, refreshing: Mutex::default() }));
        gate.refresh(engine, &(), now)?;
        Ok(gate)
    }

    /// Asks the engine anew what is spent: also what others have recorded. `progress` is the tracker that records are
    /// handed over to.
    ///
    /// # Errors
    /// As [`state`]; of a budget that cannot be counted the last known sum stays, and the others are up to date.
    pub fn refresh(
        &self,
        engine: &dyn Engine,
        progress: &dyn Progress,
        now: Timestamp,
    ) -> Result<(), Error> {
        let _alone = lock(&self.0.refreshing);
        let mut outcome = Ok(());
        for _ in 0..TRIES {
            let ended = progress.ended();
            outcome = self.refresh_once(engine, progress, now);
            // What was stored meanwhile may be in the sums, and counts twice then until it is known.
            if outcome.is_err() || progress.ended() == ended {
                break;
            }
        }
        outcome
    }

    fn refresh_once(
        &self,
        engine: &dyn Engine,
        progress: &dyn Progress,
        now: Timestamp,
    ) -> Result<(), Error> {
        // Before the engine is asked: what has ended by then is in its sums.
        let ended = progress.ended();
        let budgets: Vec<Budget> =
            self.state().budgets.iter().map(|of| of.budget.clone()).collect();
        let answers: Vec<_> =
            budgets.iter().map(|of| state(engine, of, now, &Limits::none())).collect();
        let mut state = self.state();
        let mut outcome = Ok(());
        for (spending, answer) in state.budgets.iter_mut().zip(answers) {
            let advanced = spending.advance(now);
            match answer.and_then(|answer| advanced.map(|()| answer)) {
                Ok(answer) => spending.refresh(&answer.period, answer.totals, ended),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    /// Lets a request through, or says by which hard budget it may not pass.
    ///
    /// # Errors
    /// When nothing is left of a hard budget that the request counts for, or less than it may come to.
    pub fn admit(&self, request: &Request<'_>) -> Result<Permit, Box<Refused>> {
        let mut permit = Permit::new(self.clone());
        let mut reserved = Vec::new();
        let mut state = self.state();
        for (index, spending) in state.budgets.iter_mut().enumerate() {
            if !spending.budget.filter().matches(&request.names) {
                continue;
            }
            let is_hard = spending.budget.is_hard();
            if spending.advance(request.at).is_err() && is_hard {
                return Err(refused(spending, Refusal::NoPeriod));
            }
            let limit = spending.budget.limit();
            let needed = match limit.is_cost() {
                true => self.price(request),
                false => Some(request.at_most.as_ref().map_or(0, tokens)),
            };
            if needed.is_none() {
                permit.is_unpriced = true;
                if is_hard && self.0.unpriced == Unpriced::Refuse {
                    return Err(refused(spending, Refusal::Unpriced));
                }
            }
            let needed = needed.unwrap_or(0);
            let committed = spending.committed().units();
            let is_spent = committed >= limit.units();
            if is_hard && is_spent {
                return Err(refused(spending, Refusal::Spent));
            }
            if is_hard && committed.saturating_add(needed) > limit.units() {
                return Err(refused(spending, Refusal::TooLittleLeft));
            }
            if is_spent {
                permit.past.push(spending.budget.name().to_owned());
            }
            if needed > 0 {
                reserved.push((index, needed));
            }
        }
        // Only now, as it passes all of them.
        for (index, units) in &reserved {
            if let Some(spending) = state.budgets.get_mut(*index) {
                spending.reserve(*units);
            }
        }
        drop(state);
        permit.reserved = reserved;
        Ok(permit)
    }

    /// Counts a record that was handed over to the tracker without a permit, such as one of a request that was let
    /// through by somebody else. Call it after the tracker has it.
    pub fn count(&self, record: &Record, progress: &dyn Progress) {
        // After it was handed over, so that it is among them.
        let accepted = progress.accepted();
        let names = record.names();
        let cost = self.0.prices.as_ref().and_then(|prices| {
            let billed = Billed::from(record.counts());
            let is_free = billed.is_nothing().then_some(crate::Money::ZERO);
            is_free.or_else(|| prices.cost(&Question::of(record), &billed))
        });
        let mut summary = Summary::of(record);
        // Of costs only those by list price count, and how many have one.
        summary[Measure::Priced] = 0;
        if let Some(cost) = cost {
            summary.add_cost(cost);
        }
        let mut state = self.state();
        for spending in &mut state.budgets {
            if spending.budget.filter().matches(&names) {
                spending.add(accepted, record.timestamp(), &summary);
            }
        }
    }

    /// Returns how the budgets stand, with what is handed over and not stored yet; without what is reserved.
    ///
    /// # Errors
    /// When no calendar has the instant.
    pub fn states(&self, now: Timestamp) -> Result<Vec<BudgetState>, Error> {
        let mut state = self.state();
        let state_of = |spending: &mut Spending| {
            spending.advance(now)?;
            Ok(spending.state(now))
        };
        state.budgets.iter_mut().map(state_of).collect()
    }

    pub(super) fn release(&self, reserved: &[(usize, u128)]) {
        if reserved.is_empty() {
            return;
        }
        let mut state = self.state();
        for (index, units) in reserved {
            if let Some(spending) = state.budgets.get_mut(*index) {
                spending.release(*units);
            }
        }
    }

    /// Returns what a request costs at most, in pico-dollars; `None` where it has no price.
    fn price(&self, request: &Request<'_>) -> Option<u128> {
        let name = |label| request.names.get(label);
        let billed = request.at_most.unwrap_or_default();
        let asked = Question::new(name(Label::Provider), name(Label::Model), request.at)
            .in_tier(name(Label::Tier))
            .with_total_input(billed.total_input());
        Some(self.0.prices.as_ref()?.cost(&asked, &billed)?.picos())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}

/// What is left half done by a panic is a sum that is one record behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All tokens of the disjoint kinds.
fn tokens(billed: &Billed) -> u128 {
    let kinds =
        [billed.input, billed.output, billed.cache_read, billed.cache_write, billed.unclassified];
    kinds.into_iter().map(u128::from).sum()
}

fn refused(spending: &Spending, why: Refusal) -> Box<Refused> {
    let (budget, committed) = (spending.budget.clone(), spending.committed());
    Box::new(Refused { budget, committed, until: spending.until(), why })
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("budgets", &self.state().budgets.len()).finish_non_exhaustive()
    }
}
