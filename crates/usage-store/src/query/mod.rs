//! Answers that need the calendar of a zone, and the ledger as an engine that gives them.

mod engine;
mod series;

pub use series::SeriesError;
