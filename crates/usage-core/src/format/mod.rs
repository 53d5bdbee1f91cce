//! What was aggregated, as text for people and as JSON and CSV for programs.

mod bar;
mod csv;
mod grouped;
mod json;
mod number;
mod page;
mod printable;
mod report;
mod text;
mod when;

pub use json::{escape_hidden, format_period_json};
pub use number::{format_count, format_tokens};
pub use printable::{display_width, printable, shorten_middle};
pub use report::{GroupedReport, Report};
pub use text::{TextOptions, format_records, format_usage};

#[cfg(test)]
mod tests;
