#![doc = include_str!("../README.md")]

#[doc(inline)]
pub use usage_core as core;
#[cfg(feature = "providers")]
#[doc(inline)]
pub use usage_meter as meter;
#[cfg(feature = "prices")]
#[doc(inline)]
pub use usage_prices as prices;
#[cfg(feature = "providers")]
#[doc(inline)]
pub use usage_providers as providers;
#[doc(inline)]
pub use usage_store as store;
#[doc(inline)]
pub use usage_tracker as tracker;

#[cfg(feature = "prices")]
mod pricing;

/// A time zone, by its name in the IANA database.
pub use chrono_tz::Tz as Zone;
#[cfg(feature = "prices")]
pub use pricing::{cost_of, open, options};
pub use usage_core::{
    Engine, EventId, Filter, Label, LabelNames, Labels, Measure, Period, Record, RecordError,
    Report, ReportQuery, TimeRange, Timestamp, TokenCounts, Usage, parse_period, report,
};
pub use usage_store::{Store, StoreError, StoreOptions, db_path};
pub use usage_tracker::{
    Builder, Clock, Durability, Handle, HandleError, Overflow, RejectedRecord, ShutdownReport,
    Stats, SystemClock, Tracker,
};
