#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod clickhouse;
mod error;
mod postgres;
mod reader;
mod schema;
mod shipper;
mod tsv;
mod verify;
mod wire;

pub use error::ShipError;
pub use reader::Remote;
pub use schema::{ddl, migrate};
pub use shipper::{Options, Shipped, Shipper};
pub use verify::{Difference, verify};
pub use wire::{Dialect, Target, TargetError, Wire};
