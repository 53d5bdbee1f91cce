//! What was aggregated, as text for people and as JSON and CSV for programs.

mod csv;
mod json;
mod number;
mod printable;
mod report;
mod text;

pub use json::format_period_json;
pub use number::{format_count, format_tokens};
pub use printable::{display_width, printable, shorten_middle};
pub use report::Report;
pub use text::{TextOptions, format_records, format_usage};

#[cfg(test)]
mod tests;
