#![doc = include_str!("../README.md")]
#![allow(clippy::expect_used, clippy::panic, reason = "in tests a panic is the report")]

mod check;
mod events;
mod memory;
mod prices;
mod random;
mod sessions;

pub use check::{Subject, check};
pub use events::Events;
pub use memory::MemoryLedger;
pub use prices::AnyPrices;
