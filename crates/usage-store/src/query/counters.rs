//! Counters: what requests have come to, deleted or not.

use std::collections::BTreeMap;

use usage_core::query::Limits;
use usage_core::stats::Summary;
use usage_core::{Error, Filter, TimeRange};

use crate::ledger::deleted::{self, LABELS, Named};
use crate::query::report;
use crate::{Result, Store};

/// What the requests of one instance, provider and model have come to: those in the ledger, and those that were deleted
/// since it [keeps counters](Store::keep_counters).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counter {
    /// The instance.
    pub instance: String,
    /// The provider; may be empty.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The totals.
    pub totals: Summary,
}

impl Counter {
    fn new(([instance, provider, model], totals): (Named, Summary)) -> Self {
        Self { instance, provider, model, totals }
    }
}

impl Store {
    /// Keeps what is deleted as totals from now on, for [counters](Self::counters): whoever prunes this ledger, or deletes all of
    /// it, leaves these and their names in it. Changes nothing where it does already.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn keep_counters(&self) -> Result<()> {
        self.write("keep counters of", |writer| {
            writer.ledger.write(|transaction, _| deleted::keep(transaction))
        })
    }

    /// Returns the counters by instance, provider and model, in that order. Sees one state of the ledger: what is deleted
    /// meanwhile is in them once.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::query::Limits;
    ///
    /// store.keep_counters()?;
    /// assert_eq!(store.counters(&Limits::none())?, []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read, or the limits are reached.
    pub fn counters(&self, limits: &Limits) -> std::result::Result<Vec<Counter>, Error> {
        let totals = self.ask(limits, |connection| {
            let held = report::aggregate(connection, TimeRange::ALL, &Filter::new(), &[])?;
            let mut counters = BTreeMap::<Named, Summary>::new();
            for (labels, totals) in held.groups() {
                let named = LABELS.map(|label| labels.name(label).to_owned());
                counters.entry(named).or_default().merge(totals);
            }
            for (named, totals) in deleted::all(connection)? {
                counters.entry(named).or_default().merge(&totals);
            }
            Ok(counters)
        })?;
        Ok(totals.into_iter().map(Counter::new).collect())
    }
}
