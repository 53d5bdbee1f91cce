//! Signals that end a command.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::error::CliError;

/// Says whether the command is to end: it was asked to by a signal.
#[derive(Clone, Debug)]
pub(crate) struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// Takes notice of signals from now on; one wakes this thread where it is parked.
    pub(crate) fn catch() -> Result<Self, CliError> {
        let came = Arc::new(AtomicBool::new(false));
        let (flag, waiting) = (Arc::clone(&came), thread::current());
        on_interrupt(move || {
            flag.store(true, Ordering::Release);
            waiting.unpark();
        })?;
        Ok(Self(came))
    }

    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Has something done, on a thread of its own, when a signal comes.
pub(crate) fn on_interrupt(handler: impl FnMut() + Send + 'static) -> Result<(), CliError> {
    ctrlc::set_handler(handler)
        .map_err(|error| CliError::failed(format!("cannot catch interrupts: {error}")))
}
