//! Input that comes through a pipe, and so comes once: a tracker with its journal, and an end that loses nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use usage_core::Record;
use usage_store::Store;
use usage_tracker::{Durability, FlushError, RejectReason, Stats, Tracker};

use super::accounts::{Accounts, Style, failed, not_stored};
use super::in_flight::InFlight;
use super::progress::Progress;
use super::reading::Stop;
use super::refusals::{Place, SharedRefusals, lock};
use super::{Args, PATIENCE, print_report};
use crate::context::Context;
use crate::error::CliError;
use crate::interrupts::on_interrupt;
use crate::{amounts, exit_codes, output};

/// The largest batch. This many hold the lock for a fifth of a second at most.
const MAX_BATCH: usize = 20_000;

/// The interval at which it is looked at what was stored of the rest.
const STEP: Duration = Duration::from_millis(500);

/// For records that wait in the journal.
const IN_JOURNAL: &str =
    "the next command that writes to the ledger stores them; do not record them again";

/// One run of the command, shared with the thread that an interrupt starts.
pub(super) struct Session(Arc<Shared>);

struct Shared {
    /// Nothing once it is closed.
    store: Mutex<Option<Store>>,
    tracker: Tracker,
    refusals: Arc<SharedRefusals>,
    in_flight: Arc<Mutex<InFlight>>,
    /// Records that found no room for as long as the patience lasts.
    turned_away: AtomicU64,
    is_ending: AtomicBool,
    progress: Mutex<Progress>,
    strict: bool,
    style: Style,
}

impl Session {
    pub(super) fn start(
        context: &Context,
        refusals: Arc<SharedRefusals>,
        args: &Args,
    ) -> Result<Self, CliError> {
        let store = context.open_or_create()?;
        context.recover(&store)?;
        let in_flight = Arc::new(Mutex::new(InFlight::default()));
        let (of_ledger, places) = (Arc::clone(&refusals), Arc::clone(&in_flight));
        let tracker = Tracker::builder()
            .durability(Durability::Journaled)
            .max_batch(MAX_BATCH)
            .on_refused(move |record, refusal| {
                let place = lock(&places).refused(record);
                lock(&of_ledger).refuse_record(place, record, refusal);
            })
            .start(store.clone())
            .map_err(|error| CliError::failed(format!("cannot start the writer: {error}")))?;
        let shared = Arc::new(Shared {
            store: Mutex::new(Some(store)),
            tracker,
            refusals,
            in_flight,
            turned_away: AtomicU64::new(0),
            is_ending: AtomicBool::new(false),
            progress: Mutex::new(Progress::new(context.quiet)),
            strict: args.strict,
            style: Style::new(args, context),
        });
        let of_interrupt = Arc::clone(&shared);
        on_interrupt(move || of_interrupt.interrupted())?;
        Ok(Self(shared))
    }

    /// Hands a record over. Waits while the ledger is slower than the reading.
    pub(super) fn record(&self, mut record: Record, place: Place) -> Result<(), Stop> {
        let shared = &*self.0;
        // Noted before it is handed over: the writer may refuse it at once.
        lock(&shared.in_flight).submitted(place, &record);
        lock(&shared.progress).read(&shared.tracker);
        loop {
            match shared.tracker.record_blocking(record, PATIENCE) {
                Ok(()) => return self.check_strict(),
                Err(rejected) if rejected.reason() == RejectReason::Full => {
                    if lock(&shared.progress).look(&shared.tracker.stats()) < PATIENCE {
                        record = rejected.into_record();
                        continue;
                    }
                    shared.turned_away.fetch_add(1, Ordering::Relaxed);
                    return Err(Stop::Enough);
                }
                // An interrupt has closed the tracker: as if the line had not been read.
                Err(_) => {
                    lock(&shared.in_flight).withdraw();
                    return Err(Stop::Enough);
                }
            }
        }
    }

    fn check_strict(&self) -> Result<(), Stop> {
        if self.0.strict && lock(&self.0.refusals).count() > 0 {
            return Err(Stop::Enough);
        }
        Ok(())
    }

    /// Stores what is left, prints the accounts, and says what to exit with.
    pub(super) fn finish(&self) -> Result<u8, CliError> {
        let patience = self.0.store_the_rest();
        self.0.claim_the_end();
        self.0.finish(patience)
    }

    /// As [`finish`](Self::finish), after reading has failed: that is what is to be told.
    pub(super) fn abandon(&self, error: CliError) -> CliError {
        let patience = self.0.store_the_rest();
        self.0.claim_the_end();
        self.0.finish(patience).err().unwrap_or(error)
    }

    pub(super) fn print_report(&self, context: &Context) -> Result<(), CliError> {
        let store = lock(&self.0.store).clone();
        store.map_or(Ok(()), |store| print_report(&store, context))
    }
}

/// The handler of interrupts keeps what is shared until the process ends, so the ledger is closed
/// by hand: else its write-ahead log would stay beside it.
impl Drop for Session {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Shared {
    /// Whoever comes first ends the session; the reading thread waits if it was an interrupt,
    /// which ends the process.
    fn claim_the_end(&self) {
        while self.is_ending.swap(true, Ordering::AcqRel) {
            std::thread::park();
        }
    }

    /// Runs on a thread of its own.
    fn interrupted(&self) {
        if self.is_ending.swap(true, Ordering::AcqRel) {
            return;
        }
        let ended = self.finish(PATIENCE);
        let code = match ended {
            Ok(_) => {
                let _ = output::error(&CliError::failed("interrupted, the rest was not read"));
                exit_codes::FAILED
            }
            Err(error) => {
                let _ = output::error(&error);
                error.code()
            }
        };
        self.close();
        // The reading thread may be held in a read for ever.
        std::process::exit(code.into());
    }

    fn close(&self) {
        drop(lock(&self.store).take());
    }

    /// Waits for what was read to be stored, as long as some of it is: then the ledger is only slow. Returns how long
    /// to try further.
    fn store_the_rest(&self) -> Duration {
        lock(&self.progress).wait();
        loop {
            let flushed = self.tracker.flush(STEP);
            let idle = lock(&self.progress).look(&self.tracker.stats());
            match flushed {
                Err(FlushError::TimedOut { .. }) if idle < PATIENCE => {}
                Err(FlushError::TimedOut { .. }) => return STEP,
                _ => return PATIENCE,
            }
        }
    }

    fn finish(&self, patience: Duration) -> Result<u8, CliError> {
        let ended = self.tracker.shutdown(patience);
        lock(&self.progress).end();
        let stats = ended.stats;
        let mut refusals = lock(&self.refusals);
        if let Some(rejects) = refusals.rejects() {
            rejects.end_parts();
        }
        refusals.sum_up();
        let not_kept = refusals.take_failure();
        let turned_away = self.turned_away.load(Ordering::Relaxed);
        let waiting = stats.in_journal;
        let unstored = ended.unstored.len() as u64 + stats.pending - waiting + turned_away;
        let (stored, duplicates, refused) = (stats.stored, stats.duplicates, refusals.count());
        let amended = stats.amended;
        let in_journal = waiting;
        let accounts = Accounts { stored, amended, duplicates, refused, in_journal, unstored };
        let printed = accounts.print(self.style, refusals.ignored());
        // What was not stored matters more than what could not be printed.
        if unstored > 0 {
            let from = lock(&self.in_flight).first_of_last(unstored);
            return Err(not_stored(stats.sink_error, unstored, from, &refusals, why(&stats)));
        }
        if waiting > 0 {
            let (records, why) = (amounts::records(waiting), why(&stats));
            let message = format!("{records} wait in the journal: {why}");
            return Err(failed(stats.sink_error, message, IN_JOURNAL));
        }
        printed?;
        if let Some(not_kept) = not_kept {
            return Err(not_kept);
        }
        Ok(if refusals.count() > 0 { exit_codes::INPUT_REFUSED } else { exit_codes::DONE })
    }
}

fn why(stats: &Stats) -> &str {
    stats.last_error.as_deref().unwrap_or("the ledger takes too long")
}
