#![doc = include_str!("../README.md")]
//!
//! # The way of a record
//!
//! ```text
//! tracker.rs, handle.rs    channel/                 engine/                               Sink
//! ──────────────────────   ──────────────────────   ───────────────────────────────────   ───────────────
//! Tracker::record ──────▶  Sender ─▶ flume ─▶       appender.rs ─▶ journal ─╮             store, or replay
//! Handle::record           Message      Receiver    (or nothing)            │  committer.rs    ▲
//!                                                                           ├▶ queue.rs ───────╯
//!                                                   memory, where there is  │  when batcher/ says so
//!                                                   no journal, or it fails ╯
//! ```
//!
//! # Invariants
//! - **Recording waits for nothing** but the channel's own lock. It looks at one cache line of the tracker's, at
//!   the channel's, and writes one: a message. It allocates nothing once its names are known.
//! - **Every record is in one place or has one fate**, and moves from one to the other under the lock of the
//!   accounts: so each snapshot balances.
//! - **One thread calls the sink**, the committer; the thread that journals never waits for it.
//! - **Records are acknowledged in the order** in which they left the channel; so a flush counts.
//! - **A batch that failed comes again as it was**, until it is stored or handed back.
//! - **What a tracker does is one value**, its phase, with a table of what leads from one to another.
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod accounts;
mod batcher;
mod builder;
mod call;
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
mod progress;
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
