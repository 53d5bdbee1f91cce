//! Answers: reports, series and records, and the ledger as an engine that gives them.

#[cfg(feature = "zones")]
pub(crate) mod counters;
#[cfg(feature = "zones")]
mod engine;
#[cfg(feature = "async")]
mod in_async;
pub(crate) mod report;
pub(crate) mod rows;
#[cfg(feature = "zones")]
mod series;
#[cfg(feature = "zones")]
mod sessions;
#[cfg(feature = "zones")]
pub mod shipped;
#[cfg(feature = "zones")]
mod shipping;
pub(crate) mod tag_keys;
mod tagged;
