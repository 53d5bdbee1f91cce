#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod answer;
mod book;
mod cost;
mod find;
mod instant;
mod kind;
mod pattern;
mod prices;
mod spelling;
mod terms;
mod user;

pub use answer::{Answer, Found, Query, Rule, Why};
pub use book::{Book, BookError};
pub use cost::{Billed, NotPriced, cost};
pub use kind::Kind;
pub use prices::Prices;
pub use terms::{Terms, TermsError};
