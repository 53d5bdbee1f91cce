//! An import from its first batch to its last.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use usage_core::error::chain;
use usage_core::sink::BatchOutcome;
use usage_core::{ErrorKind, Record};
use usage_store::{Append, Appended, Known, SourceCounts, Store};

use crate::error::ImportError;
use crate::importer::{Batch, Importer, Item, Place, Refusal};
use crate::options::{ImportEvent, ImportOptions, ImportSummary};

/// The time to wait before a ledger that takes nothing for now is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes what is new in a source into a ledger, each item once.
///
/// The ledger is written in short transactions, so others can record meanwhile. Each leaves a consistent
/// state; after an error, or when `on_event` says [`Break`](ControlFlow::Break), the next import goes on
/// from there. While it waits, unparking the thread makes it look at once.
///
/// # Errors
/// When the source cannot be read, or the ledger cannot be written. Watching, only what is wrong with the
/// source at the start is an error, or what will not pass.
pub fn run(
    store: &Store,
    importer: &mut dyn Importer,
    options: &ImportOptions,
    on_event: &mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
) -> Result<ImportSummary, ImportError> {
    let source = importer.source();
    let (options, summary) = (*options, ImportSummary::default());
    let mut run = Run { store, importer, source, options, summary, on_event };
    run.pass(options.rescan, true)?;
    if let Some(pause) = options.watch {
        run.watch(pause)?;
    }
    Ok(run.summary)
}

struct Run<'a> {
    store: &'a Store,
    importer: &'a mut dyn Importer,
    source: Option<String>,
    options: ImportOptions,
    summary: ImportSummary,
    on_event: &'a mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
}

/// The progress of an import.
#[derive(Default)]
struct At {
    /// Behind what the next batch comes; nothing where it begins at the start.
    after: Option<Arc<[u8]>>,
    /// The cursor that the ledger has, the same unless all is read again.
    stored: Option<Arc<[u8]>>,
    counts: SourceCounts,
    /// The last item that an earlier import has dealt with: what became of it, is decided.
    seen_up_to: Option<Place>,
}

/// A batch, apart: what goes to the ledger, and what is refused.
#[derive(Default)]
struct Sorted {
    places: Vec<Place>,
    records: Vec<Record>,
    refused: Vec<(Place, Refusal)>,
}

impl Sorted {
    fn of(items: Vec<Item>) -> Self {
        let mut sorted = Self::default();
        for Item { place, record } in items {
            match record {
                Ok(record) => {
                    sorted.places.push(place);
                    sorted.records.push(record);
                }
                Err(why) => sorted.refused.push((place, why)),
            }
        }
        sorted
    }

    /// Puts what the ledger refused where it belongs among the rest.
    fn refuse(&mut self, outcome: &BatchOutcome) {
        for refusal in &outcome.refused {
            let record = self.records[refusal.index].clone();
            let why = Refusal::of_ledger(refusal.clone(), record);
            self.refused.push((self.places[refusal.index], why));
        }
        self.refused.sort_by_key(|(place, _)| *place);
    }
}

impl Run<'_> {
    /// Looks again and again, until it is stopped.
    fn watch(&mut self, pause: Duration) -> Result<(), ImportError> {
        let mut told = String::new();
        while !self.summary.is_stopped {
            if (self.on_event)(ImportEvent::Idle).is_break() {
                self.summary.is_stopped = true;
                break;
            }
            thread::park_timeout(pause);
            if !self.importer.may_have_more() {
                continue;
            }
            match self.pass(false, false) {
                Ok(()) => told.clear(),
                // A ledger that is busy, unless it is given up as this is to stop.
                Err(ImportError::Ledger(error))
                    if error.kind().is_transient()
                        && error.kind() != ErrorKind::Corrupt
                        && (self.on_event)(ImportEvent::Idle).is_continue() => {}
                Err(error) if error.may_pass() => {
                    let trouble = chain(&error);
                    if trouble != told {
                        let _ = (self.on_event)(ImportEvent::Trouble(&error));
                        told = trouble;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes all that there is now.
    fn pass(&mut self, rescan: bool, is_first: bool) -> Result<(), ImportError> {
        let mut at = self.start(rescan)?;
        if is_first {
            self.summary.from_earlier_imports = at.counts.total();
        }
        loop {
            let batch = self.importer.read(at.after.as_deref())?;
            let (is_last, left_at_most) = (batch.is_last, batch.left_at_most);
            // Before the cursor moves: rather told twice than never.
            let mut told = self.tell(batch.gaps.iter().map(|gap| ImportEvent::Gap(gap)));
            if batch.has_moved() {
                let Some((next, refused)) = self.take(batch, &at)? else {
                    // What another import has dealt with is its own to count.
                    at = self.start(false)?;
                    continue;
                };
                at = next;
                let summary = self.summary;
                let answer = (self.on_event)(ImportEvent::Progress { summary, left_at_most });
                told = [refused, answer].into_iter().find(ControlFlow::is_break).unwrap_or(told);
            }
            if told.is_break() {
                self.summary.is_stopped = true;
                return Ok(());
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Goes on where the last import ended, or begins anew where the source is not the one that
    /// it was.
    fn start(&mut self, rescan: bool) -> Result<At, ImportError> {
        let Some(name) = &self.source else { return Ok(At::default()) };
        let (stored, counts) = match self.store.source(name)? {
            Some(source) => (Some(Arc::from(source.cursor)), source.counts),
            None => (None, SourceCounts::default()),
        };
        let seen_up_to = match &stored {
            Some(cursor) => self.importer.resume(cursor)?,
            None => None,
        };
        Ok(if seen_up_to.is_some() && !rescan {
            At { after: stored.clone(), stored, counts, seen_up_to }
        } else {
            At { after: None, stored, counts: SourceCounts::default(), seen_up_to }
        })
    }

    /// Stores a batch, and tells what was refused; `None` if another import was faster.
    fn take(
        &mut self,
        mut batch: Batch,
        at: &At,
    ) -> Result<Option<(At, ControlFlow<()>)>, ImportError> {
        let last = batch.items.last().map(|item| item.place);
        let mut sorted = Sorted::of(std::mem::take(&mut batch.items));
        let mut counts = at.counts;
        counts.refused += batch.refused + sorted.refused.len() as u64;
        let to = batch.cursor.take().map(Arc::from).or_else(|| at.after.clone());
        let appended = self.append(&sorted, to.as_deref(), counts, at)?;
        let Some((outcome, now)) = appended else { return Ok(None) };
        sorted.refuse(&outcome);
        self.summary.imported += now.stored - at.counts.stored;
        self.summary.amended += now.amended - at.counts.amended;
        self.summary.already_there += now.duplicates - at.counts.duplicates;
        self.summary.refused += now.refused - at.counts.refused;
        let seen_up_to = at.seen_up_to.max(last);
        let next = At { after: to.clone(), stored: to, counts: now, seen_up_to };
        let refused = sorted.refused.iter();
        let told =
            self.tell(refused.map(|(place, why)| ImportEvent::Refused { place: *place, why }));
        Ok(Some((next, told)))
    }

    /// Appends records to the ledger: the one way in which they get there. Returns what is counted of the
    /// source then; `None` if another import was faster.
    fn append(
        &mut self,
        sorted: &Sorted,
        to: Option<&[u8]>,
        counts: SourceCounts,
        at: &At,
    ) -> Result<Option<(BatchOutcome, SourceCounts)>, ImportError> {
        let is_seen = |place: &&Place| Some(**place) <= at.seen_up_to;
        let again = sorted.places.iter().filter(is_seen).count();
        let mut before = self.importer.occurrences(&[])?;
        let mut failing = None;
        loop {
            let attempt = match &self.source {
                None => match self.store.insert_batch(&sorted.records) {
                    Ok(outcome) => {
                        let counts = counts.plus(&outcome);
                        return Ok(Some((outcome, counts)));
                    }
                    Err(error) => Err(error),
                },
                Some(source) => self.store.append(&Append {
                    source,
                    from: at.stored.as_deref(),
                    to: to.unwrap_or_default(),
                    counts,
                    records: &sorted.records,
                    known: match &before {
                        Some(before) => Known::ByContent { again, before },
                        None => Known::ByEventId,
                    },
                }),
            };
            match attempt {
                Ok(Appended::Stored(outcome, source)) => return Ok(Some((outcome, source.counts))),
                Ok(Appended::Moved(_)) => return Ok(None),
                Ok(Appended::Uncounted(records)) => {
                    let mut found = self.importer.occurrences(&records)?.unwrap_or_default();
                    // Each is counted now, so that this comes to an end.
                    for record in records {
                        let count = found.remove(&record).unwrap_or(0);
                        before.get_or_insert_with(HashMap::new).insert(record, count);
                    }
                }
                Err(error) => {
                    let may_pass = error.kind().is_transient();
                    if !may_pass || !self.is_patient(error.kind(), &mut failing) {
                        return Err(error.into());
                    }
                    thread::park_timeout(PAUSE);
                }
            }
        }
    }

    /// Returns whether a ledger that takes nothing for now is to be tried again: watching, for as long as it is not to
    /// stop, since what waits in the source is safe there; but a damaged one only for a while, as it hardly gets
    /// well by itself and somebody has to know.
    fn is_patient(&mut self, kind: ErrorKind, failing: &mut Option<Instant>) -> bool {
        let may_wait = self.options.watch.is_some()
            && kind != ErrorKind::Corrupt
            && (self.on_event)(ImportEvent::Idle).is_continue();
        if may_wait {
            return true;
        }
        failing.get_or_insert_with(Instant::now).elapsed() < self.options.patience
    }

    /// Tells all of them, whatever the answers: nobody will tell of what is refused again, since the cursor
    /// is in the ledger.
    fn tell<'e>(&mut self, events: impl Iterator<Item = ImportEvent<'e>>) -> ControlFlow<()> {
        let mut answer = ControlFlow::Continue(());
        for event in events {
            if (self.on_event)(event).is_break() {
                answer = ControlFlow::Break(());
            }
        }
        answer
    }
}
