//! The state of a budget: what is spent, of how much, and what it comes to at this pace.

use std::time::Instant;

use super::{Amount, Budget};
use crate::query::{Engine, Limits, Selection};
use crate::stats::Summary;
use crate::{Error, Measure, Period, TimeRange, Timestamp};

/// The state of a budget at an instant. It serialises as JSON: name, limit, spent, share, forecast, period and more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetState {
    /// The budget.
    pub budget: Budget,
    /// The period that the instant is in.
    pub period: Period,
    /// The sum of all its records that pass the budget's filter.
    pub totals: Summary,
    /// The instant.
    pub now: Timestamp,
}

/// A forecast: what it comes to at the end of the period if it goes on as it has since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forecast {
    /// The amount at the end of the period: what is spent, by the time that has passed, times the whole time.
    pub amount: Amount,
    /// The time since the start of the period, in microseconds: what the pace is taken from.
    pub elapsed_micros: u64,
    /// The length of the period, in microseconds.
    pub period_micros: u64,
    /// When the limit is reached at this pace, where that is in the period and still to come.
    pub limit_reached_at: Option<Timestamp>,
}

/// The standing of a budget, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Within the limit, at this pace to the end of the period.
    Within,
    /// Within the limit, and past it at the end of the period at this pace.
    Ahead,
    /// Exactly all of it is spent: a [`Gate`](super::Gate) lets nothing more through.
    Reached,
    /// More than the limit is spent.
    Past,
}

impl Standing {
    /// Returns its word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Ahead => "ahead",
            Self::Reached => "reached",
            Self::Past => "past",
        }
    }
}

/// Asks an engine how a budget stands at an instant. Records that are stored count, with those that lie ahead of the
/// instant in its period; what a [tracker](crate::sink) has not stored yet does not: see [`Gate`](super::Gate).
///
/// # Errors
/// As [`Engine::totals`], and when no calendar has the instant.
pub fn state(
    engine: &dyn Engine,
    budget: &Budget,
    now: Timestamp,
    limits: &Limits,
) -> Result<BudgetState, Error> {
    limits.check(Instant::now)?;
    let period = budget.period_at(now)?;
    let of = Selection::new(TimeRange::from(&period), budget.filter()).within(limits.clone());
    let totals = engine.totals(&of)?.summary();
    Ok(BudgetState::new(budget.clone(), period, totals, now))
}

impl BudgetState {
    /// Puts together a budget, the period that an instant is in, and the sum of what counts there.
    #[must_use]
    pub const fn new(budget: Budget, period: Period, totals: Summary, now: Timestamp) -> Self {
        Self { budget, period, totals, now }
    }

    /// Returns what is spent: a lower bound where [`is_lower_bound`](Self::is_lower_bound) says so.
    #[must_use]
    pub fn spent(&self) -> Amount {
        self.budget.limit().spent(&self.totals)
    }

    /// Returns how many requests have no list price, so that a budget of money cannot count them; 0 for one of tokens.
    #[must_use]
    pub fn unpriced_requests(&self) -> u64 {
        match self.budget.limit().is_cost() {
            true => self.totals.requests.saturating_sub(self.totals[Measure::Priced]),
            false => 0,
        }
    }

    /// Returns whether more was spent than is known: of requests without price, or whose counts are partial or guessed.
    #[must_use]
    pub fn is_lower_bound(&self) -> bool {
        match self.budget.limit().is_cost() {
            true => !self.totals.is_cost_whole(),
            false => self.totals[Measure::Partial] + self.totals[Measure::Estimated] > 0,
        }
    }

    /// Returns the part of the limit that is spent, in thousandths, rounded down: 1,000 and more is all of it. `None`
    /// where the limit is nothing.
    #[must_use]
    pub fn share_permille(&self) -> Option<u64> {
        let limit = self.budget.limit().units();
        let share = (limit > 0).then(|| scaled(self.spent().units(), 1_000, limit))?;
        Some(u64::try_from(share).unwrap_or(u64::MAX))
    }

    /// Returns what is left of the limit: nothing where it is reached.
    #[must_use]
    pub fn left(&self) -> Amount {
        let limit = self.budget.limit();
        limit.with_units(limit.units().saturating_sub(self.spent().units()))
    }

    /// Returns what it comes to at the present pace; `None` at the very start of the period, where there is none.
    #[must_use]
    pub fn forecast(&self) -> Option<Forecast> {
        let range = TimeRange::from(&self.period);
        let (start, end) = (range.start?.as_micros(), range.end?.as_micros());
        let whole = u64::try_from(end.checked_sub(start)?).ok()?;
        let elapsed = u64::try_from(self.now.as_micros().clamp(start, end) - start).ok()?;
        if elapsed == 0 {
            return None;
        }
        let (spent, limit) = (self.spent(), self.budget.limit().units());
        let amount = spent.with_units(scaled(spent.units(), whole.into(), elapsed.into()));
        let is_to_come = spent.units() < limit && amount.units() > limit;
        let reached = || {
            let micros = i64::try_from(scaled(limit, elapsed.into(), spent.units())).ok()?;
            start.checked_add(micros).map(Timestamp::from_micros)
        };
        let limit_reached_at = if is_to_come { reached() } else { None };
        Some(Forecast { amount, elapsed_micros: elapsed, period_micros: whole, limit_reached_at })
    }

    /// Returns how it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let limit = self.budget.limit().units();
        let spent = self.spent().units();
        let forecast = self.forecast().map_or(spent, |forecast| forecast.amount.units());
        match () {
            () if spent > limit => Standing::Past,
            () if spent == limit && limit > 0 => Standing::Reached,
            () if forecast > limit => Standing::Ahead,
            () => Standing::Within,
        }
    }

    /// Returns whether more than the limit is spent.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.standing() == Standing::Past
    }
}

/// `value` times `by` through `of`, rounded down; less exact where that product is more than 2^128, and saturating.
fn scaled(value: u128, by: u128, of: u128) -> u128 {
    match value.checked_mul(by) {
        Some(product) => product / of.max(1),
        None => (value / of.max(1)).saturating_mul(by),
    }
}
