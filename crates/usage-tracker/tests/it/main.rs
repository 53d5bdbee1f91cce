//! The tracker from outside, with sinks that follow a script and a clock that stands still.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is the report"
)]

mod accounts;
mod allocations;
mod batches;
mod closing;
mod common;
mod events;
mod everything;
#[cfg(feature = "async")]
mod in_async;
mod journal;
mod order;
mod overflow;
mod recording;
mod retry;
mod runtimes;
mod stress;
mod synced;
mod watched;
