//! Ledgers shipped to real engines, and read from there.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::panic,
    clippy::unimplemented,
    reason = "in tests a panic is the report, and what was skipped is told"
)]

mod conformance;
mod copies;
mod faults;
mod full_disks;
mod kills;
mod ledgers;
mod proxy;
mod servers;
mod shards;
mod together;
