#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod answer;
mod book;
mod difference;
mod find;
mod instant;
mod list;
mod pattern;
mod prices;
mod spelling;
mod user;

pub use answer::{Answer, Found, Query, Rule, Why};
pub use book::Book;
pub use difference::BookDifference;
pub use list::ShippedPrices;
pub use prices::Prices;
pub use usage_core::pricing::{Billed, BookError, Kind, NotPriced, Terms, TermsError, cost};
