//! Reports for async code: on any runtime, without holding up its threads.

use usage_core::query::Cancel;
use usage_core::{Error, Report, ReportQuery, report};

use crate::Store;

impl Store {
    /// Returns the report that [`report`](usage_core::report()) makes, without holding up the thread: it is made
    /// on a thread of a pool that all such calls of the process share.
    ///
    /// A future that is dropped before it is ready calls the question off.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// use usage_core::{Period, ReportQuery};
    /// use usage_store::Store;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let store = Store::open(folder.path().join("usage.db"))?;
    /// let query = ReportQuery::new(Period::all_time(chrono_tz::UTC));
    /// assert_eq!(store.report_async(query).await?.summary.requests, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no complete answer, see [`ErrorKind`](usage_core::ErrorKind).
    pub async fn report_async(&self, query: ReportQuery) -> Result<Report, Error> {
        let (store, called_off) = (self.clone(), CallOff::default());
        let limits = query.limits.clone().with_cancel(called_off.0.clone());
        let query = query.within(limits);
        blocking::unblock(move || report(&store, &query)).await
    }
}

/// Calls a question off when nobody waits for the answer any more.
#[derive(Default)]
struct CallOff(Cancel);

impl Drop for CallOff {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
