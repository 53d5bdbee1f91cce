//! The answers of a gate: a permit for one request, or why there is none.

use std::fmt;

use super::gate::Gate;
use super::{Amount, Budget};
use crate::sink::Progress;
use crate::{Record, Timestamp};

/// Lets one request through. Keep it until the request is recorded, and [settle](Self::settle) it then; a permit that is
/// dropped gives back what it had reserved, and counts nothing.
#[must_use = "what a request may cost is reserved for as long as its permit is kept"]
#[derive(Debug)]
pub struct Permit {
    gate: Gate,
    /// What is reserved, by the index of a budget.
    pub(super) reserved: Vec<(usize, u128)>,
    pub(super) is_unpriced: bool,
    /// The soft budgets that are used up.
    pub(super) past: Vec<String>,
}

impl Permit {
    pub(super) const fn new(gate: Gate) -> Self {
        Self { gate, reserved: Vec::new(), is_unpriced: false, past: Vec::new() }
    }

    /// Counts a record that was handed over for this request: call it after the tracker, whose progress it
    /// is, has it. What the request had reserved is free again.
    pub fn settle(self, record: &Record, progress: &dyn Progress) {
        self.count(record, progress);
    }

    /// Counts one of several records that are handed over for this request, as [`settle`](Self::settle) does; what it
    /// had reserved stays reserved until the permit is dropped.
    pub fn count(&self, record: &Record, progress: &dyn Progress) {
        self.gate.count(record, progress);
    }

    /// Returns whether the request counts for a budget of money and has no price, so that the budget cannot count it.
    #[must_use]
    pub const fn is_unpriced(&self) -> bool {
        self.is_unpriced
    }

    /// Returns the names of the soft budgets of this request of which nothing is left.
    #[must_use]
    pub fn past(&self) -> &[String] {
        &self.past
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.release(&self.reserved);
    }
}

/// Why a request may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing is left of the budget.
    Spent,
    /// What is left is less than the request may come to.
    TooLittleLeft,
    /// The request has no price, and the gate [refuses](super::Unpriced::Refuse) such.
    Unpriced,
    /// No calendar has the instant of the request.
    NoPeriod,
}

/// A request was refused: by which hard budget, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The budget.
    pub budget: Budget,
    /// What is spent of it, with what is in flight.
    pub committed: Amount,
    /// When the next period begins.
    pub until: Option<Timestamp>,
    /// The reason.
    pub why: Refusal,
}

/// In words for the one who has asked; the amounts are not in it.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, per) = (self.budget.name(), self.budget.per().name());
        match self.why {
            Refusal::Spent => write!(f, "the budget {name:?} of this {per} is spent"),
            Refusal::TooLittleLeft => {
                write!(f, "too little is left of the budget {name:?} of this {per}")
            }
            Refusal::Unpriced => {
                write!(f, "the model has no price that the budget {name:?} could count")
            }
            Refusal::NoPeriod => write!(f, "the budget {name:?} has no period at this time"),
        }
    }
}

impl std::error::Error for Refused {}
