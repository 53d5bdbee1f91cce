//! Bounds on the time that an answer may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::ErrorKind;

/// A bound on the time of an answer: up to an instant, or until somebody calls it off; by default as long as it needs.
///
/// ```
/// use std::time::{Duration, Instant};
/// use usage_core::query::{Cancel, Limits};
///
/// let cancel = Cancel::default();
/// let limits = Limits::none()
///     .with_deadline(Instant::now() + Duration::from_secs(60))
///     .with_cancel(cancel.clone());
/// assert!(limits.check(Instant::now).is_ok());
/// cancel.cancel();
/// assert!(limits.check(Instant::now).is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Limits {
    deadline: Option<Instant>,
    cancels: Vec<Cancel>,
}

impl Limits {
    /// Returns limits that are never reached.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets the instant from which on nobody waits for the answer any more.
    #[must_use]
    pub fn with_deadline(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Adds what calls the question off; of several each does.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancels.push(cancel);
        self
    }

    /// Returns whether there is any limit.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.deadline.is_none() && self.cancels.is_empty()
    }

    /// Checks that nobody has called the question off and that its time is not up. `now` is asked only where
    /// there is a deadline.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] or [`ErrorKind::DeadlineExceeded`].
    pub fn check(&self, now: impl FnOnce() -> Instant) -> Result<(), ErrorKind> {
        if self.cancels.iter().any(Cancel::is_cancelled) {
            return Err(ErrorKind::Cancelled);
        }
        match self.deadline {
            Some(deadline) if now() >= deadline => Err(ErrorKind::DeadlineExceeded),
            _ => Ok(()),
        }
    }
}

/// Calls questions off; clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Calls off every question that has this among its limits, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether they were called off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
