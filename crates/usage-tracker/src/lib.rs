#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod accounts;
mod batcher;
mod builder;
mod channel;
mod clock;
mod engine;
mod error;
mod handle;
mod handles;
mod health;
#[cfg(feature = "async")]
mod in_async;
mod notify;
mod policy;
mod retry;
mod shared;
mod shutdown;
mod stats;
mod tracker;

pub use builder::{
    Builder, DEFAULT_BUFFER_SIZE, DEFAULT_CHANNEL_CAPACITY, DEFAULT_DROP_DEADLINE,
    DEFAULT_FLUSH_TIMEOUT, DEFAULT_RETRY_MAX, DEFAULT_RETRY_MIN,
};
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{FlushError, HandleError, RejectReason, RejectedRecord};
pub use handle::Handle;
pub use policy::{Durability, Overflow};
pub use shutdown::ShutdownReport;
pub use stats::{Recovered, Stats};
pub use tracker::Tracker;
pub use usage_journal::Options as JournalOptions;
