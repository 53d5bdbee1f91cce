//! Budgets: so much money, or so many tokens, a day, week, month or billing cycle, of the records that pass a filter.
//!
//! A [`Budget`] says what may be spent, [`state`] asks an [`Engine`](crate::Engine) how it stands, and a [`Gate`] answers
//! in microseconds whether one more request may be let through, with what is in flight and not stored yet.
//!
//! Money is compared in whole pico-dollars, so nothing is rounded. A request without a list price is never taken for one
//! that costs nothing: how many there are is told beside each amount, which is a lower bound then.

mod amount;
mod cached;
mod definition;
mod error;
mod gate;
mod json;
mod permit;
mod spending;
mod state;
#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "random numbers below a hundred"
)]
mod tests;

pub use amount::Amount;
pub use definition::{Budget, Per};
pub use error::BudgetError;
pub use gate::{Gate, Request, Unpriced};
pub use permit::{Permit, Refusal, Refused};
pub use state::{BudgetState, Forecast, Standing, state};
