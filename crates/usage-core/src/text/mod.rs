//! Texts and numbers made fit to be shown: the one part of the formatting that records and statistics need too.

mod day;
mod number;
mod printable;
mod similar;

pub use day::is_no_day;
pub use number::{format_count, format_tokens};
pub use printable::{escape_hidden, printable};
pub use similar::{closest, look_alikes};
