#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

#[cfg(feature = "zones")]
pub mod budget;
pub mod error;
mod filter;
#[cfg(feature = "format")]
pub mod format;
#[cfg(feature = "zones")]
pub mod period;
pub mod pricing;
#[cfg(feature = "zones")]
pub mod query;
mod range;
pub mod record;
pub mod sink;
pub mod stats;
pub mod text;
mod timestamp;

pub use error::{Error, ErrorKind, Hint};
pub use filter::Filter;
#[cfg(feature = "zones")]
pub use period::{Period, parse_period};
#[cfg(feature = "zones")]
pub use query::{Engine, Report, ReportQuery, report};
pub use range::TimeRange;
pub use record::{
    Context, Counts, EventId, Label, LabelInterner, LabelNames, Labels, Measure, Money, Outcome,
    Quality, Record, RecordError, TagKey, TagSet, Tags, Tier, TokenCounts, Usage,
};
pub use timestamp::Timestamp;
