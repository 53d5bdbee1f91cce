//! One run of `usage record`: the tracker, the accounts, and an end that loses nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use usage_core::format::format_count;
use usage_core::sink::SinkErrorKind;
use usage_core::{Period, Record, ReportQuery, report};
use usage_store::Store;
use usage_tracker::{DEFAULT_CHANNEL_CAPACITY, Durability, RejectReason, Stats, Tracker};

use super::Args;
use super::input::Input;
use super::refusals::{Place, Refusals, content_key};
use super::rejects::Rejects;
use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::{amounts, exit_codes, output};

/// How long a ledger that takes nothing is tried, before the command gives up and says so.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest batch. Reading files keeps the queue long, and long batches touch each page of the
/// index of event ids less often; this many hold the lock for a fifth of a second at most.
const MAX_BATCH: usize = 20_000;

/// Of how many records on their way it is remembered where they came from. With a journal there can
/// be more; a refused one is then named without its line.
const MAX_JOURNALED_IN_FLIGHT: usize = 1_000_000;

/// Why reading ends early.
pub(super) enum Stop {
    /// What is left shall not be read.
    Enough,
    Failed(CliError),
}

impl From<CliError> for Stop {
    fn from(error: CliError) -> Self {
        Self::Failed(error)
    }
}

/// One run of the command, shared with the thread that an interrupt starts.
pub(super) struct Session(Arc<Shared>);

struct Shared {
    /// Nothing once it is closed.
    store: Mutex<Option<Store>>,
    tracker: Tracker,
    refusals: Arc<Mutex<Refusals>>,
    /// Records that found no room for as long as the patience lasts.
    turned_away: AtomicU64,
    is_ending: AtomicBool,
    strict: bool,
    quiet: bool,
}

impl Session {
    pub(super) fn start(
        context: &Context,
        inputs: &[Input],
        args: &Args,
        rejects: Option<Rejects>,
    ) -> Result<Self, CliError> {
        let names = inputs.iter().map(Input::name).collect();
        // Files can be read again, from the line that an error names; for the rest there is the
        // journal.
        let comes_once = inputs.iter().any(Input::comes_once);
        let (durability, max_in_flight) = if comes_once {
            (Durability::Journaled, MAX_JOURNALED_IN_FLIGHT)
        } else {
            // And the one that is turned away in the end.
            (Durability::Batched, DEFAULT_CHANNEL_CAPACITY + MAX_BATCH + 1)
        };
        let refusals = Refusals::new(names, rejects, max_in_flight);
        let refusals = Arc::new(Mutex::new(refusals));
        let store = context.open_or_create()?;
        context.recover(&store)?;
        let of_ledger = Arc::clone(&refusals);
        let tracker = Tracker::builder()
            .durability(durability)
            .max_batch(MAX_BATCH)
            .on_refused(move |record, refusal| lock(&of_ledger).refused_by_ledger(record, refusal))
            .start(store.clone())
            .map_err(|error| {
                ErrorKind::SystemRefused.error(format!("cannot start the writer: {error}"))
            })?;
        let shared = Arc::new(Shared {
            store: Mutex::new(Some(store)),
            tracker,
            refusals,
            turned_away: AtomicU64::new(0),
            is_ending: AtomicBool::new(false),
            strict: args.strict,
            quiet: context.quiet,
        });
        let of_interrupt = Arc::clone(&shared);
        ctrlc::set_handler(move || of_interrupt.interrupted()).map_err(|error| {
            ErrorKind::SystemRefused.error(format!("cannot catch interrupts: {error}"))
        })?;
        Ok(Self(shared))
    }

    /// Hands a record over. Waits while the ledger is slower than the reading.
    pub(super) fn record(&self, record: Record, input: usize, line: u64) -> Result<(), Stop> {
        let shared = &*self.0;
        // Noted before it is handed over: the writer may refuse it at once.
        lock(&shared.refusals).submitted(Place { input, line }, content_key(&record));
        match shared.tracker.record_blocking(record, PATIENCE) {
            Ok(()) => self.check_strict(),
            Err(rejected) if rejected.reason() == RejectReason::Full => {
                shared.turned_away.fetch_add(1, Ordering::Relaxed);
                Err(Stop::Enough)
            }
            // An interrupt has closed the tracker: as if the line had not been read.
            Err(_) => {
                lock(&shared.refusals).withdraw();
                Err(Stop::Enough)
            }
        }
    }

    /// Names, counts and keeps a line that is no record.
    pub(super) fn refuse(
        &self,
        input: usize,
        line: u64,
        text: Option<&[u8]>,
        why: &str,
    ) -> Result<(), Stop> {
        let mut refusals = lock(&self.0.refusals);
        refusals.refuse(Place { input, line }, text, why);
        if let Some(failure) = refusals.take_failure() {
            return Err(failure.into());
        }
        drop(refusals);
        self.check_strict()
    }

    /// Keeps a part of a line that is too long to be held in memory.
    pub(super) fn keep_part(&self, part: &[u8]) {
        if let Some(rejects) = lock(&self.0.refusals).rejects() {
            rejects.add_part(part);
        }
    }

    /// What is read from now on comes in rows under this header.
    pub(super) fn set_header(&self, header: &[u8]) {
        if let Some(rejects) = lock(&self.0.refusals).rejects() {
            rejects.set_header(header);
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
        self.0.claim_the_end();
        self.0.finish()
    }

    /// As [`finish`](Self::finish), after reading has failed: that is what is to be told.
    pub(super) fn abandon(&self, error: CliError) -> CliError {
        self.0.claim_the_end();
        self.0.finish().err().unwrap_or(error)
    }

    pub(super) fn print_report(&self, context: &Context) -> Result<(), CliError> {
        let Some(store) = lock(&self.0.store).clone() else {
            return Ok(());
        };
        let all_time = Period::all_time(context.now().timezone());
        let report = report(&store, &ReportQuery::new(all_time))?;
        let gap = if self.0.quiet { "" } else { "\n" };
        output::print(&format!("{gap}{}", report.to_text(&context.text_options())))
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
        let ended = self.finish();
        let code = match ended {
            Ok(_) => {
                let _ = output::error(
                    &ErrorKind::Interrupted.error("interrupted, the rest was not read"),
                );
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

    fn finish(&self) -> Result<u8, CliError> {
        let ended = self.tracker.shutdown(PATIENCE);
        let stats = ended.stats;
        let mut refusals = lock(&self.refusals);
        if let Some(rejects) = refusals.rejects() {
            rejects.end_parts();
        }
        let not_kept = refusals.take_failure();
        let turned_away = self.turned_away.load(Ordering::Relaxed);
        let waiting = stats.in_journal;
        let unstored = ended.unstored.len() as u64 + stats.pending - waiting + turned_away;
        let printed = if self.quiet {
            Ok(())
        } else {
            output::print(&accounts(&stats, refusals.count(), unstored))
        };
        // What was not stored matters more than what could not be printed.
        if unstored > 0 {
            let kind = kind(&stats, ErrorKind::NotStored);
            return Err(not_stored(kind, &refusals, unstored, &stats));
        }
        if waiting > 0 {
            let (records, why) = (amounts::records(waiting), why(&stats));
            return Err(kind(&stats, ErrorKind::InJournal)
                .error(format!("{records} wait in the journal: {why}")));
        }
        printed?;
        if let Some(not_kept) = not_kept {
            return Err(not_kept);
        }
        Ok(if refusals.count() > 0 { exit_codes::INPUT_REFUSED } else { exit_codes::DONE })
    }
}

fn accounts(stats: &Stats, refused: u64, unstored: u64) -> String {
    let waiting = stats.in_journal;
    let known = stats.amended + stats.duplicates;
    let lines = stats.stored + known + refused + waiting + unstored;
    let mut line = format!(
        "Lines: {}  |  Stored: {}{}  |  Duplicates: {}  |  Refused: {}",
        format_count(lines),
        format_count(stats.stored),
        amounts::amended(stats.amended),
        format_count(stats.duplicates),
        format_count(refused),
    );
    if waiting > 0 {
        line.push_str(&format!("  |  In the journal: {}", format_count(waiting)));
    }
    if unstored > 0 {
        line.push_str(&format!("  |  Not stored: {}", format_count(unstored)));
    }
    line.push('\n');
    line
}

/// Records are stored in the order of their lines, so what is missing is the end.
fn not_stored(kind: ErrorKind, refusals: &Refusals, unstored: u64, stats: &Stats) -> CliError {
    let from = refusals
        .first_of_last(unstored)
        .map_or_else(String::new, |place| format!(", from {} on", refusals.named(place)));
    let why = why(stats);
    let records = if unstored == 1 { "record" } else { "records" };
    kind.error(format!("{} {records} could not be stored{from}: {why}", format_count(unstored)))
}

fn why(stats: &Stats) -> &str {
    stats.last_error.as_deref().unwrap_or("the ledger takes too long")
}

/// Damage is another kind of failure, with its own exit code.
fn kind(stats: &Stats, usual: ErrorKind) -> ErrorKind {
    if stats.sink_error == Some(SinkErrorKind::Corrupt) { ErrorKind::LedgerDamaged } else { usual }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
