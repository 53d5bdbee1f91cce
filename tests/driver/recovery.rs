//! The recovery that the next program that opens the ledger does by itself.

use std::path::Path;

use anyhow::{Result, ensure};
use usage_store::StoreOptions;
use usage_tracker::Tracker;

use crate::{DEADLINE, Snapshot};

/// Opens the ledger as a gateway does that has nothing to record, and closes it again.
///
/// # Errors
/// When that leaves anything behind.
pub fn recover(ledger: &Path) -> Result<Snapshot> {
    recover_with(ledger, &StoreOptions::default())
}

/// As [`recover`], with options.
///
/// # Errors
/// As [`recover`].
pub fn recover_with(ledger: &Path, options: &StoreOptions) -> Result<Snapshot> {
    let tracker = Tracker::builder().start(options.open(ledger)?)?;
    let report = tracker.shutdown(DEADLINE);
    ensure!(report.is_clean(), "the recovery did not end well: {report:?}");
    Ok(report.stats.into())
}
