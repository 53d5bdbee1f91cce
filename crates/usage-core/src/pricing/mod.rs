//! The cost of requests by list price: unit prices, the product with counts, and the traits of who knows which prices
//! are in force.
//!
//! [`Terms`] are unit prices in whole pico-dollars, and [`cost`] is their exact product with what is
//! [`Billed`]. A [`PriceList`] says which terms hold for a request; [`Pricing`] reads one from books of prices, which
//! a ledger keeps as texts. `usage-prices`, a crate of this project, implements both.

mod books;
mod cost;
mod cost_of;
mod kind;
mod list;
mod terms;

pub use books::{BookError, BookText, Pricing};
pub use cost::{Billed, NotPriced, cost};
pub use cost_of::{NoCost, cost_of};
pub use kind::Kind;
pub use list::{PriceList, Question, Quote, Unknown, Validity};
pub use terms::{Terms, TermsError};
