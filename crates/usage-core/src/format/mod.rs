//! What was aggregated, as text for people and as JSON and CSV for programs.

mod bar;
mod csv;
mod grouped;
mod json;
mod page;
mod report;
mod text;
mod when;
mod width;

pub use json::format_period_json;
pub use report::{GroupedReport, Report};
pub use text::{TextOptions, format_records, format_usage};
pub use width::{display_width, shorten_middle};

pub use crate::text::{escape_hidden, format_count, format_tokens, printable};

#[cfg(test)]
mod tests;
