//! What requests cost: opening a ledger with list prices, and the cost of one record.

use std::path::Path;
use std::sync::Arc;

use usage_prices::ShippedPrices;
use usage_store::{Store, StoreError, StoreOptions};

/// Returns what a record costs by list price: at once, where the one who asked is still there to be told. The
/// ledger finds the same when it stores the record, as long as its books of prices are the same.
///
/// ```
/// use usage_ledger::{LabelNames, Labels, Record, TokenCounts, Tracker, Usage, cost_of};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("usage.db");
/// let store = usage_ledger::open(&path)?;
/// // With the user's own prices; ask again now and then, as they may be changed.
/// let prices = store.prices().list()?.ok_or("the ledger's prices are newer than this program")?;
/// let tracker = Tracker::builder().start(store)?;
/// let names = LabelNames::new().with_instance("gateway-1").with_provider("openai").with_route("r");
/// let handle = tracker.handle(Labels::new(names.with_model("gpt-5"))?);
///
/// let usage = Usage::new(TokenCounts::new().with_input(1_200).with_output(450), handle.now());
/// let record = Record::new(handle.labels().clone(), usage)?;
/// let cost = cost_of(&*prices, &record)?; // an error says why it is not known
/// assert_eq!(cost.to_string(), "0.006"); // 1,200 x $1.25 and 450 x $10, each a million
/// handle.record_usage(usage)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub use usage_core::pricing::cost_of;

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
#[must_use]
pub fn options() -> StoreOptions {
    StoreOptions::default().with_pricing(Arc::new(ShippedPrices))
}

/// Opens the ledger with list prices, and makes it where it is missing: [`Store::open`] with [`options`].
///
/// # Errors
/// As [`Store::open`].
pub fn open(path: impl AsRef<Path>) -> Result<Store, StoreError> {
    options().open(path)
}
