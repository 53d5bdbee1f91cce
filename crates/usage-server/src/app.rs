//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tokio::sync::{Semaphore, watch};
use usage_core::Engine;
use usage_core::query::{Cancel, Limits as QueryLimits};
use usage_store::Store;
use usage_store::status::{Status, StatusLimits};
use usage_tracker::Tracker;

use crate::gate::Gate;
use crate::limits::Limits;
use crate::metrics::Counters;
use crate::question::World;
use crate::received::Received;
use crate::tokens::Tokens;

/// What all requests share.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) tracker: Arc<Tracker>,
    pub(crate) gate: Gate,
    pub(crate) received: Arc<Received>,
    pub(crate) limits: Limits,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) hosts: Vec<String>,
    pub(crate) world: World,
    pub(crate) counters: Counters,
    /// Places for large bodies.
    pub(crate) large: Arc<Semaphore>,
    /// Places for questions.
    pub(crate) questions: Arc<Semaphore>,
    /// Places for those who are told of changes.
    pub(crate) subscribers: Arc<Semaphore>,
    /// Moves on when the ledger has changed.
    pub(crate) changes: watch::Sender<u64>,
    /// True when the server is ending.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) is_ending: AtomicBool,
}

/// Says why a question has no answer.
pub(crate) enum Unanswered {
    /// Too many others are being answered.
    Busy,
    /// What the ledger says.
    Ledger(usage_core::Error),
}

/// Calls a question off when nobody waits for its answer any more.
struct CallOff(Cancel);

impl Drop for CallOff {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl App {
    /// Returns the health and the size of the ledger, as the command tells them.
    pub(crate) fn ledger_status(&self) -> Result<Status, usage_core::Error> {
        Ok(self.store.status(&StatusLimits::at(self.world.clock.now()))?)
    }

    /// Asks the ledger something, on a thread that may wait, and within the time that an answer may take.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Self, &dyn Engine, QueryLimits) -> Result<T, usage_core::Error>
        + Send
        + 'static,
    ) -> Result<T, Unanswered> {
        let until = Instant::now() + self.limits.answer_time;
        let place = Arc::clone(&self.questions).acquire_owned();
        let place = tokio::time::timeout(self.limits.room_time, place).await;
        let place = place.map_err(|_| Unanswered::Busy)?.map_err(|_| Unanswered::Busy)?;
        let (app, call_off) = (Arc::clone(self), CallOff(Cancel::default()));
        let limits = QueryLimits::none().with_deadline(until).with_cancel(call_off.0.clone());
        let answer = tokio::task::spawn_blocking(move || {
            let _place = place;
            question(&app, &app.store, limits)
        });
        let answer = answer.await;
        drop(call_off);
        let panicked = |_| Unanswered::Ledger(usage_core::Error::other("the question failed"));
        answer.map_err(panicked)?.map_err(Unanswered::Ledger)
    }
}
