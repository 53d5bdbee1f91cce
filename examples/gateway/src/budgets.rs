//! The ledger's budgets, by which requests are refused.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use usage_core::Timestamp;
use usage_core::budget::{Gate, Unpriced};
use usage_store::Store;
use usage_tracker::{Clock as _, SystemClock, Tracker};

/// So often the ledger is asked what others have recorded.
const PACE: Duration = Duration::from_secs(1);

/// Takes the budgets from the ledger; one that is set later counts from the next start on.
pub(crate) fn gate(store: &Store) -> Result<Gate> {
    // The books that the ledger prices by. What has no price passes: its model is new, and is not the client's fault.
    let prices = (store.prices().list()?, Unpriced::Admit);
    Ok(Gate::new(store, store.budgets().list()?, prices, now())?)
}

/// The time by which budgets count.
pub(crate) fn now() -> Timestamp {
    SystemClock::default().now()
}

/// The thread that asks the ledger.
pub(crate) struct Refreshing {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Refreshing {
    pub(crate) fn start(gate: Gate, store: Store, tracker: Arc<Tracker>) -> Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let refresh = move || {
            while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = gate.refresh(&store, &*tracker, now()) {
                    tracing::warn!(%error, "budgets count by what was known");
                }
            }
        };
        let thread = thread::Builder::new().name("budgets".to_owned()).spawn(refresh)?;
        Ok(Self { stop, thread })
    }

    /// Ends the thread.
    pub(crate) fn stop(self) {
        drop(self.stop);
        // It does not panic, and its end is all that is waited for.
        let _ = self.thread.join();
    }
}
