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

/// A time zone, by its name in the IANA database.
pub use chrono_tz::Tz as Zone;
pub use usage_core::{
    Engine, EventId, Filter, Label, LabelNames, Labels, Measure, Period, Record, RecordError,
    Report, ReportQuery, TimeRange, Timestamp, TokenCounts, Usage, parse_period, report,
};
pub use usage_store::{Store, StoreError, StoreOptions, db_path};
pub use usage_tracker::{
    Builder, Clock, Durability, Handle, HandleError, Overflow, RejectedRecord, ShutdownReport,
    Stats, SystemClock, Tracker,
};

/// Returns the options for opening a ledger whose records are priced by list prices as they are stored: what
/// [`StoreOptions::default`] says of everything else.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("usage.db");
/// let store = usage_ledger::options().open(&path)?;
/// assert!(store.prices().list()?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "prices")]
#[must_use]
pub fn options() -> StoreOptions {
    StoreOptions::default().with_pricing(std::sync::Arc::new(usage_prices::ShippedPrices))
}

/// Opens the ledger with list prices, and makes it where it is missing: [`Store::open`] with [`options`].
///
/// # Errors
/// As [`Store::open`].
#[cfg(feature = "prices")]
pub fn open(path: impl AsRef<std::path::Path>) -> Result<Store, StoreError> {
    options().open(path)
}
